#include "linux/probe.h"

#include "base/macros.h"
#include "base/times.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a request with nothing but its type and an identifier. */
static uint16_t checksum(uint16_t type, uint16_t identifier) {
        uint32_t sum = (uint32_t) type + identifier;
        return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static bool send_request(int fd, const IpAddress *address, uint16_t identifier) {
        struct sockaddr_in to4 = {.sin_family = AF_INET};
        struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
        struct icmphdr request4 = {.type = ICMP_ECHO};
        struct icmp6_hdr request6 = {.icmp6_type = ICMP6_ECHO_REQUEST};
        if (address->family == AF_INET) {
                memcpy(&to4.sin_addr, address->bytes, 4);
                request4.un.echo.id = htons(identifier);
                request4.checksum = htons(checksum(ICMP_ECHO << 8, identifier));
                return sendto(fd, &request4, sizeof request4, 0, (struct sockaddr *) &to4,
                              sizeof to4) > 0;
        }
        memcpy(&to6.sin6_addr, address->bytes, 16);
        request6.icmp6_id = htons(identifier); /* the kernel adds the checksum */
        return sendto(fd, &request6, sizeof request6, 0, (struct sockaddr *) &to6, sizeof to6) > 0;
}

static bool is_reply(int fd, const IpAddress *address, uint16_t identifier) {
        unsigned char packet[512];
        ssize_t size = recv(fd, packet, sizeof packet, 0);
        if (address->family == AF_INET) {
                size_t header = size > 0 ? (size_t) (packet[0] & 0x0f) * 4 : 0;
                struct icmphdr reply;
                if (size < (ssize_t) (header + sizeof reply) ||
                    memcmp(packet + 12, address->bytes, 4) != 0)
                        return false;
                memcpy(&reply, packet + header, sizeof reply);
                return reply.type == ICMP_ECHOREPLY && reply.un.echo.id == htons(identifier);
        }
        struct icmp6_hdr reply;
        if (size < (ssize_t) sizeof reply)
                return false;
        memcpy(&reply, packet, sizeof reply);
        return reply.icmp6_type == ICMP6_ECHO_REPLY && reply.icmp6_id == htons(identifier);
}

bool probe_answers(const IpAddress *address, const char *link, int timeout_ms) {
        bool four = address->family == AF_INET;
        uint16_t identifier = (uint16_t) getpid();
        int64_t end = time_monotonic_ns() + timeout_ms * NS_PER_MS;
        _cleanup_close_ int fd = socket(address->family, SOCK_RAW | SOCK_CLOEXEC,
                                        four ? IPPROTO_ICMP : (int) IPPROTO_ICMPV6);
        if (fd < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t) strlen(link)) < 0 ||
            !send_request(fd, address, identifier))
                return false;
        for (;;) {
                int64_t left = (end - time_monotonic_ns()) / NS_PER_MS;
                struct pollfd entry = {.fd = fd, .events = POLLIN};
                if (left <= 0 || poll(&entry, 1, (int) left) <= 0)
                        return false;
                if (is_reply(fd, address, identifier))
                        return true;
        }
}
