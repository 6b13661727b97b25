#include "instance/console.h"

#include "base/files.h"
#include "base/memory.h"
#include "http/websocket.h"
#include "instance/session.h"
#include "instance/streams.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#define CONNECT_TIMEOUT_MS 5000

struct InstanceConsole {
        Instances *instances;
        Instance *instance;
        Session session;
        int terminal, lease;
        uint16_t columns, rows;
};

void instance_console_free(InstanceConsole *console) {
        if (console == NULL)
                return;
        session_done(&console->session);
        fd_close(&console->terminal);
        fd_close(&console->lease);
        instance_free(console->instance);
        free(console);
}

static int check_request(const Instance *instance, const ApiInstanceConsolePost *post,
                         Error **err) {
        if (str_equal(post->type, "vga"))
                return error_set(err, ERROR_UNSUPPORTED, 0,
                                 "VGA console is only supported by virtual machines");
        if (!str_is_empty(post->type) && !str_equal(post->type, "console"))
                return error_set(err, ERROR_INVALID, 0, "Unknown console type \"%s\"", post->type);
        if (!instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is not running");
        if (instance->status == INSTANCE_FROZEN)
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is frozen");
        return 0;
}

int instance_console_new(Instances *instances, const Instance *instance,
                         const ApiInstanceConsolePost *post, InstanceConsole **ret, Error **err) {
        Session session;
        Instance *copy;
        if (check_request(instance, post, err) < 0 ||
            instance_load(instances, instance->row.project, instance->row.name, &copy, err) < 0)
                return -1;
        if (session_init(&session, err) < 0) {
                instance_free(copy);
                return -1;
        }
        InstanceConsole *console = mem_new(InstanceConsole);
        *console = (InstanceConsole) {.instances = instances,
                                      .instance = copy,
                                      .session = session,
                                      .terminal = -1,
                                      .lease = -1,
                                      .columns = (uint16_t) post->width,
                                      .rows = (uint16_t) post->height};
        session_add(&console->session, "0", true);
        session_add(&console->session, "control", true);
        *ret = console;
        return 0;
}

void instance_console_attach(InstanceConsole *console, Operation *operation) {
        operation_set_metadata(operation, "fds", session_fds(&console->session));
}

static int connect_socket(_unused_ Operation *operation, void *userdata, const char *secret,
                          struct HttpExchange *exchange, Error **err) {
        InstanceConsole *console = userdata;
        return session_connect(&console->session, secret, exchange, err);
}

static void resize(const InstanceConsole *console, uint64_t columns, uint64_t rows) {
        if (columns == 0 || rows == 0 || columns > UINT16_MAX || rows > UINT16_MAX)
                return;
        const struct winsize size = {.ws_col = (unsigned short) columns,
                                     .ws_row = (unsigned short) rows};
        (void) ioctl(console->terminal, TIOCSWINSZ, &size);
}

static void on_control(StreamLoop *loop, const char *text, size_t size) {
        InstanceConsole *console = loop->userdata;
        _cleanup_json_ json_t *message = NULL;
        uint64_t columns = 0, rows = 0;
        if (text == NULL) {
                ws_abort(session_socket(&console->session, "0")); /* ends the loop */
                return;
        }
        if (json_parse(text, size, &message, NULL) < 0 ||
            !str_equal(json_string_value(json_object_get(message, "command")), "window-resize"))
                return;
        const json_t *arguments = json_object_get(message, "args");
        if (str_to_uint64(json_string_value(json_object_get(arguments, "width")), &columns) &&
            str_to_uint64(json_string_value(json_object_get(arguments, "height")), &rows))
                resize(console, columns, rows);
}

static int serve(InstanceConsole *console, Error **err) {
        _cleanup_free_ char *config =
                instance_config_file(console->instances, console->instance);
        OutputStream out = {.running = false};
        if (session_wait(&console->session, CONNECT_TIMEOUT_MS, err) < 0 ||
            runtime_console(instances_runtime(console->instances), console->instance->disk_name,
                            config, &console->terminal, &console->lease, err) < 0)
                return -1;
        resize(console, console->columns, console->rows);
        int copy = fcntl(console->terminal, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return error_errno(err, errno, "Failed to duplicate the console");
        /* When the container ends, the stream ends and takes socket "0" with it. */
        if (output_stream_start(&out, session_socket(&console->session, "0"), copy, true,
                                err) < 0)
                return -1;
        StreamLoop loop = {.session = &console->session,
                           .input_fd = console->terminal,
                           .keep_input = true,
                           .process_fd = -1,
                           .control = on_control,
                           .userdata = console};
        stream_loop_run(&loop);
        output_stream_finish(&out);
        return 0;
}

static int run(Operation *operation, void *userdata, Error **err) {
        InstanceConsole *console = userdata;
        instance_emit(console->instances, console->instance, "instance-console",
                      json_pack("{s:s}", "type", "console"), operation_requestor(operation));
        int result = serve(console, err);
        session_close(&console->session);
        fd_close(&console->terminal);
        fd_close(&console->lease);
        return result;
}

static void release(void *userdata) {
        instance_console_free(userdata);
}

const OperationHooks instance_console_hooks = {
        .run = run,
        .connect = connect_socket,
        .release = release,
};

static char *log_file(Instances *instances, const Instance *instance) {
        _cleanup_free_ char *logs = instance_log_directory(instances, instance);
        return path_join(logs, "console.log");
}

int instance_console_log(Instances *instances, const Instance *instance, char **ret_data,
                         size_t *ret_size, Error **err) {
        if (instance_is_running(instance)) {
                _cleanup_free_ char *config = instance_config_file(instances, instance);
                return runtime_console_log(instances_runtime(instances), instance->disk_name,
                                           config, false, ret_data, ret_size, err);
        }
        _cleanup_free_ char *path = log_file(instances, instance);
        if (!path_exists(path)) {
                *ret_data = str_dup("");
                *ret_size = 0;
                return 0;
        }
        return file_read(path, 0, ret_data, ret_size, err);
}

int instance_console_clear(Instances *instances, const Instance *instance, Error **err) {
        _cleanup_free_ char *path = log_file(instances, instance), *data = NULL;
        size_t size;
        if (path_exists(path) && truncate(path, 0) < 0)
                return error_errno(err, errno, "Failed to truncate \"%s\"", path);
        if (!instance_is_running(instance))
                return 0;
        _cleanup_free_ char *config = instance_config_file(instances, instance);
        return runtime_console_log(instances_runtime(instances), instance->disk_name, config, true,
                                   &data, &size, err);
}
