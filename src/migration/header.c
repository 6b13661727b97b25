#include "migration/header.h"

#include "base/memory.h"
#include "migration/proto.h"

#include <errno.h>

#define SNAPSHOTS_MAX 100000

enum HeaderField {
        HEADER_TYPE = 1,
        HEADER_CRIU = 2,
        HEADER_IDMAP = 3,
        HEADER_SNAPSHOT_NAME = 4,
        HEADER_SNAPSHOT = 5,
        HEADER_PREDUMP = 7,
        HEADER_RSYNC = 8,
        HEADER_REFRESH = 9,
        HEADER_ZFS = 10,
        HEADER_VOLUME_SIZE = 11,
        HEADER_BTRFS = 12,
        HEADER_INDEX_VERSION = 13,
        HEADER_TREE = 1000,
};

/* What of a message is features: flags whose fields are numbered from 1. */
static const struct {
        unsigned field;
        size_t offset;
        unsigned count;
} features[] = {
        {HEADER_RSYNC, offsetof(MigrationHeader, rsync), 4},
        {HEADER_ZFS, offsetof(MigrationHeader, zfs), 2},
        {HEADER_BTRFS, offsetof(MigrationHeader, btrfs), 3},
};

static void snapshot_done(MigrationSnapshot *snapshot) {
        free(snapshot->name);
        strmap_done(&snapshot->config);
        strlist_done(&snapshot->profiles);
        devicemap_done(&snapshot->devices);
}

void migration_header_done(MigrationHeader *header) {
        idmap_done(&header->idmap);
        strlist_done(&header->snapshot_names);
        for (size_t i = 0; i < header->snapshot_count; i++)
                snapshot_done(&header->snapshots[i]);
        free(header->snapshots);
        *header = (MigrationHeader) {.snapshots = NULL};
}

MigrationSnapshot *migration_header_add_snapshot(MigrationHeader *header, const char *name) {
        header->snapshots = mem_resize(header->snapshots, header->snapshot_count + 1,
                                       sizeof *header->snapshots);
        MigrationSnapshot *snapshot = &header->snapshots[header->snapshot_count++];
        *snapshot = (MigrationSnapshot) {.name = str_dup(name)};
        return snapshot;
}

/* --- writing --- */

static void write_pairs(StrBuf *to, unsigned field, const StrMap *pairs) {
        _cleanup_strbuf_ StrBuf part = {};
        for (size_t i = 0; i < pairs->count; i++) {
                proto_put_text(&part, 1, pairs->items[i].key);
                proto_put_text(&part, 2, pairs->items[i].value);
                proto_put_part(to, field, &part);
        }
}

static void write_snapshot(StrBuf *to, const MigrationSnapshot *snapshot) {
        _cleanup_strbuf_ StrBuf part = {}, device = {};
        proto_put_text(&part, 1, snapshot->name);
        write_pairs(&part, 2, &snapshot->config);
        for (size_t i = 0; i < snapshot->profiles.count; i++)
                proto_put_text(&part, 3, snapshot->profiles.items[i]);
        proto_put_number(&part, 4, snapshot->ephemeral);
        for (size_t i = 0; i < snapshot->devices.count; i++) {
                proto_put_text(&device, 1, snapshot->devices.items[i].name);
                write_pairs(&device, 2, &snapshot->devices.items[i].config);
                proto_put_part(&part, 5, &device);
        }
        proto_put_number(&part, 6, snapshot->architecture);
        proto_put_number(&part, 7, snapshot->stateful);
        proto_put_number(&part, 8, snapshot->created);
        proto_put_number(&part, 9, snapshot->used);
        proto_put_number(&part, 10, snapshot->expires);
        proto_put_part(to, HEADER_SNAPSHOT, &part);
}

static void write_features(StrBuf *to, unsigned field, unsigned bits, unsigned count) {
        _cleanup_strbuf_ StrBuf part = {};
        for (unsigned i = 0; i < count; i++)
                proto_put_number(&part, i + 1, (bits >> i & 1) != 0);
        proto_put_part(to, field, &part);
}

void migration_header_write(const MigrationHeader *header, StrBuf *to) {
        _cleanup_strbuf_ StrBuf part = {};
        proto_put_number(to, HEADER_TYPE, header->type);
        if (header->criu != MIGRATION_CRIU_ABSENT)
                proto_put_number(to, HEADER_CRIU, header->criu);
        for (size_t i = 0; i < header->idmap.count; i++) {
                const IdMapEntry *entry = &header->idmap.items[i];
                proto_put_number(&part, 1, entry->is_uid);
                proto_put_number(&part, 2, entry->is_gid);
                proto_put_number(&part, 3, entry->host_id);
                proto_put_number(&part, 4, entry->ns_id);
                proto_put_number(&part, 5, entry->range);
                proto_put_part(to, HEADER_IDMAP, &part);
        }
        for (size_t i = 0; i < header->snapshot_names.count; i++)
                proto_put_text(to, HEADER_SNAPSHOT_NAME, header->snapshot_names.items[i]);
        for (size_t i = 0; i < header->snapshot_count; i++)
                write_snapshot(to, &header->snapshots[i]);
        proto_put_number(to, HEADER_PREDUMP, header->predump);
        for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
                unsigned bits =
                        *(const unsigned *) ((const char *) header + features[i].offset);
                if (bits != 0)
                        write_features(to, features[i].field, bits, features[i].count);
        }
        proto_put_number(to, HEADER_REFRESH, header->refresh);
        if (header->volume_size > 0)
                proto_put_number(to, HEADER_VOLUME_SIZE, header->volume_size);
        proto_put_number(to, HEADER_INDEX_VERSION, header->index_version);
        if (header->tree > 0)
                proto_put_number(to, HEADER_TREE, header->tree);
}

void migration_control_write(const char *message, StrBuf *to) {
        proto_put_number(to, 1, message == NULL);
        proto_put_text(to, 2, message != NULL ? message : "");
}

/* --- reading --- */

static int malformed(Error **err) {
        return error_set(err, ERROR_INVALID, EPROTO, "The peer sent a malformed migration message");
}

static bool read_pair(const ProtoField *field, StrMap *to) {
        ProtoReader reader = proto_inside(field);
        _cleanup_free_ char *key = NULL, *value = NULL;
        ProtoField inner;
        bool broken = false;
        while (proto_next(&reader, &inner, &broken)) {
                if (inner.number == 1)
                        str_replace(&key, proto_text(&inner));
                else if (inner.number == 2)
                        str_replace(&value, proto_text(&inner));
        }
        if (broken || key == NULL || value == NULL)
                return false;
        strmap_set(to, key, value);
        return true;
}

static bool read_device(const ProtoField *field, DeviceMap *to) {
        ProtoReader reader = proto_inside(field);
        _cleanup_free_ char *name = NULL;
        _cleanup_strmap_ StrMap config = {};
        ProtoField inner;
        bool broken = false;
        while (proto_next(&reader, &inner, &broken)) {
                if (inner.number == 1)
                        str_replace(&name, proto_text(&inner));
                else if (inner.number == 2 && !read_pair(&inner, &config))
                        return false;
        }
        if (broken || str_is_empty(name))
                return false;
        strmap_merge(devicemap_add(to, name), &config);
        return true;
}

static bool read_snapshot_field(const ProtoField *field, MigrationSnapshot *snapshot) {
        char *text;
        switch (field->number) {
        case 1:
                str_replace(&snapshot->name, proto_text(field));
                return snapshot->name != NULL;
        case 2:
                return read_pair(field, &snapshot->config);
        case 3:
                text = proto_text(field);
                if (text != NULL)
                        strlist_take(&snapshot->profiles, text);
                return text != NULL;
        case 4:
                snapshot->ephemeral = field->value != 0;
                return true;
        case 5:
                return read_device(field, &snapshot->devices);
        case 6:
                snapshot->architecture = (int) field->value;
                return true;
        case 7:
                snapshot->stateful = field->value != 0;
                return true;
        case 8:
                snapshot->created = field->value;
                return true;
        case 9:
                snapshot->used = field->value;
                return true;
        case 10:
                snapshot->expires = field->value;
                return true;
        default:
                return true;
        }
}

static bool read_snapshot(const ProtoField *field, MigrationHeader *header) {
        ProtoReader reader = proto_inside(field);
        ProtoField inner;
        bool broken = false;
        if (header->snapshot_count >= SNAPSHOTS_MAX)
                return false;
        MigrationSnapshot *snapshot = migration_header_add_snapshot(header, "");
        while (proto_next(&reader, &inner, &broken))
                if (!read_snapshot_field(&inner, snapshot))
                        return false;
        return !broken && *snapshot->name != '\0';
}

static bool read_idmap(const ProtoField *field, IdMap *map) {
        ProtoReader reader = proto_inside(field);
        int64_t numbers[6] = {};
        ProtoField inner;
        bool broken = false;
        while (proto_next(&reader, &inner, &broken))
                if (inner.number < ARRAY_SIZE(numbers))
                        numbers[inner.number] = inner.value;
        for (size_t i = 3; i < ARRAY_SIZE(numbers); i++)
                if (numbers[i] < 0 || numbers[i] > UINT32_MAX)
                        return false;
        if (broken || (numbers[1] == 0 && numbers[2] == 0) || numbers[5] == 0)
                return false;
        idmap_add(map, (IdMapEntry) {.is_uid = numbers[1] != 0,
                                     .is_gid = numbers[2] != 0,
                                     .host_id = numbers[3],
                                     .ns_id = numbers[4],
                                     .range = numbers[5]});
        return true;
}

static bool read_features(const ProtoField *field, unsigned count, unsigned *ret) {
        ProtoReader reader = proto_inside(field);
        ProtoField inner;
        bool broken = false;
        while (proto_next(&reader, &inner, &broken))
                if (inner.number >= 1 && inner.number <= count && inner.value != 0)
                        *ret |= 1U << (inner.number - 1);
        return !broken;
}

static bool read_name(const ProtoField *field, StrList *to) {
        char *name = proto_text(field);
        if (name == NULL || to->count >= SNAPSHOTS_MAX) {
                free(name);
                return false;
        }
        strlist_take(to, name);
        return true;
}

static bool read_field(const ProtoField *field, MigrationHeader *header) {
        for (size_t i = 0; i < ARRAY_SIZE(features); i++)
                if (features[i].field == field->number)
                        return read_features(
                                field, features[i].count,
                                (unsigned *) ((char *) header + features[i].offset));
        switch (field->number) {
        case HEADER_TYPE:
                header->type = (MigrationType) field->value;
                return field->value >= 0 && field->value <= 16;
        case HEADER_CRIU:
                header->criu = (MigrationCriu) field->value;
                return !field->is_bytes && field->value >= 0 && field->value <= 16;
        case HEADER_IDMAP:
                return read_idmap(field, &header->idmap);
        case HEADER_SNAPSHOT_NAME:
                return read_name(field, &header->snapshot_names);
        case HEADER_SNAPSHOT:
                return read_snapshot(field, header);
        case HEADER_PREDUMP:
                header->predump = field->value != 0;
                return true;
        case HEADER_REFRESH:
                header->refresh = field->value != 0;
                return true;
        case HEADER_VOLUME_SIZE:
                header->volume_size = field->value;
                return field->value >= 0;
        case HEADER_INDEX_VERSION:
                header->index_version = (unsigned) field->value;
                return true;
        case HEADER_TREE:
                header->tree = (unsigned) field->value;
                return true;
        default:
                return true;
        }
}

int migration_header_read(const void *data, size_t size, MigrationHeader *ret, Error **err) {
        _cleanup_(migration_header_done) MigrationHeader header = {.criu = MIGRATION_CRIU_ABSENT};
        ProtoReader reader = proto_reader(data, size);
        ProtoField field;
        bool broken = false;
        while (proto_next(&reader, &field, &broken))
                if (!read_field(&field, &header))
                        return malformed(err);
        if (broken)
                return malformed(err);
        *ret = header;
        header = (MigrationHeader) {.snapshots = NULL};
        return 0;
}

int migration_control_read(const void *data, size_t size, Error **err) {
        ProtoReader reader = proto_reader(data, size);
        _cleanup_free_ char *message = NULL;
        ProtoField field;
        bool broken = false, success = false;
        while (proto_next(&reader, &field, &broken)) {
                if (field.number == 1)
                        success = field.value != 0;
                else if (field.number == 2)
                        str_replace(&message, proto_text(&field));
        }
        if (broken)
                return malformed(err);
        return success ? 0
                       : error_set(err, ERROR_INTERNAL, 0, "%s",
                                   str_is_empty(message) ? "The peer failed" : message);
}
