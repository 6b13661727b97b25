/* Volumes of a pool: every verb, what is in a tree, what a crash leaves. Argument 1 is the driver,
 * dir when there is none; others mount file systems, so they need root. */
#include "storage/storage_private.h"

#include "archive/copy.h"
#include "base/files.h"
#include "base/memory.h"
#include "linux/subvolume.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cmocka.h>

#define ok(expression)                                                     \
        do {                                                               \
                Error *_err = NULL;                                        \
                Error **err = &_err;                                       \
                if ((expression) < 0)                                      \
                        fail_msg("%s: %s", #expression, error_message(_err)); \
        } while (0)

static const char *driver = "dir";

typedef struct Bench {
        char *directory;
        Database *database;
        Storage *storage;
        StoragePool *pool, *other;
} Bench;

static void add_pool(Bench *bench, const char *name, StoragePool **ret) {
        _cleanup_(storage_pool_row_done) StoragePoolRow row = {.name = str_dup(name),
                                                               .driver = str_dup(driver)};
        strmap_set(&row.config, "size", str_equal(driver, "dir") ? NULL : "256MiB");
        ok(storage_pool_create(bench->storage, &row, err));
        ok(storage_pool_find(bench->storage, name, ret, err));
}

static int set_up(void **state) {
        Bench *bench = mem_new(Bench);
        char template[] = "/tmp/berth-unit-XXXXXX";
        assert_non_null(mkdtemp(template));
        bench->directory = str_dup(template);
        static const char *const folders[] = {"containers", "snapshots", "storage-pools",
                                              "database"};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                _cleanup_free_ char *path = path_join(template, folders[i]);
                ok(directory_make(path, 0711, err));
        }
        _cleanup_free_ char *database = path_join(template, "database");
        ok(database_open(database, &bench->database, err));
        bench->storage = storage_new(bench->database, NULL, template);
        add_pool(bench, "one", &bench->pool);
        add_pool(bench, "two", &bench->other);
        *state = bench;
        return 0;
}

static int tear_down(void **state) {
        Bench *bench = *state;
        storage_pool_free(bench->pool);
        storage_pool_free(bench->other);
        ok(storage_pool_delete(bench->storage, "one", err));
        ok(storage_pool_delete(bench->storage, "two", err));
        storage_free(bench->storage);
        database_close(bench->database);
        ok(path_remove_all(bench->directory, err));
        free(bench->directory);
        free(bench);
        return 0;
}

static void put(const StorageVolume *volume, const char *name, const char *text) {
        _cleanup_free_ char *path = path_join(volume->path, name);
        ok(file_write(path, text, strlen(text), 0640, false, err));
}

static void has(const StorageVolume *volume, const char *name, const char *text) {
        _cleanup_free_ char *path = path_join(volume->path, name), *found = NULL;
        if (text == NULL) {
                assert_false(path_exists(path));
                return;
        }
        ok(file_read(path, 0, &found, NULL, err));
        assert_string_equal(found, text);
}

#define _cleanup_volume_ _cleanup_(storage_volume_cleanup)

static void test_life(void **state) {
        Bench *bench = *state;
        Storage *storage = bench->storage;
        _cleanup_volume_ StorageVolume *a =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "a");
        _cleanup_volume_ StorageVolume *b =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "p", "b");
        _cleanup_volume_ StorageVolume *a1 = storage_snapshot_new(a, "s1");
        _cleanup_volume_ StorageVolume *a2 = storage_snapshot_new(a, "s2");
        _cleanup_volume_ StorageVolume *b2 = storage_snapshot_new(b, "s2");
        assert_non_null(strstr(b2->path, "/storage-pools/one/custom-snapshots/p_b/s2"));
        ok(storage_volume_create(storage, a, 0, err));
        _cleanup_error_ Error *taken = NULL;
        assert_int_equal(storage_volume_create(storage, a, 0, &taken), -1);
        assert_int_equal(taken->kind, ERROR_EXISTS);
        put(a, "f", "1");
        ok(storage_volume_snapshot(storage, a1, err));
        put(a, "f", "2");
        put(a, "g", "new");
        has(a1, "f", "1");
        ok(storage_volume_rename(storage, a1, a2, err));
        ok(storage_volume_restore(storage, a2, err));
        has(a, "f", "1");
        has(a, "g", NULL);
        ok(storage_volume_rename(storage, a, b, err));
        has(b, "f", "1");
        has(b2, "f", "1");
        ok(storage_volume_delete(storage, b2, err));
        assert_false(path_exists(b2->path));
        ok(storage_volume_delete(storage, b, err));
        ok(storage_volume_delete(storage, b, err));
        assert_false(path_exists(b->path));
}

static void test_copies(void **state) {
        Bench *bench = *state;
        Storage *storage = bench->storage;
        StoragePool *const pools[] = {bench->pool, bench->other};
        _cleanup_volume_ StorageVolume *a =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "a");
        _cleanup_volume_ StorageVolume *s = storage_snapshot_new(a, "s");
        _cleanup_strlist_ StrList snapshots = {};
        strlist_add(&snapshots, "s");
        ok(storage_volume_create(storage, a, 0, err));
        put(a, "f", "1");
        ok(storage_volume_snapshot(storage, s, err));
        for (size_t i = 0; i < ARRAY_SIZE(pools); i++) {
                _cleanup_volume_ StorageVolume *c =
                        storage_volume_new(pools[i], STORAGE_VOLUME_CUSTOM, "default", "c");
                _cleanup_volume_ StorageVolume *cs = storage_snapshot_new(c, "s");
                StorageVolumeCopy copy = {.source = a, .target = c, .snapshots = &snapshots};
                put(a, "f", "22");
                ok(storage_volume_copy(storage, &copy, err));
                has(c, "f", "22");
                has(cs, "f", "1");
                put(a, "f", "333");
                put(c, "extra", "x");
                copy.refresh = true;
                copy.snapshots = NULL;
                ok(storage_volume_copy(storage, &copy, err));
                has(c, "f", "333");
                has(c, "extra", NULL);
                ok(storage_volume_delete(storage, c, err));
                /* from a snapshot */
                copy = (StorageVolumeCopy) {.source = s, .target = c};
                ok(storage_volume_copy(storage, &copy, err));
                has(c, "f", "1");
                ok(storage_volume_delete(storage, c, err));
        }
}

static void test_block(void **state) {
        Bench *bench = *state;
        _cleanup_volume_ StorageVolume *v =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "disk");
        v->content = STORAGE_BLOCK;
        ok(storage_volume_create(bench->storage, v, 1 << 20, err));
        _cleanup_free_ char *path = storage_volume_image_path(v);
        struct stat info;
        ok(storage_volume_set_size(v, 2 << 20, err));
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, 2 << 20);
        assert_int_equal(info.st_blocks, 0);
        assert_int_equal(storage_volume_set_size(v, 1 << 20, NULL), -1);
        ok(storage_volume_delete(bench->storage, v, err));
}

/* What has no record goes at the next start; what was being replaced too. */
static void test_crash(void **state) {
        Bench *bench = *state;
        _cleanup_volume_ StorageVolume *v =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "v");
        _cleanup_volume_ StorageVolume *kept =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "kept");
        _cleanup_volume_ StorageVolume *beside =
                storage_volume_beside(bench->pool, STORAGE_VOLUME_CUSTOM);
        ok(storage_volume_create(bench->storage, v, 0, err));
        ok(storage_volume_create(bench->storage, kept, 0, err));
        ok(directory_make(beside->path, 0700, err));
        storage_volume_settled(bench->storage, kept);
        storage_start(bench->storage);
        assert_false(path_exists(v->path));
        assert_true(path_exists(kept->path));
        assert_false(path_exists(beside->path));
        ok(storage_volume_delete(bench->storage, kept, err));
}

static void test_sync(void **state) {
        Bench *bench = *state;
        _cleanup_free_ char *from = path_join(bench->directory, "from");
        _cleanup_free_ char *to = path_join(bench->directory, "to");
        const StorageVolume a = {.path = from}, b = {.path = to};
        const TreeCopy copy = {.from = from, .to = to};
        ok(directory_make(from, 0750, err));
        ok(directory_make(to, 0700, err));
        _cleanup_free_ char *folder = path_join(from, "d"), *soft = path_join(from, "link");
        _cleanup_free_ char *hard = path_join(from, "hard"), *file = path_join(from, "file");
        _cleanup_free_ char *other = path_join(to, "d"), *outside = path_join(to, "link");
        ok(directory_make(folder, 0711, err));
        put(&a, "file", "content");
        put(&a, "d/inner", "i");
        assert_int_equal(link(file, hard), 0);
        assert_int_equal(symlink("/etc", soft), 0);
        put(&b, "d", "a file where a folder belongs");
        ok(directory_make(outside, 0711, err));
        put(&b, "link/inner", "goes");
        for (int round = 0; round < 2; round++) {
                struct stat first, second;
                ok(tree_sync(&copy, err));
                has(&b, "file", "content");
                has(&b, "d/inner", "i");
                _cleanup_free_ char *one = path_join(to, "file"), *two = path_join(to, "hard");
                assert_int_equal(stat(one, &first), 0);
                assert_int_equal(stat(two, &second), 0);
                assert_int_equal(first.st_ino, second.st_ino);
                assert_int_equal(lstat(outside, &first), 0);
                assert_true(S_ISLNK(first.st_mode));
        }
        struct stat before, after;
        _cleanup_free_ char *inner = path_join(to, "d/inner");
        assert_int_equal(stat(inner, &before), 0);
        ok(tree_sync(&copy, err));
        assert_int_equal(stat(inner, &after), 0);
        assert_int_equal(before.st_ino, after.st_ino); /* left alone */
        put(&a, "d/inner", "j");
        ok(tree_sync(&copy, err));
        has(&b, "d/inner", "j");
        assert_true(path_is_directory(other));
}

/* A subvolume in a volume is taken along and goes with it. */
static void test_nested(void **state) {
        Bench *bench = *state;
        if (!str_equal(driver, "btrfs"))
                skip();
        _cleanup_volume_ StorageVolume *v =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "v");
        _cleanup_volume_ StorageVolume *s = storage_snapshot_new(v, "s");
        _cleanup_volume_ StorageVolume *c =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "c");
        _cleanup_volume_ StorageVolume *o =
                storage_volume_new(bench->other, STORAGE_VOLUME_CUSTOM, "default", "o");
        _cleanup_free_ char *inner = path_join(v->path, "sub"), *deep = path_join(inner, "sub");
        ok(storage_volume_create(bench->storage, v, 0, err));
        ok(subvolume_create(inner, err));
        ok(subvolume_create(deep, err));
        put(v, "sub/sub/f", "deep");
        ok(storage_volume_snapshot(bench->storage, s, err));
        has(s, "sub/sub/f", "deep");
        put(v, "sub/sub/f", "changed");
        ok(storage_volume_restore(bench->storage, s, err));
        has(v, "sub/sub/f", "deep");
        ok(storage_volume_copy(bench->storage, &(StorageVolumeCopy) {.source = s, .target = c},
                               err));
        ok(storage_volume_copy(bench->storage, &(StorageVolumeCopy) {.source = v, .target = o},
                               err));
        has(c, "sub/sub/f", "deep");
        has(o, "sub/sub/f", "deep");
        StorageVolume *const all[] = {v, c, o};
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                ok(storage_volume_delete(bench->storage, all[i], err));
}

static void test_stream(void **state) {
        Bench *bench = *state;
        const StorageStreamOps *stream = bench->pool->driver->stream;
        if (stream == NULL)
                skip();
        _cleanup_volume_ StorageVolume *v =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "v");
        _cleanup_volume_ StorageVolume *r =
                storage_volume_new(bench->other, STORAGE_VOLUME_CUSTOM, "default", "r");
        ok(storage_volume_create(bench->storage, v, 0, err));
        for (int round = 0; round < 2; round++) {
                static const char *const names[] = {"s0", "s1"};
                _cleanup_volume_ StorageVolume *s = storage_snapshot_new(v, names[round]);
                _cleanup_volume_ StorageVolume *parent = storage_snapshot_new(v, names[0]);
                _cleanup_volume_ StorageVolume *t = storage_snapshot_new(r, names[round]);
                _cleanup_close_ int fd =
                        open(bench->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
                put(v, names[round], names[round]);
                ok(storage_volume_snapshot(bench->storage, s, err));
                ok(storage_snapshots_prepare(t, err));
                ok(stream->send(s, round > 0 ? parent : NULL, fd, err));
                assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
                ok(stream->receive(t, fd, err));
                has(t, "s0", "s0");
                has(t, "s1", round > 0 ? "s1" : NULL);
        }
        ok(storage_volume_delete(bench->storage, v, err));
        ok(storage_volume_delete(bench->storage, r, err));
}

static void test_limit(void **state) {
        Bench *bench = *state;
        if (!bench->pool->driver->can.volume_quota)
                skip();
        _cleanup_volume_ StorageVolume *v =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "v");
        _cleanup_volume_ StorageVolume *s = storage_snapshot_new(v, "s");
        _cleanup_volume_ StorageVolume *c =
                storage_volume_new(bench->pool, STORAGE_VOLUME_CUSTOM, "default", "c");
        ok(storage_volume_create(bench->storage, v, 8 << 20, err));
        ok(storage_volume_snapshot(bench->storage, s, err));
        ok(storage_volume_copy(bench->storage, &(StorageVolumeCopy) {.source = v, .target = c},
                               err));
        ok(storage_volume_restore(bench->storage, s, err));
        _cleanup_free_ char *big = mem_alloc(16 << 20), *path = path_join(v->path, "big");
        _cleanup_free_ char *free_path = path_join(c->path, "big");
        _cleanup_error_ Error *full = NULL;
        memset(big, 'x', 16 << 20);
        assert_int_equal(file_write(path, big, 16 << 20, 0600, true, &full), -1);
        assert_int_equal(full->kind, ERROR_NO_SPACE);
        ok(file_write(free_path, big, 16 << 20, 0600, true, err)); /* the copy has no limit */
        ok(storage_volume_set_size(v, 64 << 20, err));
        ok(file_write(path, big, 16 << 20, 0600, true, err));
        uint64_t used;
        _cleanup_close_ int root = open(bench->pool->path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(syncfs(root), 0); /* what is not on disk is not counted */
        ok(storage_volume_usage(v, &used, err));
        assert_in_range(used, 8 << 20, 40 << 20);
        ok(storage_volume_set_size(v, 8 << 20, err)); /* below what is there */
        ok(storage_volume_set_size(v, 0, err));
        StorageVolume *const all[] = {v, c};
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                ok(storage_volume_delete(bench->storage, all[i], err));
}

int main(int argc, char **argv) {
        if (argc > 1)
                driver = argv[1];
        if (argc > 1 && geteuid() != 0) {
                printf("skip: %s needs root\n", driver);
                return 0;
        }
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_copies, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_block, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_crash, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_sync, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_nested, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_stream, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
