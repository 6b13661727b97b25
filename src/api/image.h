/* Images, aliases and metadata.yaml: /1.0/images. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiImageAlias {
        char *name;
        char *description;
} ApiImageAlias;
API_STRUCT(ApiImageAlias, api_image_alias)
JSON_DEFINE_LIST(ApiImageAlias);

typedef struct ApiImageExportPost {
        char *target;
        char *secret;
        char *certificate;
        ApiImageAliasList aliases;
        char *project;
        StrList profiles;
} ApiImageExportPost;
API_STRUCT(ApiImageExportPost, api_image_export_post)

typedef struct ApiImagesPostSource {
        char *alias;
        char *certificate;
        char *protocol;
        char *server;
        char *image_type;
        char *mode;
        char *type;
        char *url;
        char *name;
        char *fingerprint;
        char *secret;
        char *project;
} ApiImagesPostSource;
API_STRUCT(ApiImagesPostSource, api_images_post_source)

typedef struct ApiImagesPost {
        bool auto_update;
        StrMap properties;
        bool public;
        int64_t expires_at;
        StrList profiles;
        char *filename;
        ApiImagesPostSource source;
        char *compression_algorithm;
        ApiImageAliasList aliases;
} ApiImagesPost;
API_STRUCT(ApiImagesPost, api_images_post)

typedef struct ApiImagePut {
        bool auto_update;
        StrMap properties;
        bool public;
        int64_t expires_at;
        StrList profiles;
} ApiImagePut;
API_STRUCT(ApiImagePut, api_image_put)

typedef struct ApiImageSource {
        char *alias;
        char *certificate;
        char *protocol;
        char *server;
        char *image_type;
} ApiImageSource;
API_STRUCT(ApiImageSource, api_image_source)

typedef struct ApiImage {
        bool auto_update;
        StrMap properties;
        bool public;
        int64_t expires_at;
        StrList profiles;
        ApiImageAliasList aliases;
        char *architecture;
        bool cached;
        char *filename;
        char *fingerprint;
        int64_t size;
        struct ApiImageSource *update_source;
        char *type;
        int64_t created_at;
        int64_t last_used_at;
        int64_t uploaded_at;
        StrList access_entitlements;
        char *project;
} ApiImage;
API_STRUCT(ApiImage, api_image)

typedef struct ApiImageAliasesPost {
        char *description;
        char *target;
        char *name;
        char *type;
        StrList access_entitlements;
} ApiImageAliasesPost;
API_STRUCT(ApiImageAliasesPost, api_image_aliases_post)

typedef struct ApiImageAliasesEntryPost {
        char *name;
} ApiImageAliasesEntryPost;
API_STRUCT(ApiImageAliasesEntryPost, api_image_aliases_entry_post)

typedef struct ApiImageAliasesEntryPut {
        char *description;
        char *target;
} ApiImageAliasesEntryPut;
API_STRUCT(ApiImageAliasesEntryPut, api_image_aliases_entry_put)

typedef struct ApiImageAliasesEntry {
        char *description;
        char *target;
        char *name;
        char *type;
        StrList access_entitlements;
} ApiImageAliasesEntry;
API_STRUCT(ApiImageAliasesEntry, api_image_aliases_entry)

typedef struct ApiImageMetadataTemplate {
        StrList when;
        bool create_only;
        char *template;
        StrMap properties;
} ApiImageMetadataTemplate;
API_STRUCT(ApiImageMetadataTemplate, api_image_metadata_template)
JSON_DEFINE_MAP(ApiImageMetadataTemplate);

typedef struct ApiImageMetadata {
        char *architecture;
        int64_t creation_date;
        int64_t expiry_date;
        StrMap properties;
        ApiImageMetadataTemplateMap templates;
} ApiImageMetadata;
API_STRUCT(ApiImageMetadata, api_image_metadata)
