#include "instance/exec.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/units.h"
#include "instance/session.h"
#include "instance/streams.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

#define CONNECT_TIMEOUT_MS 5000

struct InstanceExec {
        Instances *instances;
        Instance *instance;
        StrList command, environment; /* "K=V" */
        StrMap variables;
        char *directory;
        char *config_file;
        uid_t uid;
        gid_t gid;
        uint16_t columns, rows;
        bool websocket, interactive, record;
        Session session;
        RuntimeChild *child;
        int terminal;        /* the pty's master */
        int stdin_fd;        /* our end of the pipe */
        OutputStream out[2]; /* stdout and stderr; a terminal has one */
        bool killed;
};

void instance_exec_free(InstanceExec *exec) {
        if (exec == NULL)
                return;
        runtime_child_free(exec->child);
        session_done(&exec->session);
        fd_close(&exec->terminal);
        fd_close(&exec->stdin_fd);
        strlist_done(&exec->command);
        strlist_done(&exec->environment);
        strmap_done(&exec->variables);
        free(exec->directory);
        free(exec->config_file);
        instance_free(exec->instance);
        free(exec);
}
DEFINE_CLEANUP(InstanceExec, instance_exec, instance_exec_free)

static void set_default(StrMap *variables, const char *name, const char *value) {
        if (!strmap_has(variables, name))
                strmap_set(variables, name, value);
}

static void plan_environment(InstanceExec *exec, const StrMap *asked) {
        const StrMap *config = &exec->instance->config;
        for (size_t i = 0; i < config->count; i++) {
                const char *name = str_after_prefix(config->items[i].key, "environment.");
                if (name != NULL)
                        strmap_set(&exec->variables, name, config->items[i].value);
        }
        strmap_merge(&exec->variables, asked);
        set_default(&exec->variables, "PATH",
                    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        set_default(&exec->variables, "LANG", "C.UTF-8");
        if (exec->uid == 0) {
                set_default(&exec->variables, "HOME", "/root");
                set_default(&exec->variables, "USER", "root");
        }
        for (size_t i = 0; i < exec->variables.count; i++)
                strlist_printf(&exec->environment, "%s=%s", exec->variables.items[i].key,
                               exec->variables.items[i].value);
}

static int check_request(const Instance *instance, const ApiInstanceExecPost *post, Error **err) {
        if (!instance_is_running(instance))
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is not running");
        if (instance->status == INSTANCE_FROZEN)
                return error_set(err, ERROR_BAD_STATE, 0, "Instance is frozen");
        if (post->command.count == 0)
                return error_set(err, ERROR_INVALID, 0, "No command given");
        if (post->user < 0 || post->user > UINT32_MAX || post->group < 0 ||
            post->group > UINT32_MAX)
                return error_set(err, ERROR_INVALID, 0, "\"user\" and \"group\" must be ids");
        return 0;
}

int instance_exec_new(Instances *instances, const Instance *instance,
                      const ApiInstanceExecPost *post, InstanceExec **ret, Error **err) {
        _cleanup_(instance_exec_cleanup) InstanceExec *exec = NULL;
        Session session;
        if (check_request(instance, post, err) < 0 || session_init(&session, err) < 0)
                return -1;
        exec = mem_new(InstanceExec);
        *exec = (InstanceExec) {.instances = instances,
                                .config_file = instance_config_file(instances, instance),
                                .directory = str_is_empty(post->cwd) ? NULL : str_dup(post->cwd),
                                .uid = (uid_t) post->user,
                                .gid = (gid_t) post->group,
                                .columns = (uint16_t) post->width,
                                .rows = (uint16_t) post->height,
                                .websocket = post->wait_for_websocket,
                                .interactive = post->interactive && post->wait_for_websocket,
                                .record = post->record_output && !post->wait_for_websocket,
                                .session = session,
                                .terminal = -1,
                                .stdin_fd = -1};
        if (instance_load(instances, instance->row.project, instance->row.name, &exec->instance,
                          err) < 0)
                return -1;
        strlist_copy(&exec->command, &post->command);
        plan_environment(exec, &post->environment);
        if (exec->websocket) {
                session_add(&exec->session, "control", exec->interactive);
                session_add(&exec->session, "0", true);
                if (!exec->interactive) {
                        session_add(&exec->session, "1", true);
                        session_add(&exec->session, "2", true);
                }
        }
        *ret = TAKE_PTR(exec);
        return 0;
}

bool instance_exec_is_websocket(const InstanceExec *exec) {
        return exec->websocket;
}

void instance_exec_attach(InstanceExec *exec, Operation *operation) {
        if (!exec->websocket)
                return;
        operation_set_metadata(operation, "fds", session_fds(&exec->session));
        operation_set_metadata(operation, "command", json_from_strlist(&exec->command));
        operation_set_metadata(operation, "environment", json_from_strmap(&exec->variables));
        operation_set_metadata(operation, "interactive", json_boolean(exec->interactive));
}

static int connect_socket(_unused_ Operation *operation, void *userdata, const char *secret,
                          struct HttpExchange *exchange, Error **err) {
        InstanceExec *exec = userdata;
        return session_connect(&exec->session, secret, exchange, err);
}

static int spawn(InstanceExec *exec, const int fds[static 3], Error **err) {
        const RuntimeExec spec = {
                .name = exec->instance->disk_name,
                .config_file = exec->config_file,
                .argv = (const char *const *) exec->command.items,
                .environment = (const char *const *) exec->environment.items,
                .directory = exec->directory,
                .uid = exec->uid,
                .gid = exec->gid,
                .fds = {fds[0], fds[1], fds[2]},
                .terminal = exec->interactive,
                .columns = exec->columns,
                .rows = exec->rows,
        };
        return runtime_exec(instances_runtime(exec->instances), &spec, &exec->child,
                            &exec->terminal, err);
}

/* window-resize has numbers as text. */
static void resize(InstanceExec *exec, const json_t *arguments) {
        const char *width = json_string_value(json_object_get(arguments, "width"));
        const char *height = json_string_value(json_object_get(arguments, "height"));
        uint64_t columns = 0, rows = 0;
        if (exec->terminal < 0 || !str_to_uint64(width, &columns) ||
            !str_to_uint64(height, &rows) || columns > UINT16_MAX || rows > UINT16_MAX)
                return;
        const struct winsize size = {.ws_col = (unsigned short) columns,
                                     .ws_row = (unsigned short) rows};
        (void) ioctl(exec->terminal, TIOCSWINSZ, &size);
}

static void on_control(StreamLoop *loop, const char *text, size_t size) {
        InstanceExec *exec = loop->userdata;
        _cleanup_json_ json_t *message = NULL;
        if (text == NULL) { /* the client has gone */
                exec->killed = true;
                (void) !runtime_child_signal(exec->child, SIGKILL, NULL);
                return;
        }
        if (json_parse(text, size, &message, NULL) < 0)
                return;
        const char *command = json_string_value(json_object_get(message, "command"));
        json_int_t number = json_integer_value(json_object_get(message, "signal"));
        if (str_equal(command, "window-resize"))
                resize(exec, json_object_get(message, "args"));
        else if (str_equal(command, "signal") && number > 0 && number < NSIG)
                (void) !runtime_child_signal(exec->child, (int) number, NULL);
}

static void run_streams(InstanceExec *exec) {
        StreamLoop loop = {.session = &exec->session,
                           .keep_input = exec->interactive,
                           .process_fd = runtime_child_fd(exec->child),
                           .control = on_control,
                           .userdata = exec};
        loop.input_fd = exec->interactive ? exec->terminal : TAKE_FD(exec->stdin_fd);
        stream_loop_run(&loop);
        if (!exec->interactive)
                fd_close(&loop.input_fd);
}

static int start_terminal(InstanceExec *exec, Error **err) {
        static const int none[3] = {-1, -1, -1};
        if (spawn(exec, none, err) < 0)
                return -1;
        int copy = fcntl(exec->terminal, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return error_errno(err, errno, "Failed to duplicate the terminal");
        return output_stream_start(&exec->out[0], session_socket(&exec->session, "0"), copy, false,
                                   err);
}

static int start_pipes(InstanceExec *exec, Error **err) {
        int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1};
        int result = -1;
        if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0)
                error_errno(err, errno, "Failed to make pipes");
        else if (stream_set_nonblocking(in[1], err) == 0)
                result = spawn(exec, (const int[]) {in[0], out[1], errors[1]}, err);
        fd_close(&in[0]);
        fd_close(&out[1]);
        fd_close(&errors[1]);
        exec->stdin_fd = TAKE_FD(in[1]);
        if (result == 0)
                result = output_stream_start(&exec->out[0], session_socket(&exec->session, "1"),
                                             TAKE_FD(out[0]), false, err);
        if (result == 0)
                result = output_stream_start(&exec->out[1], session_socket(&exec->session, "2"),
                                             TAKE_FD(errors[0]), false, err);
        fd_close(&out[0]);
        fd_close(&errors[0]);
        return result;
}

static int run_websocket(InstanceExec *exec, int *ret_code, Error **err) {
        if (session_wait(&exec->session, CONNECT_TIMEOUT_MS, err) < 0)
                return -1;
        int result = exec->interactive ? start_terminal(exec, err) : start_pipes(exec, err);
        if (result == 0) {
                run_streams(exec);
                result = runtime_child_wait(exec->child, -1, ret_code, err);
        }
        output_stream_finish(&exec->out[0]);
        output_stream_finish(&exec->out[1]);
        session_close(&exec->session);
        return result;
}

/* The output goes straight into the log files. */
static int run_recorded(InstanceExec *exec, Operation *operation, int *ret_code, Error **err) {
        static const char *const kinds[] = {"stdout", "stderr"};
        _cleanup_free_ char *logs = instance_log_directory(exec->instances, exec->instance);
        _cleanup_free_ char *id = random_uuid();
        _cleanup_json_ json_t *output = json_object();
        _cleanup_close_ int out = -1, errors = -1;
        int *fds[] = {&out, &errors};
        for (size_t i = 0; exec->record && i < ARRAY_SIZE(kinds); i++) {
                _cleanup_free_ char *path = str_printf("%s/exec_%s.%s", logs, id, kinds[i]);
                _cleanup_free_ char *url =
                        str_printf("/1.0/instances/%s/logs/exec_%s.%s", exec->instance->row.name,
                                   id, kinds[i]);
                *fds[i] = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
                if (*fds[i] < 0)
                        return error_errno(err, errno, "Failed to create \"%s\"", path);
                json_object_set_new(output, i == 0 ? "1" : "2", json_string(url));
        }
        if (spawn(exec, (const int[]) {-1, out, errors}, err) < 0 ||
            runtime_child_wait(exec->child, -1, ret_code, err) < 0)
                return -1;
        if (exec->record)
                operation_set_metadata(operation, "output", json_incref(output));
        return 0;
}

static int run(Operation *operation, void *userdata, Error **err) {
        InstanceExec *exec = userdata;
        int code = -1;
        json_t *context = json_pack("{s:o}", "command", json_from_strlist(&exec->command));
        instance_emit(exec->instances, exec->instance, "instance-exec", context,
                      operation_requestor(operation));
        if ((exec->websocket ? run_websocket(exec, &code, err)
                             : run_recorded(exec, operation, &code, err)) < 0)
                return -1;
        operation_set_metadata(operation, "return", json_integer(code));
        /* A shell that says the same of its command is taken for it, as LXD does. */
        if (code == 127)
                return error_set(err, ERROR_NOT_FOUND, 0, "Command not found");
        if (code == 126)
                return error_set(err, ERROR_INVALID, 0, "Command not executable");
        return 0;
}

static void release(void *userdata) {
        instance_exec_free(userdata);
}

const OperationHooks instance_exec_hooks = {
        .run = run,
        .connect = connect_socket,
        .release = release,
};
