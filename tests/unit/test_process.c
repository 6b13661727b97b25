#include "process/spawn.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/times.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static void test_run_captures_both_streams(void **state) {
        _cleanup_error_ Error *err = NULL;
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {.code = 0}};
        SpawnSpec spec = {.argv = SPAWN_ARGV("sh", "-c", "echo out; echo bad >&2; exit 7")};
        assert_int_equal(spawn_run(&spec, NULL, &output, &err), 0);
        assert_int_equal(output.exit.code, 7);
        assert_string_equal(output.out.data, "out\n");
        assert_string_equal(output.errors.data, "bad\n");
}

static void test_run_feeds_input_and_limits_output(void **state) {
        _cleanup_error_ Error *err = NULL;
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {.code = 0}};
        char *input = mem_alloc(300000);
        memset(input, 'x', 300000);
        SpawnSpec spec = {.argv = SPAWN_ARGV("cat")};
        SpawnLimits limits = {.input = input, .input_size = 300000, .output_limit = 1000};
        assert_int_equal(spawn_run(&spec, &limits, &output, &err), 0);
        assert_int_equal(output.exit.code, 0);
        assert_int_equal(output.out.length, 1000);
        free(input);
}

static void test_run_ends_in_time(void **state) {
        _cleanup_error_ Error *err = NULL;
        SpawnOutput output;
        SpawnSpec spec = {.argv = SPAWN_ARGV("sleep", "60")};
        SpawnLimits limits = {.timeout_ms = 50};
        int64_t start = time_monotonic_ns();
        assert_int_equal(spawn_run(&spec, &limits, &output, &err), -1);
        assert_int_equal(err->kind, ERROR_TIMEOUT);
        assert_true(time_monotonic_ns() - start < 10 * NS_PER_SECOND);
}

static void test_run_does_not_wait_for_grandchildren(void **state) {
        _cleanup_error_ Error *err = NULL;
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {.code = 0}};
        SpawnSpec spec = {.argv = SPAWN_ARGV("sh", "-c", "sleep 5 & echo done")};
        int64_t start = time_monotonic_ns();
        assert_int_equal(spawn_run(&spec, NULL, &output, &err), 0);
        assert_string_equal(output.out.data, "done\n");
        assert_true(time_monotonic_ns() - start < 4 * NS_PER_SECOND);
}

static void test_checked_says_why(void **state) {
        _cleanup_error_ Error *err = NULL;
        static const char script[] = "echo first >&2; echo 'no space' >&2; exit 3";
        SpawnSpec spec = {.argv = SPAWN_ARGV("sh", "-c", script)};
        assert_int_equal(spawn_run_checked(&spec, NULL, NULL, &err), -1);
        assert_non_null(strstr(err->message, "exit status 3: no space"));
        error_free(TAKE_PTR(err));

        _cleanup_free_ char *text = NULL;
        SpawnSpec good = {.argv = SPAWN_ARGV("printf", "a\\nb\\n\\n")};
        assert_int_equal(spawn_run_checked(&good, NULL, &text, &err), 0);
        assert_string_equal(text, "a\nb");
}

static void test_missing_program(void **state) {
        _cleanup_error_ Error *err = NULL;
        SpawnSpec spec = {.argv = SPAWN_ARGV("/nonexistent/program")};
        Process process;
        assert_int_equal(process_spawn(&spec, &process, &err), -1);
        assert_int_equal(err->kind, ERROR_NOT_FOUND);
}

/* Fds that swap places. */
static void test_fd_map(void **state) {
        _cleanup_error_ Error *err = NULL;
        int a[2], b[2];
        assert_int_equal(pipe(a), 0); /* inheritable on purpose */
        assert_int_equal(pipe(b), 0);
        SpawnFd fds[] = {{.from = a[1], .to = b[1]}, {.from = b[1], .to = a[1]}};
        _cleanup_free_ char *script = str_printf("echo to-b >&%d; echo to-a >&%d", a[1], b[1]);
        SpawnSpec spec = {.argv = SPAWN_ARGV("sh", "-c", script), .fds = fds, .fd_count = 2};
        ProcessExit end;
        _cleanup_process_ Process process = PROCESS_NONE;
        if (a[1] > 9 || b[1] > 9)
                skip(); /* the shell's redirections have one digit */
        assert_int_equal(process_spawn(&spec, &process, &err), 0);
        assert_int_equal(process_wait(&process, -1, &end, &err), 0);
        (void) close(a[1]);
        (void) close(b[1]);
        char text[64] = "";
        assert_true(read(a[0], text, sizeof(text) - 1) > 0);
        assert_string_equal(text, "to-a\n");
        memset(text, 0, sizeof(text));
        assert_true(read(b[0], text, sizeof(text) - 1) > 0);
        assert_string_equal(text, "to-b\n");
        (void) close(a[0]);
        (void) close(b[0]);
}

/* An fd without O_CLOEXEC, as a library may leave one, does not arrive. */
static void test_leaked_fds_are_closed(void **state) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int leak = fcntl(0, F_DUPFD, 20);
        SpawnSpec spec = {.argv = SPAWN_ARGV("ls", "/proc/self/fd")};
        assert_int_equal(spawn_run_checked(&spec, NULL, &text, NULL), 0);
        assert_string_equal(text, "0\n1\n2\n3"); /* 3 is the directory that ls reads */
}

static void test_environment_directory_and_session(void **state) {
        _cleanup_error_ Error *err = NULL;
        _cleanup_free_ char *text = NULL;
        static const char script[] = "echo $A $B; pwd; cut -d' ' -f6 /proc/$$/stat; echo $$";
        SpawnSpec spec = {.argv = SPAWN_ARGV("/bin/sh", "-c", script),
                          .environment = SPAWN_ARGV("A=1", "PATH=/bin:/usr/bin"),
                          .directory = "/usr", .new_session = true};
        assert_int_equal(spawn_run_checked(&spec, NULL, &text, &err), 0);
        _cleanup_strlist_ StrList lines = {};
        strlist_split(&lines, text, "\n", false);
        assert_string_equal(lines.items[0], "1");
        assert_string_equal(lines.items[1], "/usr");
        assert_string_equal(lines.items[2], lines.items[3]);
}

static void test_wait_times_out_and_signal_ends(void **state) {
        _cleanup_error_ Error *err = NULL;
        SpawnSpec spec = {.argv = SPAWN_ARGV("sleep", "60")};
        _cleanup_process_ Process process = PROCESS_NONE;
        ProcessExit end;
        assert_int_equal(process_spawn(&spec, &process, &err), 0);
        assert_int_equal(process_wait(&process, 10, &end, &err), -1);
        assert_int_equal(err->kind, ERROR_TIMEOUT);
        error_free(TAKE_PTR(err));
        assert_int_equal(process_signal(&process, SIGTERM, &err), 0);
        assert_int_equal(process_wait(&process, 5000, &end, &err), 0);
        assert_int_equal(end.signal, SIGTERM);
        assert_int_equal(end.code, 128 + SIGTERM);
}

static void test_recorder_and_quoting(void **state) {
        SpawnRecorder recorder;
        spawn_recorder_init(&recorder);
        _cleanup_spawn_output_ SpawnOutput output = {.exit = {.code = 0}};
        SpawnSpec spec = {.argv = SPAWN_ARGV("/sbin/mkfs", "-L", "a b", "it's", ""),
                          .hook = &recorder.hook};
        assert_int_equal(spawn_run(&spec, NULL, &output, NULL), 0);
        assert_int_equal(recorder.lines.count, 1);
        assert_string_equal(recorder.lines.items[0], "/sbin/mkfs -L 'a b' 'it'\\''s' ''");
        spawn_recorder_done(&recorder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_run_captures_both_streams),
                cmocka_unit_test(test_run_feeds_input_and_limits_output),
                cmocka_unit_test(test_run_ends_in_time),
                cmocka_unit_test(test_run_does_not_wait_for_grandchildren),
                cmocka_unit_test(test_checked_says_why),
                cmocka_unit_test(test_missing_program),
                cmocka_unit_test(test_fd_map),
                cmocka_unit_test(test_leaked_fds_are_closed),
                cmocka_unit_test(test_environment_directory_and_session),
                cmocka_unit_test(test_wait_times_out_and_signal_ends),
                cmocka_unit_test(test_recorder_and_quoting),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
