/* Names, codes and URLs of volumes. Pure. */
#include "volume/volume_private.h"

#include "base/memory.h"

#include <string.h>

static const char *const type_names[] = {
        [STORAGE_VOLUME_CONTAINER] = "container",
        [STORAGE_VOLUME_IMAGE] = "image",
        [STORAGE_VOLUME_CUSTOM] = "custom",
        [STORAGE_VOLUME_VIRTUAL_MACHINE] = "virtual-machine",
};

static const char *const content_names[] = {
        [STORAGE_CONTENT_FILESYSTEM] = "filesystem",
        [STORAGE_CONTENT_BLOCK] = "block",
        [STORAGE_CONTENT_ISO] = "iso",
};

static const char *name_at(const char *const *names, size_t count, int64_t code) {
        return code >= 0 && code < (int64_t) count ? names[code] : NULL;
}

static bool find(const char *const *names, size_t count, const char *name, int64_t *ret) {
        for (size_t i = 0; i < count; i++)
                if (str_equal(names[i], name)) {
                        *ret = (int64_t) i;
                        return true;
                }
        return false;
}

const char *volume_type_name(int64_t type) {
        return name_at(type_names, ARRAY_SIZE(type_names), type);
}

int volume_type_parse(const char *name, int64_t *ret, Error **err) {
        if (find(type_names, ARRAY_SIZE(type_names), name, ret))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid storage volume type name");
}

const char *volume_content_name(int64_t content) {
        return name_at(content_names, ARRAY_SIZE(content_names), content);
}

int volume_content_parse(const char *name, int64_t *ret, Error **err) {
        if (str_is_empty(name))
                name = content_names[STORAGE_CONTENT_FILESYSTEM];
        if (find(content_names, ARRAY_SIZE(content_names), name, ret))
                return 0;
        return error_set(err, ERROR_INVALID, 0, "Invalid volume content type name");
}

const char *volume_snapshot_part(const char *name) {
        const char *slash = strchr(name, '/');
        return slash != NULL ? slash + 1 : NULL;
}

char *volume_name_part(const char *name) {
        return str_ndup(name, strcspn(name, "/"));
}

static void add_segment(StrBuf *url, const char *segment) {
        _cleanup_free_ char *escaped = url_escape(segment);
        strbuf_printf(url, "/%s", escaped);
}

char *volume_url(const StorageVolumeRow *row) {
        StrBuf url = {};
        _cleanup_free_ char *name = volume_name_part(row->name);
        strbuf_add(&url, "/1.0/storage-pools");
        add_segment(&url, row->pool);
        strbuf_printf(&url, "/volumes/%s", volume_type_name(row->type));
        add_segment(&url, name);
        if (volume_snapshot_part(row->name) != NULL) {
                strbuf_add(&url, "/snapshots");
                add_segment(&url, volume_snapshot_part(row->name));
        }
        return strbuf_take(&url);
}

static void add_url(StrList *list, const char *kind, const StorageVolumeRow *row,
                    const char *project) {
        StrBuf url = {};
        _cleanup_free_ char *name = volume_name_part(row->name);
        strbuf_printf(&url, "/1.0/%s", kind);
        add_segment(&url, name);
        if (volume_snapshot_part(row->name) != NULL) {
                strbuf_add(&url, "/snapshots");
                add_segment(&url, volume_snapshot_part(row->name));
        }
        if (!str_equal(project, "default")) {
                _cleanup_free_ char *escaped = url_escape(project);
                strbuf_printf(&url, "?project=%s", escaped);
        }
        _cleanup_free_ char *text = strbuf_take(&url);
        if (!strlist_has(list, text))
                strlist_add(list, text);
}

void volume_used_by(const Volumes *volumes, const StorageVolumeRow *row,
                    const StorageVolumeUserList *users, StrList *ret) {
        if (row->type == STORAGE_VOLUME_IMAGE)
                add_url(ret, "images", row, row->project);
        else if (row->type != STORAGE_VOLUME_CUSTOM)
                add_url(ret, "instances", row, row->project);
        else if (volume_is_daemons(volumes, row))
                strlist_add(ret, "/1.0");
        for (size_t i = 0; i < users->count; i++) {
                const StorageVolumeUser *user = &users->items[i];
                const StorageVolumeRow name = {.name = user->name};
                if (storage_volume_user_uses(user, row))
                        add_url(ret, user->is_profile ? "profiles" : "instances", &name,
                                user->project);
        }
}
