#include "linux/link_settings.h"

#include "base/memory.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESS_SIZE 32
#define MAX_WORDS 127

static bool call(int fd, const char *name, void *data) {
        struct ifreq request = {.ifr_data = data};
        (void) snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
        return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static void read_address(int fd, const char *name, LinkSettings *link) {
        union {
                struct ethtool_perm_addr header;
                char room[sizeof(struct ethtool_perm_addr) + ADDRESS_SIZE];
        } answer = {.header = {.cmd = ETHTOOL_GPERMADDR, .size = ADDRESS_SIZE}};
        if (!call(fd, name, &answer))
                return;
        size_t length = 0;
        const unsigned char *bytes =
                (const void *) (answer.room + offsetof(struct ethtool_perm_addr, data));
        for (size_t i = 0; i < MIN_OF(answer.header.size, (uint32_t) ADDRESS_SIZE - 1); i++)
                length += (size_t) snprintf(link->address + length, sizeof link->address - length,
                                            "%s%02x", i > 0 ? ":" : "", bytes[i]);
}

/* The first call tells how many words the masks have, as a negative number. */
static bool read_settings(int fd, const char *name, LinkSettings *link) {
        union {
                struct ethtool_link_settings header;
                char room[sizeof(struct ethtool_link_settings) + 3 * MAX_WORDS * 4];
        } answer = {.header = {.cmd = ETHTOOL_GLINKSETTINGS}};
        uint32_t words[2] = {0};
        if (!call(fd, name, &answer) || answer.header.link_mode_masks_nwords >= 0)
                return false;
        answer.header.link_mode_masks_nwords = (int8_t) -answer.header.link_mode_masks_nwords;
        if (!call(fd, name, &answer) || answer.header.link_mode_masks_nwords <= 0)
                return false;
        memcpy(words, answer.room + sizeof answer.header,
               MIN_OF((size_t) answer.header.link_mode_masks_nwords * 4, sizeof words));
        link->auto_negotiation = answer.header.autoneg == AUTONEG_ENABLE;
        link->duplex = answer.header.duplex;
        link->port = answer.header.port;
        link->transceiver = answer.header.transceiver;
        link->speed = answer.header.speed < UINT32_MAX ? (int64_t) answer.header.speed : 0;
        link->supported = words[0] | (uint64_t) words[1] << 32;
        return true;
}

static bool read_old_settings(int fd, const char *name, LinkSettings *link) {
        struct ethtool_cmd answer = {.cmd = ETHTOOL_GSET};
        if (!call(fd, name, &answer))
                return false;
        uint32_t speed = ethtool_cmd_speed(&answer);
        link->auto_negotiation = answer.autoneg == AUTONEG_ENABLE;
        link->duplex = answer.duplex;
        link->port = answer.port;
        link->transceiver = answer.transceiver;
        link->speed = speed != UINT16_MAX && speed != UINT32_MAX ? (int64_t) speed : 0;
        link->supported = answer.supported;
        return true;
}

bool link_settings(const char *name, LinkSettings *ret) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ethtool_value state = {.cmd = ETHTOOL_GLINK};
        LinkSettings link = {.detected = false};
        if (fd < 0)
                return false;
        read_address(fd, name, &link);
        if (call(fd, name, &state)) {
                link.detected = state.data == 1;
                link.has_settings = read_settings(fd, name, &link) ||
                                    read_old_settings(fd, name, &link);
        }
        *ret = link;
        return true;
}

char *link_firmware(const char *name) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
        if (fd < 0 || !call(fd, name, &info) || info.fw_version[0] == '\0')
                return NULL;
        return str_ndup(info.fw_version, strnlen(info.fw_version, sizeof info.fw_version));
}
