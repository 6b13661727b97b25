#include "api/image.h"

const JsonField api_image_alias_fields[] = {
        JSON_STRING(ApiImageAlias, name, 0),
        JSON_STRING(ApiImageAlias, description, 0),
        JSON_END,
};

const JsonField api_image_export_post_fields[] = {
        JSON_STRING(ApiImageExportPost, target, 0),
        JSON_STRING(ApiImageExportPost, secret, 0),
        JSON_STRING(ApiImageExportPost, certificate, 0),
        JSON_LIST(ApiImageExportPost, aliases, ApiImageAlias, api_image_alias_fields, 0),
        JSON_STRING(ApiImageExportPost, project, 0),
        JSON_STRLIST(ApiImageExportPost, profiles, 0),
        JSON_END,
};

const JsonField api_images_post_source_fields[] = {
        JSON_STRING(ApiImagesPostSource, alias, 0),
        JSON_STRING(ApiImagesPostSource, certificate, 0),
        JSON_STRING(ApiImagesPostSource, protocol, 0),
        JSON_STRING(ApiImagesPostSource, server, 0),
        JSON_STRING(ApiImagesPostSource, image_type, 0),
        JSON_STRING(ApiImagesPostSource, mode, 0),
        JSON_STRING(ApiImagesPostSource, type, 0),
        JSON_STRING(ApiImagesPostSource, url, 0),
        JSON_STRING(ApiImagesPostSource, name, 0),
        JSON_STRING(ApiImagesPostSource, fingerprint, 0),
        JSON_STRING(ApiImagesPostSource, secret, 0),
        JSON_STRING(ApiImagesPostSource, project, 0),
        JSON_END,
};

const JsonField api_images_post_fields[] = {
        JSON_BOOLEAN(ApiImagesPost, auto_update, 0),
        JSON_STRMAP(ApiImagesPost, properties, 0),
        JSON_BOOLEAN(ApiImagesPost, public, 0),
        JSON_TIME(ApiImagesPost, expires_at, 0),
        JSON_STRLIST(ApiImagesPost, profiles, 0),
        JSON_STRING(ApiImagesPost, filename, 0),
        JSON_OBJECT(ApiImagesPost, source, ApiImagesPostSource, api_images_post_source_fields, 0),
        JSON_STRING(ApiImagesPost, compression_algorithm, 0),
        JSON_LIST(ApiImagesPost, aliases, ApiImageAlias, api_image_alias_fields, 0),
        JSON_END,
};

const JsonField api_image_put_fields[] = {
        JSON_BOOLEAN(ApiImagePut, auto_update, 0),
        JSON_STRMAP(ApiImagePut, properties, 0),
        JSON_BOOLEAN(ApiImagePut, public, 0),
        JSON_TIME(ApiImagePut, expires_at, 0),
        JSON_STRLIST(ApiImagePut, profiles, 0),
        JSON_END,
};

const JsonField api_image_source_fields[] = {
        JSON_STRING(ApiImageSource, alias, 0),
        JSON_STRING(ApiImageSource, certificate, 0),
        JSON_STRING(ApiImageSource, protocol, 0),
        JSON_STRING(ApiImageSource, server, 0),
        JSON_STRING(ApiImageSource, image_type, 0),
        JSON_END,
};

const JsonField api_image_fields[] = {
        JSON_BOOLEAN(ApiImage, auto_update, 0),
        JSON_STRMAP(ApiImage, properties, 0),
        JSON_BOOLEAN(ApiImage, public, 0),
        JSON_TIME(ApiImage, expires_at, 0),
        JSON_STRLIST(ApiImage, profiles, 0),
        JSON_LIST(ApiImage, aliases, ApiImageAlias, api_image_alias_fields, 0),
        JSON_STRING(ApiImage, architecture, 0),
        JSON_BOOLEAN(ApiImage, cached, 0),
        JSON_STRING(ApiImage, filename, 0),
        JSON_STRING(ApiImage, fingerprint, 0),
        JSON_INTEGER(ApiImage, size, 0),
        JSON_POINTER(ApiImage, update_source, ApiImageSource, api_image_source_fields,
                     JSON_OMIT_EMPTY),
        JSON_STRING(ApiImage, type, 0),
        JSON_TIME(ApiImage, created_at, 0),
        JSON_TIME(ApiImage, last_used_at, 0),
        JSON_TIME(ApiImage, uploaded_at, 0),
        JSON_STRLIST(ApiImage, access_entitlements, JSON_OMIT_EMPTY),
        JSON_STRING(ApiImage, project, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_image_aliases_post_fields[] = {
        JSON_STRING(ApiImageAliasesPost, description, 0),
        JSON_STRING(ApiImageAliasesPost, target, 0),
        JSON_STRING(ApiImageAliasesPost, name, 0),
        JSON_STRING(ApiImageAliasesPost, type, 0),
        JSON_STRLIST(ApiImageAliasesPost, access_entitlements, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_image_aliases_entry_post_fields[] = {
        JSON_STRING(ApiImageAliasesEntryPost, name, 0),
        JSON_END,
};

const JsonField api_image_aliases_entry_put_fields[] = {
        JSON_STRING(ApiImageAliasesEntryPut, description, 0),
        JSON_STRING(ApiImageAliasesEntryPut, target, 0),
        JSON_END,
};

const JsonField api_image_aliases_entry_fields[] = {
        JSON_STRING(ApiImageAliasesEntry, description, 0),
        JSON_STRING(ApiImageAliasesEntry, target, 0),
        JSON_STRING(ApiImageAliasesEntry, name, 0),
        JSON_STRING(ApiImageAliasesEntry, type, 0),
        JSON_STRLIST(ApiImageAliasesEntry, access_entitlements, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_image_metadata_template_fields[] = {
        JSON_STRLIST(ApiImageMetadataTemplate, when, 0),
        JSON_BOOLEAN(ApiImageMetadataTemplate, create_only, 0),
        JSON_STRING(ApiImageMetadataTemplate, template, 0),
        JSON_STRMAP(ApiImageMetadataTemplate, properties, 0),
        JSON_END,
};

const JsonField api_image_metadata_fields[] = {
        JSON_STRING(ApiImageMetadata, architecture, 0),
        JSON_INTEGER(ApiImageMetadata, creation_date, 0),
        JSON_INTEGER(ApiImageMetadata, expiry_date, 0),
        JSON_STRMAP(ApiImageMetadata, properties, 0),
        JSON_MAP(ApiImageMetadata, templates, ApiImageMetadataTemplate,
                 api_image_metadata_template_fields, 0),
        JSON_END,
};
