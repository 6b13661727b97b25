/* The messages of the migration protocol, and trees as streams. */
#include "archive/stream.h"
#include "base/files.h"
#include "base/memory.h"
#include "migration/header.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static MigrationHeader sample(void) {
        MigrationHeader header = {.type = MIGRATION_BTRFS,
                                  .criu = MIGRATION_CRIU_NONE,
                                  .rsync = RSYNC_XATTRS | RSYNC_BIDIRECTIONAL,
                                  .btrfs = BTRFS_HEADER | BTRFS_SUBVOLUME_UUIDS,
                                  .refresh = true,
                                  .index_version = 1,
                                  .tree = 1};
        idmap_add_both(&header.idmap, 1000000, 0, 65536);
        strlist_add(&header.snapshot_names, "first");
        MigrationSnapshot *snapshot = migration_header_add_snapshot(&header, "first");
        strmap_set(&snapshot->config, "user.key", "");
        strlist_add(&snapshot->profiles, "default");
        strmap_set(devicemap_add(&snapshot->devices, "root"), "type", "disk");
        snapshot->architecture = 2;
        snapshot->created = 1700000000;
        snapshot->used = -62135596800; /* Go's zero time */
        return header;
}

static void test_header_comes_back(void **state) {
        _cleanup_(migration_header_done) MigrationHeader header = sample(), back = {};
        _cleanup_strbuf_ StrBuf text = {}, again = {};
        migration_header_write(&header, &text);
        assert_int_equal(migration_header_read(text.data, text.length, &back, NULL), 0);
        assert_int_equal(back.type, MIGRATION_BTRFS);
        assert_int_equal(back.criu, MIGRATION_CRIU_NONE);
        assert_int_equal(back.btrfs, header.btrfs);
        assert_int_equal(back.zfs, 0);
        assert_true(idmap_equal(&back.idmap, &header.idmap));
        assert_int_equal(back.snapshot_count, 1);
        assert_string_equal(strmap_get(&back.snapshots[0].config, "user.key"), "");
        assert_int_equal(back.snapshots[0].used, -62135596800);
        migration_header_write(&back, &again);
        assert_int_equal(again.length, text.length);
        assert_memory_equal(again.data, text.data, text.length);
}

/* Every beginning of a message is one, or is refused; nothing of it is read past its end. */
static void test_cut_headers(void **state) {
        _cleanup_(migration_header_done) MigrationHeader header = sample();
        _cleanup_strbuf_ StrBuf text = {};
        migration_header_write(&header, &text);
        size_t refused = 0;
        for (size_t size = 0; size < text.length; size++) {
                _cleanup_free_ char *cut = mem_copy(text.data, size);
                MigrationHeader back = {};
                if (migration_header_read(cut, size, &back, NULL) < 0)
                        refused++;
                else
                        migration_header_done(&back);
        }
        assert_true(refused > text.length / 2);
}

static void test_control(void **state) {
        _cleanup_strbuf_ StrBuf good = {}, bad = {};
        _cleanup_error_ Error *err = NULL;
        MigrationHeader header = {};
        migration_control_write(NULL, &good);
        assert_int_equal(migration_control_read(good.data, good.length, NULL), 0);
        migration_control_write("disk full", &bad);
        assert_int_equal(migration_control_read(bad.data, bad.length, &err), -1);
        assert_string_equal(error_message(err), "disk full");
        /* a target's last word in the place of its choice is no choice */
        assert_int_equal(migration_header_read(bad.data, bad.length, &header, NULL), -1);
}

/* Memory in the place of a connection: handed out in small pieces. */
typedef struct Pipe {
        StrBuf data;
        size_t at, piece;
} Pipe;

static int pipe_write(void *userdata, const void *data, size_t size, Error **err) {
        Pipe *pipe = userdata;
        assert_true(size > 0 && size <= TREE_STREAM_BLOCK);
        strbuf_add_data(&pipe->data, data, size);
        return 0;
}

static int pipe_read(void *userdata, const void **ret_data, size_t *ret_size, Error **err) {
        Pipe *pipe = userdata;
        *ret_size = MIN_OF(pipe->piece, pipe->data.length - pipe->at);
        *ret_data = pipe->data.data + pipe->at;
        pipe->at += *ret_size;
        return 0;
}

typedef struct Places {
        char top[64], from[80], to[80];
} Places;

static Places make_places(void) {
        Places places = {.top = "/tmp/berth-unit-XXXXXX"};
        assert_non_null(mkdtemp(places.top));
        (void) snprintf(places.from, sizeof places.from, "%s/from", places.top);
        (void) snprintf(places.to, sizeof places.to, "%s/to", places.top);
        assert_int_equal(mkdir(places.from, 0750), 0);
        assert_int_equal(mkdir(places.to, 0700), 0);
        return places;
}

static void make_file(const Places *places, const char *name, const char *text) {
        _cleanup_free_ char *path = path_join(places->from, name);
        assert_int_equal(file_write(path, text, strlen(text), 0640, false, NULL), 0);
}

static void test_tree_comes_back(void **state) {
        Places places = make_places();
        _cleanup_free_ char *one = path_join(places.from, "one");
        _cleanup_free_ char *two = path_join(places.from, "two");
        _cleanup_free_ char *copy = path_join(places.to, "one");
        _cleanup_free_ char *copy2 = path_join(places.to, "two");
        struct stat a, b, c;
        make_file(&places, "one", "some content");
        assert_int_equal(link(one, two), 0);
        const struct timespec times[2] = {{1, 2}, {-5, 999999999}};
        assert_int_equal(utimensat(AT_FDCWD, one, times, 0), 0);
        for (size_t piece = 1; piece < 40; piece += 13) {
                Pipe pipe = {.piece = piece};
                assert_int_equal(tree_send(places.from, pipe_write, &pipe, NULL), 0);
                assert_int_equal(tree_receive(places.to, pipe_read, &pipe, NULL), 0);
                strbuf_done(&pipe.data);
                assert_int_equal(stat(one, &a) | stat(copy, &b) | stat(copy2, &c), 0);
                assert_int_equal(b.st_ino, c.st_ino);
                assert_int_equal(b.st_mode, a.st_mode);
                assert_int_equal(b.st_mtim.tv_sec, -5);
                assert_int_equal(b.st_mtim.tv_nsec, 999999999);
                assert_int_equal(stat(places.to, &b), 0);
                assert_int_equal(b.st_mode & 07777, 0750);
                assert_int_equal(unlink(copy) | unlink(copy2), 0);
        }
        assert_int_equal(path_remove_all(places.top, NULL), 0);
}

static void put_head(StrBuf *to, char kind, const char *name) {
        strbuf_add_char(to, kind);
        strbuf_add_char(to, (char) strlen(name));
        strbuf_add_char(to, 0);
        strbuf_add(to, name);
}

static void put_attributes(StrBuf *to, unsigned mode) {
        char text[4 + 4 + 4 + 12 + 12 + 2] = {(char) mode, (char) (mode >> 8)};
        strbuf_add_data(to, text, sizeof text);
}

/* What no honest sender says. The last byte of a tree is what each of these has in front of it. */
static void test_hostile_trees(void **state) {
        static const struct {
                char kind;
                const char *name;
                unsigned mode;
                const char *rest;
                size_t size;
        } cases[] = {
                {'F', "../out", 0100644, "", 0},
                {'D', "..", 040755, "UU", 2},
                {'D', ".", 040755, "UU", 2},
                {'D', "", 040755, "UU", 2},
                {'F', "a/b", 0100644, "", 0},
                {'S', "x", 0100644, "\0\0\0\0\0\0\0\0U", 9}, /* a file that is no special one */
                {'X', "x", 0100644, "U", 1},
        };
        Places places = make_places();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Pipe pipe = {.piece = 7};
                _cleanup_error_ Error *err = NULL;
                put_head(&pipe.data, 'D', "");
                put_attributes(&pipe.data, 040755);
                put_head(&pipe.data, cases[i].kind, cases[i].name);
                put_attributes(&pipe.data, cases[i].mode);
                strbuf_add_data(&pipe.data, cases[i].rest, cases[i].size);
                assert_int_equal(tree_receive(places.to, pipe_read, &pipe, &err), -1);
                assert_string_equal(error_message(err), "The peer sent a malformed tree");
                strbuf_done(&pipe.data);
        }
        /* a hard link to a file that did not come */
        Pipe pipe = {.piece = 100};
        put_head(&pipe.data, 'D', "");
        put_attributes(&pipe.data, 040755);
        put_head(&pipe.data, 'H', "x");
        strbuf_add_data(&pipe.data, "\1\0\0\0\0\0\0\0U", 9);
        assert_int_equal(tree_receive(places.to, pipe_read, &pipe, NULL), -1);
        strbuf_done(&pipe.data);
        assert_int_equal(rmdir(places.to), 0); /* nothing of it is there */
        assert_int_equal(path_remove_all(places.top, NULL), 0);
}

/* A link that is there before its name is taken for a directory leads nowhere. */
static void test_link_is_not_followed(void **state) {
        Places places = make_places();
        _cleanup_free_ char *trap = path_join(places.to, "trap");
        Pipe pipe = {.piece = 64};
        assert_int_equal(symlink(places.from, trap), 0);
        put_head(&pipe.data, 'D', "");
        put_attributes(&pipe.data, 040755);
        put_head(&pipe.data, 'D', "trap");
        put_attributes(&pipe.data, 040755);
        put_head(&pipe.data, 'L', "x");
        put_attributes(&pipe.data, 0120777);
        strbuf_add_data(&pipe.data, "\1\0yUU", 5);
        assert_int_equal(tree_receive(places.to, pipe_read, &pipe, NULL), -1);
        assert_int_equal(rmdir(places.from), 0); /* still empty */
        strbuf_done(&pipe.data);
        assert_int_equal(path_remove_all(places.top, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_header_comes_back),
                cmocka_unit_test(test_cut_headers),
                cmocka_unit_test(test_control),
                cmocka_unit_test(test_tree_comes_back),
                cmocka_unit_test(test_hostile_trees),
                cmocka_unit_test(test_link_is_not_followed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
