#include "database/config.h"

int db_config_get(Transaction *tx, StrMap *ret, Error **err) {
        _cleanup_cursor_ DbCursor cursor = {};
        int found;
        if (db_select(tx, &cursor, err, "SELECT key, value FROM config", "") < 0)
                return -1;
        while ((found = db_next(&cursor, err)) > 0)
                strmap_set(ret, db_text(&cursor, 0), db_text(&cursor, 1));
        return found;
}

int db_config_replace(Transaction *tx, const StrMap *config, Error **err) {
        if (db_run(tx, err, "DELETE FROM config", "") < 0)
                return -1;
        for (size_t i = 0; i < config->count; i++)
                if (db_run(tx, err, "INSERT INTO config (key, value) VALUES (?, ?)", "ss",
                           config->items[i].key, config->items[i].value) < 0)
                        return -1;
        return 0;
}
