#include "zone/zone_private.h"

#include "base/memory.h"
#include "database/projects.h"
#include "schema/key.h"
#include "schema/names.h"

#include <string.h>

static const char *const network_keys[] = {"dns.zone.forward", "dns.zone.reverse.ipv4",
                                           "dns.zone.reverse.ipv6"};

bool zone_is_named(const char *list, const char *name) {
        _cleanup_strlist_ StrList items = {};
        if (str_is_empty(list))
                return false;
        strlist_split(&items, list, ", ", true);
        return strlist_has(&items, name);
}

/* --- zones --- */

static int check_config(const StrMap *config, Error **err) {
        const ConfigTable *table = config_network_object_table("zone");
        for (size_t i = 0; i < config->count; i++) {
                const char *key = config->items[i].key;
                _cleanup_strlist_ StrList parts = {};
                strlist_split(&parts, key, ".", false);
                if (str_equal(parts.items[0], "peers") && parts.count != 3)
                        return error_set(err, ERROR_INVALID, 0,
                                         "Invalid network zone configuration key \"%s\"", key);
        }
        return config_validate(table, NULL, config, err);
}

int zone_get(Zones *zones, const char *project, const char *name, NetworkObjectRow *ret,
             Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t owner;
        if (database_begin(zones->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_id(tx, project, &owner, err) < 0)
                return -1;
        return db_network_object_get(tx, NETWORK_ZONE, owner, name, ret, err);
}

int zone_list(Zones *zones, const char *project, NetworkObjectRowList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t owner;
        if (database_begin(zones->database, DATABASE_READ, &tx, err) < 0 ||
            db_project_id(tx, project, &owner, err) < 0)
                return -1;
        return db_network_object_list(tx, NETWORK_ZONE, owner, ret, err);
}

int zone_create(Zones *zones, const char *project, const ApiNetworkZonesPost *post, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        NetworkObjectRow row = {.name = post->name, .description = post->description,
                                .config = post->config};
        DnsName name;
        int64_t id;
        if (name_check_zone(post->name, err) < 0 ||
            dns_name_parse(post->name, NULL, &name, err) < 0 ||
            check_config(&post->config, err) < 0 ||
            database_begin(zones->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_project_id(tx, project, &row.owner, err) < 0 ||
            db_network_object_create(tx, NETWORK_ZONE, &row, &id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int zone_update(Zones *zones, const NetworkObjectRow *zone, const ApiNetworkZonePut *put,
                Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        const NetworkObjectRow row = {.id = zone->id, .description = put->description,
                                      .config = put->config};
        if (check_config(&put->config, err) < 0 ||
            database_begin(zones->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_object_update(tx, NETWORK_ZONE, &row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

static int find_users(Transaction *tx, const char *project, const char *name, StrList *ret,
                      Error **err) {
        _cleanup_config_users_ ConfigUserList users = {};
        if (db_config_users(tx, "dns.zone.*", &users, err) < 0)
                return -1;
        for (size_t i = 0; i < users.count; i++) {
                const ConfigUser *user = &users.items[i];
                bool is_default = str_equal(user->project, "default");
                if (user->kind != CONFIG_USER_NETWORK || !str_equal(user->project, project) ||
                    !zone_is_named(user->value, name))
                        continue;
                _cleanup_free_ char *suffix = url_escape(user->project);
                _cleanup_free_ char *url =
                        str_printf("/1.0/networks/%s%s%s", user->name,
                                   is_default ? "" : "?project=", is_default ? "" : suffix);
                if (!strlist_has(ret, url))
                        strlist_add(ret, url);
        }
        return 0;
}

int zone_used_by(Zones *zones, const char *project, const char *name, StrList *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(zones->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return find_users(tx, project, name, ret, err);
}

int zone_delete(Zones *zones, const char *project, const NetworkObjectRow *zone, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        _cleanup_strlist_ StrList users = {};
        if (database_begin(zones->database, DATABASE_WRITE, &tx, err) < 0 ||
            find_users(tx, project, zone->name, &users, err) < 0)
                return -1;
        if (users.count > 0)
                return error_set(err, ERROR_IN_USE, 0, "Cannot delete a zone that is in use");
        if (db_network_object_delete(tx, NETWORK_ZONE, zone->id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int zone_check_network(Zones *zones, const NetworkRow *network, Error **err) {
        _cleanup_network_object_row_list_ NetworkObjectRowList rows = {};
        if (zone_list(zones, network->project, &rows, err) < 0)
                return -1;
        for (size_t k = 0; k < ARRAY_SIZE(network_keys); k++) {
                const char *value = strmap_get(&network->config, network_keys[k]);
                _cleanup_strlist_ StrList names = {};
                if (!str_is_empty(value))
                        strlist_split(&names, value, ", ", true);
                for (size_t i = 0; i < names.count; i++) {
                        bool found = false;
                        for (size_t z = 0; z < rows.count && !found; z++)
                                found = str_equal(rows.items[z].name, names.items[i]);
                        if (!found)
                                return error_set(err, ERROR_INVALID, 0,
                                                 "Invalid value for network \"%s\" option \"%s\": "
                                                 "Network zone \"%s\" doesn't exist",
                                                 network->name, network_keys[k], names.items[i]);
                }
        }
        return 0;
}

/* --- records --- */

int zone_record_read(const NetworkObjectRow *row, ApiNetworkZoneRecord *ret, Error **err) {
        _cleanup_json_ json_t *object = json_object();
        json_t *entries;
        const char *text = row->texts[0] != NULL ? row->texts[0] : "[]";
        if (json_parse(text, strlen(text), &entries, err) < 0)
                return error_prefix(err, "Entries of record \"%s\"", row->name);
        json_object_set_new(object, "entries", entries);
        if (api_network_zone_record_read(object, ret, JSON_REPLACE, err) < 0)
                return -1;
        str_replace(&ret->name, str_dup(row->name));
        str_replace(&ret->description, str_dup(row->description));
        strmap_copy(&ret->config, &row->config);
        return 0;
}

static char *entries_text(const ApiNetworkZoneRecordEntryList *entries) {
        _cleanup_json_ json_t *array = json_array();
        for (size_t i = 0; i < entries->count; i++)
                json_array_append_new(array,
                                      api_network_zone_record_entry_to_json(&entries->items[i]));
        return json_dump_compact(array);
}

static int check_entry(DnsZone *zone, const DnsName *name, const ApiNetworkZoneRecordEntry *entry,
                       Error **err) {
        if (entry->ttl < 0 || entry->ttl > INT32_MAX)
                return error_set(err, ERROR_INVALID, 0, "Bad zone record entry: the TTL must be "
                                                        "between 0 and 2147483647");
        if (str_equal_nocase(entry->type, "SOA"))
                return error_set(err, ERROR_INVALID, 0, "Bad zone record entry: the SOA is made "
                                                        "from the zone");
        if (dns_zone_add(zone, name, entry->type != NULL ? entry->type : "", (uint32_t) entry->ttl,
                         entry->value != NULL ? entry->value : "", err) < 0)
                return error_prefix(err, "Bad zone record entry");
        return 0;
}

/* An alias stands alone, or what answers for its name would depend on who asks. */
static int check_alias(const DnsZone *zone, Error **err) {
        for (size_t i = 0; i < zone->count; i++)
                if (zone->records[i].type == DNS_TYPE_CNAME && zone->count > 1)
                        return error_set(err, ERROR_INVALID, 0, "Bad zone record entry: a CNAME "
                                                                "must be the only entry");
        return 0;
}

static int check_record(const NetworkObjectRow *zone_row, const char *name_text,
                        const ApiNetworkZoneRecordEntryList *entries, const StrMap *config,
                        Error **err) {
        _cleanup_dns_zone_ DnsZone zone = {};
        DnsName name;
        if (str_is_empty(name_text))
                return error_set(err, ERROR_INVALID, 0, "Name is required");
        if (config_validate(config_network_object_table("record"), NULL, config, err) < 0 ||
            dns_name_parse(zone_row->name, NULL, &zone.name, err) < 0 ||
            dns_name_parse(name_text, &zone.name, &name, err) < 0)
                return -1;
        if (!dns_name_is_in(&name, &zone.name))
                return error_set(err, ERROR_INVALID, 0, "Record \"%s\" is not in zone \"%s\"",
                                 name_text, zone_row->name);
        for (size_t i = 0; i < entries->count; i++) {
                const ApiNetworkZoneRecordEntry *entry = &entries->items[i];
                for (size_t k = 0; k < i; k++)
                        if (str_equal(entries->items[k].type, entry->type) &&
                            str_equal(entries->items[k].value, entry->value))
                                return error_set(err, ERROR_INVALID, 0,
                                                 "Duplicate record for type \"%s\" and value "
                                                 "\"%s\"",
                                                 entry->type, entry->value);
                if (check_entry(&zone, &name, entry, err) < 0)
                        return -1;
        }
        return check_alias(&zone, err);
}

int zone_record_get(Zones *zones, const NetworkObjectRow *zone, const char *name,
                    NetworkObjectRow *ret, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(zones->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_network_object_get(tx, NETWORK_ZONE_RECORD, zone->id, name, ret, err);
}

int zone_record_list(Zones *zones, const NetworkObjectRow *zone, NetworkObjectRowList *ret,
                     Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(zones->database, DATABASE_READ, &tx, err) < 0)
                return -1;
        return db_network_object_list(tx, NETWORK_ZONE_RECORD, zone->id, ret, err);
}

int zone_record_create(Zones *zones, const NetworkObjectRow *zone,
                       const ApiNetworkZoneRecordsPost *post, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        int64_t id;
        if (check_record(zone, post->name, &post->entries, &post->config, err) < 0)
                return -1;
        _cleanup_free_ char *entries = entries_text(&post->entries);
        const NetworkObjectRow row = {.owner = zone->id, .name = post->name,
                                      .description = post->description, .texts = {entries},
                                      .config = post->config};
        if (database_begin(zones->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_object_create(tx, NETWORK_ZONE_RECORD, &row, &id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int zone_record_update(Zones *zones, const NetworkObjectRow *zone, const NetworkObjectRow *record,
                       const ApiNetworkZoneRecordPut *put, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (check_record(zone, record->name, &put->entries, &put->config, err) < 0)
                return -1;
        _cleanup_free_ char *entries = entries_text(&put->entries);
        const NetworkObjectRow row = {.id = record->id, .description = put->description,
                                      .texts = {entries}, .config = put->config};
        if (database_begin(zones->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_object_update(tx, NETWORK_ZONE_RECORD, &row, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}

int zone_record_delete(Zones *zones, const NetworkObjectRow *record, Error **err) {
        _cleanup_transaction_ Transaction *tx = NULL;
        if (database_begin(zones->database, DATABASE_WRITE, &tx, err) < 0 ||
            db_network_object_delete(tx, NETWORK_ZONE_RECORD, record->id, err) < 0)
                return -1;
        return transaction_commit(&tx, err);
}
