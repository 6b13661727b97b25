/* A tree of JSON files: index.json names the files of products, a product has versions, a version
 * has items. Names, sizes and hashes all come from the server; nothing of them becomes a local
 * path. */
#include "image/source_private.h"

#include "base/memory.h"
#include "schema/arch.h"

#include <string.h>

/* Debian's names of what the kernel calls otherwise. */
static const struct {
        const char *stream, *kernel;
} architectures[] = {
        {"amd64", "x86_64"},   {"i386", "i686"},       {"arm64", "aarch64"}, {"armhf", "armv7l"},
        {"armel", "armv6l"},   {"ppc64el", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"},
};

/* How a version's files may lie, best first. */
static const struct {
        const char *metadata, *rootfs, *fingerprint;
} layouts[] = {
        {"lxd.tar.xz", "squashfs", "combined_squashfs_sha256"},
        {"incus.tar.xz", "squashfs", "combined_squashfs_sha256"},
        {"lxd.tar.xz", "root.tar.xz", "combined_rootxz_sha256"},
        {"incus.tar.xz", "root.tar.xz", "combined_rootxz_sha256"},
        {"lxd_combined.tar.gz", NULL, "sha256"},
};

static const char *text_of(const json_t *object, const char *key) {
        const char *text = json_string_value(json_object_get(object, key));
        return text != NULL ? text : "";
}

static const char *kernel_name(const char *architecture) {
        for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
                if (str_equal(architectures[i].stream, architecture))
                        return architectures[i].kernel;
        return architecture;
}

static const json_t *find_item(const json_t *version, const char *type) {
        const char *key;
        json_t *item;
        json_object_foreach(json_object_get(version, "items"), key, item)
                if (str_equal(text_of(item, "ftype"), type))
                        return item;
        return NULL;
}

static bool has_alias(const json_t *product, const char *name) {
        _cleanup_strlist_ StrList aliases = {};
        strlist_split(&aliases, text_of(product, "aliases"), ",", true);
        for (size_t i = 0; i < aliases.count; i++) {
                _cleanup_free_ char *alias = str_trim(aliases.items[i]);
                if (str_equal(alias, name))
                        return true;
        }
        return false;
}

static void set_property(ImageOffer *offer, const char *key, const char *value) {
        if (*value != '\0')
                strmap_set(&offer->properties, key, value);
}

static void describe(const json_t *product, const char *serial, ImageOffer *offer) {
        const char *os = text_of(product, "os"), *release = text_of(product, "release");
        const char *architecture = text_of(product, "arch");
        _cleanup_free_ char *description =
                str_printf("%s %s %s (%s)", os, release, architecture, serial);
        set_property(offer, "os", os);
        set_property(offer, "release", release);
        set_property(offer, "architecture", architecture);
        set_property(offer, "variant", text_of(product, "variant"));
        set_property(offer, "version", text_of(product, "version"));
        set_property(offer, "serial", serial);
        set_property(offer, "description", description);
}

/* False: the version has no files that make a container. */
static bool read_version(const char *base, const json_t *version, ImageOffer *offer) {
        for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
                const json_t *metadata = find_item(version, layouts[i].metadata);
                const json_t *rootfs =
                        layouts[i].rootfs != NULL ? find_item(version, layouts[i].rootfs) : NULL;
                const char *fingerprint = text_of(metadata, layouts[i].fingerprint);
                if (metadata == NULL || (layouts[i].rootfs != NULL && rootfs == NULL) ||
                    strlen(fingerprint) != 64 || *text_of(metadata, "path") == '\0')
                        continue;
                offer->fingerprint = str_dup(fingerprint);
                offer->path = str_printf("%s/%s", base, text_of(metadata, "path"));
                offer->filename = str_dup(layouts[i].metadata);
                if (rootfs != NULL)
                        offer->rootfs_path = str_printf("%s/%s", base, text_of(rootfs, "path"));
                return true;
        }
        return false;
}

/* The newest version, or with `prefix` the one whose fingerprint begins so. */
static bool choose_version(const char *base, const json_t *product, const char *prefix,
                           ImageOffer *ret) {
        const char *serial, *best = NULL;
        json_t *version;
        json_object_foreach(json_object_get(product, "versions"), serial, version) {
                ImageOffer offer = {};
                if (!read_version(base, version, &offer))
                        continue;
                bool better = prefix != NULL ? str_has_prefix(offer.fingerprint, prefix)
                                             : best == NULL || strcmp(serial, best) > 0;
                if (!better) {
                        image_offer_done(&offer);
                        continue;
                }
                best = serial;
                describe(product, serial, &offer);
                image_offer_done(ret);
                *ret = offer;
        }
        return best != NULL;
}

static bool is_fingerprint(const char *name) {
        size_t length = strlen(name);
        return length >= 12 && length <= 64 && strspn(name, "0123456789abcdef") == length;
}

static bool search(const char *base, const json_t *document, const char *name, ImageOffer *ret) {
        const char *host = architecture_name(architecture_host()), *key;
        json_t *product;
        json_object_foreach(json_object_get(document, "products"), key, product) {
                bool fits = str_equal(kernel_name(text_of(product, "arch")), host);
                if (fits && has_alias(product, name) && choose_version(base, product, NULL, ret))
                        return true;
                if (is_fingerprint(name) && choose_version(base, product, name, ret))
                        return true;
        }
        return false;
}

int image_simplestreams_find(Client *client, const char *base, const char *name, ImageOffer *ret,
                             Error **err) {
        _cleanup_free_ char *path = str_printf("%s/streams/v1/index.json", base);
        json_t *index, *document, *entry;
        const char *key;
        bool found = false;
        int result = 0;
        if (image_source_json(client, path, &index, err) < 0)
                return -1;
        json_object_foreach(json_object_get(index, "index"), key, entry) {
                _cleanup_free_ char *products = str_printf("%s/%s", base, text_of(entry, "path"));
                if (!str_equal(text_of(entry, "datatype"), "image-downloads"))
                        continue;
                result = image_source_json(client, products, &document, err);
                if (result < 0)
                        break;
                found = search(base, document, name, ret);
                json_decref(document);
                if (found)
                        break;
        }
        json_decref(index);
        if (result == 0 && !found)
                return error_set(err, ERROR_NOT_FOUND, 0,
                                 "Failed getting remote image info: The requested image couldn't "
                                 "be found: \"%s\"",
                                 name);
        return result;
}
