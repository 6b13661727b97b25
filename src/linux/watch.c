#include "linux/watch.h"

#include "base/files.h"
#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/inotify.h>

#define INTERESTING \
        (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR)

typedef struct WatchedDirectory {
        int descriptor;
        char *path;
} WatchedDirectory;

struct PathWatch {
        pthread_mutex_t lock;
        char *root;
        int fd;
        StrList paths;
        WatchedDirectory *directories;
        size_t count, capacity;
};

int pathwatch_new(const char *root, PathWatch **ret, Error **err) {
        int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (fd < 0)
                return error_errno(err, errno, "Failed to watch \"%s\"", root);
        PathWatch *watch = mem_new(PathWatch);
        pthread_mutex_init(&watch->lock, NULL);
        watch->root = str_dup(root);
        watch->fd = fd;
        *ret = watch;
        return 0;
}

static void drop_directory(PathWatch *watch, size_t index) {
        free(watch->directories[index].path);
        watch->directories[index] = watch->directories[--watch->count];
}

void pathwatch_free(PathWatch *watch) {
        if (watch == NULL)
                return;
        while (watch->count > 0)
                drop_directory(watch, watch->count - 1);
        free(watch->directories);
        strlist_done(&watch->paths);
        fd_close(&watch->fd);
        free(watch->root);
        pthread_mutex_destroy(&watch->lock);
        free(watch);
}

int pathwatch_fd(const PathWatch *watch) {
        return watch->fd;
}

static bool is_below(const char *path, const char *directory) {
        const char *rest = str_after_prefix(path, directory);
        return rest != NULL && *rest == '/';
}

/* An inode has one descriptor, whatever its name is by now: the latest name counts. */
static void watch_directory(PathWatch *watch, const char *path) {
        int descriptor = inotify_add_watch(watch->fd, path, INTERESTING);
        if (descriptor < 0)
                return; /* it does not exist: its parent is watched */
        for (size_t i = 0; i < watch->count; i++)
                if (watch->directories[i].descriptor == descriptor) {
                        if (!str_equal(watch->directories[i].path, path))
                                str_replace(&watch->directories[i].path, str_dup(path));
                        return;
                }
        mem_grow((void **) &watch->directories, &watch->capacity, watch->count + 1,
                 sizeof *watch->directories);
        watch->directories[watch->count++] =
                (WatchedDirectory) {.descriptor = descriptor, .path = str_dup(path)};
}

/* From the root down, so that nothing that appears meanwhile is missed. */
static void watch_parents(PathWatch *watch, const char *path) {
        if (!is_below(path, watch->root))
                return;
        size_t length = strlen(watch->root);
        while (path[length] == '/') {
                _cleanup_free_ char *directory = str_ndup(path, length);
                watch_directory(watch, directory);
                length += 1 + strcspn(path + length + 1, "/");
        }
}

static bool is_needed(const PathWatch *watch, const char *directory) {
        for (size_t i = 0; i < watch->paths.count; i++)
                if (is_below(watch->paths.items[i], directory))
                        return true;
        return false;
}

static void watch_all(PathWatch *watch) {
        for (size_t i = 0; i < watch->paths.count; i++)
                watch_parents(watch, watch->paths.items[i]);
}

void pathwatch_set(PathWatch *watch, const StrList *paths) {
        pthread_mutex_lock(&watch->lock);
        strlist_copy(&watch->paths, paths);
        for (size_t i = watch->count; i-- > 0;)
                if (!is_needed(watch, watch->directories[i].path)) {
                        (void) inotify_rm_watch(watch->fd, watch->directories[i].descriptor);
                        drop_directory(watch, i);
                }
        watch_all(watch);
        pthread_mutex_unlock(&watch->lock);
}

/* Everything at or below the name that changed. */
static void take_event(PathWatch *watch, const struct inotify_event *event, StrList *changed) {
        size_t i = 0;
        while (i < watch->count && watch->directories[i].descriptor != event->wd)
                i++;
        if (i == watch->count && (event->mask & IN_Q_OVERFLOW) == 0)
                return;
        if (event->mask & IN_IGNORED) {
                drop_directory(watch, i);
                return;
        }
        _cleanup_free_ char *path = event->mask & IN_Q_OVERFLOW ? str_dup(watch->root)
                                    : event->len > 0
                                            ? path_join(watch->directories[i].path, event->name)
                                            : str_dup(watch->directories[i].path);
        for (size_t p = 0; p < watch->paths.count; p++) {
                const char *watched = watch->paths.items[p];
                if ((str_equal(watched, path) || is_below(watched, path)) &&
                    !strlist_has(changed, watched))
                        strlist_add(changed, watched);
        }
}

void pathwatch_read(PathWatch *watch, StrList *ret_paths) {
        _Alignas(struct inotify_event) char buffer[16384];
        ssize_t size;
        pthread_mutex_lock(&watch->lock);
        while ((size = read(watch->fd, buffer, sizeof buffer)) > 0)
                for (ssize_t at = 0; at < size;) {
                        const struct inotify_event *event = (const void *) (buffer + at);
                        take_event(watch, event, ret_paths);
                        at += (ssize_t) (sizeof *event + event->len);
                }
        if (ret_paths->count > 0)
                watch_all(watch);
        pthread_mutex_unlock(&watch->lock);
}
