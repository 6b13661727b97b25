/* /1.0/profiles */
#include "rest/table.h"

#include "api/profile.h"
#include "base/memory.h"
#include "database/database.h"
#include "database/profiles.h"
#include "json/mapping.h"
#include "profile/profile.h"
#include "rest/context.h"

static int profile_load(RestRequest *request, Error **err) {
        _cleanup_(transaction_cleanup) Transaction *tx = NULL;
        ProfileRow *row = mem_new(ProfileRow);
        if (database_begin(request->context->database, DATABASE_READ, &tx, err) < 0 ||
            db_profile_get(tx, request->effective_project, request->parameters[0], row, err) < 0) {
                free(row);
                return -1;
        }
        request->entity = row;
        return 0;
}

static void profile_unload(void *entity) {
        profile_row_done(entity);
        free(entity);
}

/* LXD hashes [config, description, devices]. */
static json_t *profile_etag(RestRequest *request) {
        const ProfileRow *row = request->entity;
        json_t *value = json_array();
        json_array_append_new(value, json_from_strmap(&row->config));
        json_array_append_new(value, json_string(row->description));
        json_array_append_new(value, json_from_devicemap(&row->devices));
        return value;
}

static const RestEntity profile_entity = {
        .load = profile_load,
        .etag = profile_etag,
        .unload = profile_unload,
};
