#include "archive/copy.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>

int tree_usage(const char *path, uint64_t *ret, Error **err) {
        char *const roots[] = {(char *) path, NULL};
        _cleanup_(table_cleanup) Table *seen = table_new(NULL);
        uint64_t total = 0;
        FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
        if (walk == NULL)
                return error_errno(err, errno, "Cannot read %s", path);
        for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
                char key[64];
                if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS)
                        continue;
                const struct stat *info = entry->fts_statp;
                if (info->st_nlink > 1 && !S_ISDIR(info->st_mode)) {
                        snprintf(key, sizeof key, "%llx", (unsigned long long) info->st_ino);
                        if (table_get(seen, key) != NULL)
                                continue;
                        table_set(seen, key, seen);
                }
                total += (uint64_t) info->st_blocks * 512;
        }
        fts_close(walk);
        *ret = total;
        return 0;
}
