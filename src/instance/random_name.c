/* Names for instances that were given none: an adjective and an animal. */
#include "instance/instance_private.h"

#include "base/memory.h"
#include "base/units.h"

static const char *const qualities[] = {
        "able",  "agile", "amber", "brave",  "brisk",  "calm",   "clever", "cosmic", "crisp",
        "eager", "fair",  "fleet", "gentle", "golden", "happy",  "honest", "humble", "jolly",
        "keen",  "kind",  "light", "lively", "loyal",  "lucky",  "mellow", "merry",  "mighty",
        "neat",  "noble", "patient", "proud", "quick", "quiet",  "rapid",  "ready",  "robust",
        "royal", "sharp", "shy",   "silver", "smart",  "solid",  "steady", "still",  "strong",
        "sunny", "sure",  "swift", "tidy",   "true",   "vivid",  "warm",   "wise",   "witty",
};

static const char *const animals[] = {
        "ant",     "badger", "bat",    "bear",  "beaver",  "bee",    "bison",  "crane",  "cricket",
        "deer",    "dingo",  "dolphin", "dove", "duck",    "eagle",  "elk",    "falcon", "ferret",
        "finch",   "fox",    "frog",   "gecko", "goose",   "hare",   "hawk",   "heron",  "ibex",
        "jackal",  "koala",  "lark",   "lemur", "lion",    "lizard", "lynx",   "marmot", "mole",
        "moose",   "mouse",  "newt",   "otter", "owl",     "panda",  "parrot", "penguin", "quail",
        "rabbit",  "raven",  "robin",  "salmon", "seal",   "sparrow", "stork", "swan",   "tapir",
        "tiger",   "toad",   "trout",  "turtle", "viper",  "walrus", "weasel", "whale",  "wolf",
        "wombat",  "wren",   "yak",    "zebra",
};

char *instance_random_name(void) {
        uint32_t random[2];
        random_bytes(random, sizeof random);
        return str_printf("%s-%s", qualities[random[0] % ARRAY_SIZE(qualities)],
                          animals[random[1] % ARRAY_SIZE(animals)]);
}
