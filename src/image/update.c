#include "image/update.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/times.h"
#include "database/config.h"
#include "database/projects.h"
#include "image/source_private.h"
#include "schema/arch.h"
#include "schema/key.h"
#include "schema/tables.h"

#define NS_PER_DAY (24 * 3600 * NS_PER_SECOND)

static int succeed(Images *images, const ImageRow *old, const ImageRow *new, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(images_database(images), DATABASE_WRITE, &tx, err) < 0 ||
            db_image_succeed(tx, old, new->id, err) < 0 || transaction_commit(&tx, err) < 0)
                return -1;
        return image_delete(images, old->project, old->fingerprint, err);
}

int image_refresh(Images *images, const ImageRow *row, ClientProgress progress, void *userdata,
                  bool *ret_refreshed, Error **err) {
        const ImageSourceRow *from = &row->source;
        _cleanup_(image_row_done) ImageRow new = {};
        if (from->server == NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Image %s cannot be refreshed: it came from no server",
                                 row->fingerprint);
        const ImageSource source = {.server = from->server,
                                    .protocol = image_protocol_name(from->protocol),
                                    .certificate = from->certificate,
                                    .name = from->alias};
        const ImagePull pull = {.project = row->project,
                                .public = row->public,
                                .auto_update = true,
                                .cached = row->cached,
                                .profiles = &row->profiles,
                                .progress = progress,
                                .userdata = userdata};
        if (image_pull(images, &source, &pull, &new, err) < 0)
                return -1;
        *ret_refreshed = !str_equal(new.fingerprint, row->fingerprint);
        return *ret_refreshed ? succeed(images, row, &new, err) : 0;
}

int image_find_cached(Images *images, const char *project, const ImageSource *source,
                      char **ret_fingerprint, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const ImageSourceRow wanted = {.server = (char *) source->server,
                                       .alias = (char *) source->name,
                                       .protocol = image_protocol_number(source->protocol)};
        if (database_begin(images_database(images), DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_image_source_find(tx, project, &wanted, architecture_host(), ret_fingerprint,
                                    err);
}

/* Everything a run needs, read at once: no transaction stays open while servers answer. */
typedef struct Survey {
        ImageRowList images;
        StrMap server;           /* configuration */
        ProjectRowList projects;
} Survey;

static void survey_done(Survey *survey) {
        image_row_list_done(&survey->images);
        strmap_done(&survey->server);
        project_row_list_done(&survey->projects);
}

static int take_survey(Images *images, Survey *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(images_database(images), DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_image_list(tx, NULL, &ret->images, err) < 0 ||
                               db_config_get(tx, &ret->server, err) < 0
                       ? -1
                       : db_project_list(tx, &ret->projects, err);
}

/* The project's value, else the server's, else the key's default. */
static int64_t setting(const Survey *survey, const char *project, const char *key) {
        const char *text = NULL;
        int64_t number = 0;
        for (size_t i = 0; i < survey->projects.count && str_is_empty(text); i++)
                if (str_equal(survey->projects.items[i].name, project))
                        text = strmap_get(&survey->projects.items[i].config, key);
        if (str_is_empty(text))
                text = strmap_get(&survey->server, key);
        if (str_is_empty(text))
                text = config_default(&config_server, key);
        return str_to_int64(text, &number) ? number : 0;
}

void images_update(Images *images, bool now) {
        _cleanup_(survey_done) Survey survey = {};
        _cleanup_error_ Error *err = NULL;
        int64_t hours = images_count_hour(images);
        if (take_survey(images, &survey, &err) < 0) {
                log_warning("Cannot list images: %s", error_message(err));
                return;
        }
        for (size_t i = 0; i < survey.images.count; i++) {
                const ImageRow *row = &survey.images.items[i];
                _cleanup_error_ Error *failed = NULL;
                bool refreshed = false;
                int64_t interval = setting(&survey, row->project, "images.auto_update_interval");
                if (!row->auto_update || row->source.server == NULL ||
                    (!now && (interval <= 0 || hours % interval != 0)))
                        continue;
                if (image_refresh(images, row, NULL, NULL, &refreshed, &failed) < 0)
                        log_warning("Cannot update image %s: %s", row->fingerprint,
                                    error_message(failed));
                else if (refreshed)
                        log_info("Updated image %s", row->fingerprint);
        }
}

static bool is_expired(const Survey *survey, const ImageRow *row, int64_t now) {
        int64_t days = setting(survey, row->project, "images.remote_cache_expiry");
        int64_t used = row->used_ns > row->uploaded_ns ? row->used_ns : row->uploaded_ns;
        if (row->expiry_ns != TIME_ZERO && row->expiry_ns <= now)
                return true;
        return row->cached && days > 0 && days < INT64_MAX / NS_PER_DAY &&
               used < now - days * NS_PER_DAY;
}

void images_expire(Images *images) {
        _cleanup_(survey_done) Survey survey = {};
        _cleanup_error_ Error *err = NULL;
        int64_t now = time_now_ns();
        if (take_survey(images, &survey, &err) < 0) {
                log_warning("Cannot list images: %s", error_message(err));
                return;
        }
        for (size_t i = 0; i < survey.images.count; i++) {
                const ImageRow *row = &survey.images.items[i];
                _cleanup_error_ Error *failed = NULL;
                if (is_expired(&survey, row, now) &&
                    image_delete(images, row->project, row->fingerprint, &failed) < 0)
                        log_warning("Cannot delete expired image %s: %s", row->fingerprint,
                                    error_message(failed));
        }
}
