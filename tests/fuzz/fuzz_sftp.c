/* SFTP packets: no field may reach beyond its packet, whatever lengths it names. The first byte
 * picks the order in which fields are read. */
#include "base/memory.h"
#include "runtime/sftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_field(SftpReader *reader, unsigned which) {
        SftpAttributes attributes;
        size_t length;
        switch (which % 6) {
        case 0:
                (void) sftp_get_byte(reader);
                break;
        case 1:
                (void) sftp_get_u32(reader);
                break;
        case 2:
                (void) sftp_get_u64(reader);
                break;
        case 3:
                free(sftp_get_text(reader));
                break;
        case 4:
                (void) sftp_get_data(reader, &length);
                if (length > reader->size)
                        abort();
                break;
        default:
                sftp_get_attributes(reader, &attributes);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 1)
                return 0;
        /* A copy of its own, so that a byte too far is seen. */
        char *packet = malloc(size);
        if (packet == NULL)
                return 0;
        memcpy(packet, data + 1, size - 1);
        SftpReader reader = {.data = packet, .size = size - 1};
        for (unsigned i = 0; i < 16 && !reader.broken; i++)
                read_field(&reader, data[0] + i * (1 + data[0] / 6u));
        if (reader.offset > reader.size)
                abort();
        free(packet);
        return 0;
}
