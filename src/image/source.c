#include "image/source_private.h"

#include "base/memory.h"
#include "base/times.h"
#include "client/https.h"
#include "client/multipart.h"

#include <string.h>

#define DOCUMENT_LIMIT ((size_t) 64 << 20)

void image_offer_done(ImageOffer *offer) {
        free(offer->fingerprint);
        free(offer->path);
        free(offer->rootfs_path);
        free(offer->filename);
        strmap_done(&offer->properties);
        *offer = (ImageOffer){};
}

int image_source_json(Client *client, const char *path, json_t **ret, Error **err) {
        const ClientRequest request = {.path = path};
        _cleanup_response_ ClientResponse head = {};
        _cleanup_download_ ClientDownload *download = NULL;
        _cleanup_strbuf_ StrBuf text = {};
        char block[16384];
        size_t got;
        if (client_download(client, &request, &head, &download, err) < 0)
                return error_prefix(err, "Cannot read %s", path);
        do {
                if (client_download_read(download, block, sizeof block, &got, err) < 0)
                        return error_prefix(err, "Cannot read %s", path);
                if (text.length + got > DOCUMENT_LIMIT)
                        return error_set(err, ERROR_TOO_LARGE, 0, "%s is over 64 MiB", path);
                strbuf_add_data(&text, block, got);
        } while (got > 0);
        *ret = json_loadb(text.data != NULL ? text.data : "", text.length, 0, NULL);
        if (*ret == NULL)
                return error_set(err, ERROR_INVALID, 0, "%s is no JSON", path);
        return 0;
}

/* --- LXD's protocol --- */

static char *with_secret(char *path, const char *secret) {
        return str_is_empty(secret) ? path : client_url_query(path, "secret", secret);
}

static int find_lxd(Client *client, const ImageSource *source, ImageOffer *ret, Error **err) {
        _cleanup_free_ char *alias_path = client_url("/1.0/images/aliases/{}", source->name, NULL);
        _cleanup_error_ Error *missing = NULL;
        json_t *alias = NULL, *image;
        const char *name = source->name;
        if (client_get(client, alias_path, &alias, NULL, &missing) == 0)
                name = json_string_value(json_object_get(alias, "target"));
        else if (missing->number != 404 && missing->number != 403)
                return error_move(err, &missing);
        _cleanup_free_ char *path =
                with_secret(client_url("/1.0/images/{}", name, NULL), source->secret);
        json_decref(alias);
        if (client_get(client, path, &image, NULL, err) < 0)
                return error_prefix(err, "Failed getting remote image info");
        const char *fingerprint = json_string_value(json_object_get(image, "fingerprint"));
        const char *filename = json_string_value(json_object_get(image, "filename")), *key;
        json_t *value;
        ret->fingerprint = str_dup(fingerprint != NULL ? fingerprint : "");
        ret->filename = filename != NULL ? str_dup(filename) : NULL;
        json_object_foreach(json_object_get(image, "properties"), key, value)
                strmap_set(&ret->properties, key, json_string_value(value));
        json_decref(image);
        ret->path = with_secret(client_url("/1.0/images/{}/export", ret->fingerprint, NULL),
                                source->secret);
        return 0;
}

/* --- both --- */

typedef struct Fetch {
        Images *images;
        Client *client;
        ImageFile *metadata, *rootfs;
        const ImagePull *pull;
} Fetch;

static void fetch_done(Fetch *fetch) {
        image_file_free(fetch->metadata);
        image_file_free(fetch->rootfs);
}

static int receive_file(ClientDownload *download, ImageFile *file, const ImagePull *pull,
                        Error **err) {
        char block[65536];
        int64_t done = 0;
        size_t got;
        do {
                if (client_download_read(download, block, sizeof block, &got, err) < 0 ||
                    image_file_write(file, block, got, err) < 0)
                        return -1;
                done += (int64_t) got;
                if (pull->progress != NULL)
                        pull->progress(pull->userdata, done, client_download_size(download));
        } while (got > 0);
        return 0;
}

/* The parts of a split image, in their order. */
static int take_part(void *userdata, const char *name, const void *data, size_t size, Error **err) {
        Fetch *fetch = userdata;
        ImageFile **file = str_has_prefix(name, "meta-") ? &fetch->metadata : &fetch->rootfs;
        if (*file == NULL && image_file_new(fetch->images, file, err) < 0)
                return -1;
        return image_file_write(*file, data, size, err);
}

static int fetch_path(Fetch *fetch, const char *path, ImageFile **ret, Error **err) {
        const ClientRequest request = {.path = path};
        _cleanup_response_ ClientResponse head = {};
        _cleanup_download_ ClientDownload *download = NULL;
        if (client_download(fetch->client, &request, &head, &download, err) < 0)
                return -1;
        const char *type = strmap_get(&head.headers, "content-type");
        if (str_has_prefix(type, "multipart/form-data"))
                return client_multipart_read(download, type, take_part, fetch, err);
        if (image_file_new(fetch->images, ret, err) < 0)
                return -1;
        return receive_file(download, *ret, fetch->pull, err);
}

static const char *const protocols[] = {
        [IMAGE_PROTOCOL_LXD] = "lxd",
        [IMAGE_PROTOCOL_DIRECT] = "direct",
        [IMAGE_PROTOCOL_SIMPLESTREAMS] = "simplestreams",
};

ImageProtocol image_protocol_number(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
                if (str_equal(name, protocols[i]))
                        return (ImageProtocol) i;
        return IMAGE_PROTOCOL_LXD;
}

const char *image_protocol_name(int64_t number) {
        return number >= 0 && (size_t) number < ARRAY_SIZE(protocols) ? protocols[number]
                                                                      : protocols[0];
}

static int fetch_offer(Fetch *fetch, const ImageOffer *offer, const ImageSource *source,
                       ImageRow *ret, Error **err) {
        const ImagePull *pull = fetch->pull;
        const ImageSourceRow from = {
                .server = (char *) source->server,
                .certificate = (char *) (source->certificate != NULL ? source->certificate : ""),
                .alias = (char *) source->name,
                .protocol = image_protocol_number(source->protocol)};
        _cleanup_strmap_ StrMap properties = {};
        if (fetch_path(fetch, offer->path, &fetch->metadata, err) < 0 ||
            (offer->rootfs_path != NULL &&
             fetch_path(fetch, offer->rootfs_path, &fetch->rootfs, err) < 0))
                return error_prefix(err, "Cannot download the image");
        if (fetch->metadata == NULL)
                return error_set(err, ERROR_INVALID, 0, "The server sent no image");
        strmap_copy(&properties, &offer->properties);
        if (pull->properties != NULL)
                strmap_merge(&properties, pull->properties);
        const ImageImport import = {.project = pull->project,
                                    .metadata = fetch->metadata,
                                    .rootfs = fetch->rootfs,
                                    .filename = offer->filename,
                                    .fingerprint = offer->fingerprint,
                                    .public = pull->public,
                                    .auto_update = pull->auto_update,
                                    .cached = pull->cached,
                                    .expiry_ns = TIME_ZERO,
                                    .properties = &properties,
                                    .profiles = pull->profiles,
                                    .source = &from};
        return image_import(fetch->images, &import, ret, err);
}

static int connect_to(const ImageSource *source, Client **ret, char **ret_base, Error **err) {
        const char *rest = str_after_prefix(source->server, "https://");
        if (str_is_empty(rest))
                return error_set(err, ERROR_INVALID, 0,
                                 "Image servers are reached by https:// only, not \"%s\"",
                                 source->server);
        const char *path = strchr(rest, '/');
        size_t length = path != NULL ? strlen(path) : 0;
        while (length > 0 && path[length - 1] == '/')
                length--;
        const ClientTls tls = {
                .pinned = str_is_empty(source->certificate) ? NULL : source->certificate};
        *ret = client_new_https(source->server, &tls);
        *ret_base = str_ndup(path != NULL ? path : "", length);
        return 0;
}

int image_pull(Images *images, const ImageSource *source, const ImagePull *pull, ImageRow *ret,
               Error **err) {
        _cleanup_client_ Client *client = NULL;
        _cleanup_free_ char *base = NULL;
        _cleanup_(image_offer_done) ImageOffer offer = {};
        bool simple = str_equal(source->protocol, "simplestreams");
        if (!simple && !str_is_empty(source->protocol) && !str_equal(source->protocol, "lxd"))
                return error_set(err, ERROR_INVALID, 0, "Invalid image server protocol \"%s\"",
                                 source->protocol);
        if (str_is_empty(source->name))
                return error_set(err, ERROR_INVALID, 0,
                                 "Must specify one of alias or fingerprint for a remote image");
        if (connect_to(source, &client, &base, err) < 0)
                return -1;
        if ((simple ? image_simplestreams_find(client, base, source->name, &offer, err)
                    : find_lxd(client, source, &offer, err)) < 0)
                return -1;
        if (strlen(offer.fingerprint) != 64)
                return error_set(err, ERROR_INVALID, 0, "The server named no fingerprint");
        if (image_find(images, pull->project, offer.fingerprint, ret, NULL) == 0)
                return 0;
        _cleanup_(fetch_done) Fetch fetch = {images, client, NULL, NULL, pull};
        return fetch_offer(&fetch, &offer, source, ret, err);
}
