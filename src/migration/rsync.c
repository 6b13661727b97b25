/* rsync with a websocket in the place of its remote shell.
 *
 * The receiver is `rsync --server`, whose standard input and output are the wire. The sender has to
 * be rsync's client, which insists on starting its remote shell itself: that is `berth-helper
 * wire`, which hands its own standard input and output to the daemon over the message socket and
 * waits. */
#include "migration/wire.h"

#include "base/memory.h"
#include "base/text.h"
#include "http/websocket.h"
#include "linux/message.h"
#include "migration/header.h"
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK 65536
#define SHELL_TIMEOUT_MS 10000
#define MESSAGE_FD 3
#define EXIT_VANISHED 24

/* A process that talks rsync's protocol. */
typedef struct Talk {
        const MigrationWire *wire;
        Process process;
        int in, out; /* what it reads from and writes to; blocking */
        int errors;  /* its standard error, a memory file */
        int shell;   /* the helper's message socket, of a sender: it ends with it */
        bool sends;
        uint64_t moved;
        bool cut; /* the peer was gone before it had ended its side */
} Talk;

static void talk_done(Talk *talk) {
        fd_close(&talk->in);
        fd_close(&talk->out);
        fd_close(&talk->shell);
        process_done(&talk->process);
        fd_close(&talk->errors);
}

static void count(Talk *talk, size_t bytes) {
        talk->moved += bytes;
        if (talk->wire->progress != NULL)
                talk->wire->progress(talk->wire->userdata, talk->moved);
}

/* Program -> socket, up to its end. */
static void *pump_out(void *userdata) {
        Talk *talk = userdata;
        _cleanup_free_ char *block = mem_alloc(CHUNK);
        for (;;) {
                ssize_t got = read(talk->out, block, CHUNK);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0 || ws_send(talk->wire->socket, WS_BINARY, block, (size_t) got, NULL) <
                                        0)
                        break;
                if (talk->sends)
                        count(talk, (size_t) got);
        }
        (void) !ws_send(talk->wire->socket, WS_TEXT, "", 0, NULL);
        fd_close(&talk->out); /* a program that still writes gets SIGPIPE */
        return NULL;
}

/* Socket -> program, up to the peer's end. What the program does not take any more is dropped: the
 * next transfer begins behind the peer's end. */
static void pump_in(Talk *talk) {
        for (;;) {
                _cleanup_strbuf_ StrBuf message = {};
                WebSocketType type;
                if (ws_receive(talk->wire->socket, -1, &type, &message, NULL) < 0 ||
                    type == WS_CLOSE) {
                        talk->cut = true;
                        break;
                }
                if (type == WS_TEXT)
                        break;
                size_t done = 0;
                while (talk->in >= 0 && done < message.length) {
                        ssize_t put = write(talk->in, message.data + done, message.length - done);
                        if (put > 0)
                                done += (size_t) put;
                        else if (errno != EINTR)
                                fd_close(&talk->in);
                }
                if (!talk->sends)
                        count(talk, message.length);
        }
        /* rsync closes nothing before its remote shell has ended. */
        fd_close(&talk->in);
        fd_close(&talk->shell);
}

static char *last_words(int fd) {
        char text[4096];
        ssize_t size = pread(fd, text, sizeof text - 1, 0);
        text[MAX_OF(size, (ssize_t) 0)] = '\0';
        return str_trim(text);
}

static int converse(Talk *talk, Error **err) {
        pthread_t thread;
        ProcessExit end;
        if (pthread_create(&thread, NULL, pump_out, talk) != 0)
                return error_set(err, ERROR_SYSTEM, EAGAIN, "Failed to start a migration's thread");
        pump_in(talk);
        (void) pthread_join(thread, NULL);
        if (process_wait(&talk->process, -1, &end, err) < 0)
                return -1;
        if (end.code == 0 || (end.code == EXIT_VANISHED && talk->wire->allow_inconsistent))
                return 0;
        if (talk->cut)
                return error_set(err, ERROR_UNAVAILABLE, ECONNRESET,
                                 "The connection to the other server was lost");
        _cleanup_free_ char *words = last_words(talk->errors);
        return error_set(err, ERROR_SYSTEM, 0, "rsync failed with code %d: %s", end.code, words);
}

static void add_features(StrList *arguments, unsigned features) {
        if ((features & RSYNC_XATTRS) != 0) {
                strlist_add(arguments, "--xattrs");
                strlist_add(arguments, "--filter=-x security.selinux");
        }
        if ((features & RSYNC_DELETE) != 0)
                strlist_add(arguments, "--delete");
        if ((features & RSYNC_COMPRESS) != 0) {
                strlist_add(arguments, "--compress");
                strlist_add(arguments, "--compress-level=2");
        }
}

static void add_all(StrList *arguments, const char *const *items, size_t count) {
        for (size_t i = 0; i < count; i++)
                strlist_add(arguments, items[i]);
}

static int open_errors(Talk *talk, Error **err) {
        talk->errors = memfd_create("rsync", MFD_CLOEXEC);
        return talk->errors < 0 ? error_errno(err, errno, "Failed to make a memory file") : 0;
}

static int spawn(Talk *talk, const StrList *arguments, const SpawnFd *fds, size_t count,
                 Error **err) {
        const char **argv = (const char **) mem_new_array(const char *, arguments->count + 1);
        for (size_t i = 0; i < arguments->count; i++)
                argv[i] = arguments->items[i];
        const SpawnSpec spec = {.argv = argv, .fds = fds, .fd_count = count};
        int result = process_spawn(&spec, &talk->process, err);
        free(argv);
        return result;
}

/* The client's side. The paths of a remote side are never looked at. */
static int start_sender(Talk *talk, const char *path, Error **err) {
        static const char *const common[] = {"rsync",         "-ar",       "--devices",
                                             "--numeric-ids", "--partial", "--sparse",
                                             "--exclude=/.berth"};
        static const char *const exact[] = {"--hard-links", "--acls"};
        const MigrationWire *wire = talk->wire;
        _cleanup_strlist_ StrList arguments = {};
        _cleanup_message_ Message message = {.text = NULL};
        int pair[2];
        add_all(&arguments, common, ARRAY_SIZE(common));
        if (wire->exact)
                add_all(&arguments, exact, ARRAY_SIZE(exact));
        if (!str_is_empty(wire->bandwidth))
                strlist_printf(&arguments, "--bwlimit=%s", wire->bandwidth);
        add_features(&arguments, wire->rsync);
        strlist_printf(&arguments, "--rsh='%s' wire", wire->helper);
        strlist_printf(&arguments, "%s/", path);
        strlist_add(&arguments, "localhost:/");
        if (open_errors(talk, err) < 0 || message_pair(pair, err) < 0)
                return -1;
        talk->shell = pair[0];
        talk->sends = true;
        const SpawnFd fds[] = {{talk->errors, 2}, {pair[1], MESSAGE_FD}};
        int result = spawn(talk, &arguments, fds, ARRAY_SIZE(fds), err);
        fd_close(&pair[1]);
        if (result < 0 || message_receive(talk->shell, SHELL_TIMEOUT_MS, &message, err) < 0)
                return -1;
        talk->out = message_take_fd(&message, 0);
        talk->in = message_take_fd(&message, 1);
        if (talk->in < 0 || talk->out < 0) {
                _cleanup_free_ char *words = last_words(talk->errors);
                return error_set(err, ERROR_SYSTEM, 0, "rsync did not start: %s", words);
        }
        return 0;
}

static int start_receiver(Talk *talk, const char *path, Error **err) {
        /* The window: times that differ within a second differ. */
        static const char *const common[] = {"--numeric-ids", "--devices", "--partial", "--sparse",
                                             "--modify-window=-1"};
        const MigrationWire *wire = talk->wire;
        _cleanup_strlist_ StrList arguments = {};
        int in[2] = {-1, -1}, out[2] = {-1, -1}, result = -1;
        strlist_add(&arguments, "rsync");
        strlist_add(&arguments, "--server");
        /* What follows the e are abilities of the sender: of any rsync, or of one like ours. */
        strlist_add(&arguments, wire->exact ? "-vlHogDtpAre.iLsfxCIvu" : "-vlogDtpre.iLsfx");
        add_all(&arguments, common, ARRAY_SIZE(common));
        add_features(&arguments, wire->rsync);
        strlist_add(&arguments, ".");
        strlist_printf(&arguments, "%s/", path);
        if (open_errors(talk, err) < 0)
                return -1;
        if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
                error_errno(err, errno, "Failed to make pipes");
        } else {
                const SpawnFd fds[] = {{in[0], 0}, {out[1], 1}, {talk->errors, 2}};
                result = spawn(talk, &arguments, fds, ARRAY_SIZE(fds), err);
        }
        fd_close(&in[0]);
        fd_close(&out[1]);
        talk->in = in[1];
        talk->out = out[0];
        return result;
}

static int run(const MigrationWire *wire, const char *path,
               int (*start)(Talk *talk, const char *path, Error **err), Error **err) {
        _cleanup_(talk_done) Talk talk = {.wire = wire,
                                          .process = PROCESS_NONE,
                                          .in = -1,
                                          .out = -1,
                                          .errors = -1,
                                          .shell = -1};
        return start(&talk, path, err) < 0 ? -1 : converse(&talk, err);
}

int migration_rsync_send(const MigrationWire *wire, const char *path, Error **err) {
        return run(wire, path, start_sender, err);
}

int migration_rsync_receive(const MigrationWire *wire, const char *path, Error **err) {
        return run(wire, path, start_receiver, err);
}
