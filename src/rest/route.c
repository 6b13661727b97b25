#include "rest/route.h"

#include "base/memory.h"
#include "rest/table.h"

#include <string.h>

/* Old clients use the two narrower collections; the rows are written for "instances". */
static const char *const collections[] = {"instances", "containers", "virtual-machines"};

typedef struct Segment {
        const char *text;
        size_t length;
} Segment;

#define MAX_SEGMENTS 12

/* Splits "/a/b" into {a, b}. -1: too many segments or an empty one. */
static int split_path(const char *path, Segment segments[MAX_SEGMENTS]) {
        int count = 0;
        if (*path != '/')
                return -1;
        if (path[1] == '\0')
                return 0;
        for (const char *part = path; *part == '/';) {
                part++;
                size_t length = strcspn(part, "/");
                if (length == 0 || count == MAX_SEGMENTS)
                        return -1;
                segments[count++] = (Segment){part, length};
                part += length;
        }
        return count;
}

static bool segment_is(const Segment *segment, const char *text, size_t length) {
        return segment->length == length && memcmp(segment->text, text, length) == 0;
}

/* Compares the row's path with the segments. "{name…}" at the end takes all that is left: names of
 * image aliases may hold slashes. Returns the number of parameters, -1 when it does not match. */
static int match_row(const char *row, const Segment *segments, int count,
                     Segment parameters[REST_MAX_PARAMETERS]) {
        int found = 0, i = 0;
        if (row[1] == '\0')
                return count == 0 ? 0 : -1;
        for (const char *part = row; *part == '/'; i++) {
                size_t length = strcspn(++part, "/");
                if (i >= count)
                        return -1;
                if (*part != '{') {
                        if (!segment_is(&segments[i], part, length))
                                return -1;
                } else if (found == REST_MAX_PARAMETERS) {
                        return -1;
                } else if (memcmp(part + length - 4, "...}", 4) == 0) {
                        const Segment *last = &segments[count - 1];
                        size_t span = (size_t) (last->text + last->length - segments[i].text);
                        parameters[found++] = (Segment){segments[i].text, span};
                        return found;
                } else {
                        parameters[found++] = segments[i];
                }
                part += length;
        }
        return i == count ? found : -1;
}

static const RestEndpoint *find_row(const Segment *segments, int count,
                                    Segment parameters[REST_MAX_PARAMETERS], int *ret_found) {
        size_t tables;
        const RestTable *const *table = rest_tables(&tables);
        const RestEndpoint *best = NULL;
        int best_found = REST_MAX_PARAMETERS + 1;
        for (size_t t = 0; t < tables; t++)
                for (size_t e = 0; e < table[t]->count; e++) {
                        Segment candidate[REST_MAX_PARAMETERS];
                        const RestEndpoint *row = &table[t]->endpoints[e];
                        int found = match_row(row->path, segments, count, candidate);
                        /* A literal segment beats a parameter: images/aliases, images/{fp}. */
                        if (found >= 0 && found < best_found) {
                                best = row;
                                best_found = found;
                                memcpy(parameters, candidate, sizeof candidate);
                        }
                }
        *ret_found = best_found;
        return best;
}

int rest_route(const char *path, const RestEndpoint **ret_endpoint,
               char *ret_parameters[REST_MAX_PARAMETERS], const char **ret_collection,
               Error **err) {
        Segment segments[MAX_SEGMENTS], parameters[REST_MAX_PARAMETERS];
        int found = 0, count = split_path(path, segments);
        *ret_collection = collections[0];
        *ret_endpoint = NULL;
        if (count < 0)
                return 0;
        for (size_t i = 1; i < ARRAY_SIZE(collections) && count >= 2; i++)
                if (segment_is(&segments[0], "1.0", 3) &&
                    segment_is(&segments[1], collections[i], strlen(collections[i]))) {
                        *ret_collection = collections[i];
                        segments[1] = (Segment){collections[0], strlen(collections[0])};
                }
        const RestEndpoint *row = find_row(segments, count, parameters, &found);
        if (row == NULL)
                return 0;
        for (int i = 0; i < found; i++) {
                ret_parameters[i] = url_unescape(parameters[i].text, parameters[i].length, false);
                if (ret_parameters[i] == NULL)
                        return error_set(err, ERROR_INVALID, 0, "Invalid escape in the path \"%s\"",
                                         path);
        }
        *ret_endpoint = row;
        return 0;
}

const RestMethod *rest_route_method(const RestEndpoint *endpoint, const char *method) {
        const struct {
                const char *name;
                const RestMethod *row;
        } methods[] = {
                {"GET", &endpoint->get},   {"HEAD", &endpoint->get},
                {"PUT", &endpoint->put},   {"POST", &endpoint->post},
                {"PATCH", &endpoint->patch}, {"DELETE", &endpoint->delete},
        };
        for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
                if (str_equal(method, methods[i].name))
                        return methods[i].row;
        return NULL;
}
