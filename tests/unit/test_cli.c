/* The command tables, told generically, and what needs no server: the command line, aliases, help,
 * lists and filters. */
#include "cli/alias.h"
#include "cli/commands/list.h"
#include "cli/document.h"
#include "cli/fields.h"
#include "cli/help.h"
#include "cli/parse.h"

#include "base/files.h"
#include "base/memory.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>


/* --- tables --- */

static void check_options(const Command *command, const Option *options) {
        for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
                const Option *option = &options[i];
                assert_non_null(option->help);
                assert_true(option->help[0] != '\0');
                assert_true(option->help[strlen(option->help) - 1] != '.');
                assert_int_equal(option->type == OPTION_FLAG, option->value == NULL);
                assert_ptr_equal(command_option(command, option->name), option);
                if (option->letter != 0)
                        assert_ptr_equal(command_option_letter(command, option->letter), option);
        }
}

static int check_command(const CommandPath *path, void *userdata, Error **err) {
        const Command *command = path->levels[path->depth - 1];
        size_t *count = userdata;
        (*count)++;
        assert_non_null(command->name);
        assert_non_null(command->summary);
        assert_true(strlen(command->summary) > 0 && strlen(command->summary) < 75);
        assert_true(command->summary[strlen(command->summary) - 1] != '.');
        assert_true((command->run != NULL) != (command->subcommands != NULL));
        assert_true(command->maximum == COMMAND_UNLIMITED || command->minimum <= command->maximum);
        assert_true(command->maximum == 0 || command->arguments != NULL);
        check_options(command, command->options);
        if (path->depth > 1)
                assert_ptr_equal(command_find(path->levels[path->depth - 2], command->name),
                                 command);
        return 0;
}

static void test_tables(void **state) {
        const CommandPath root = {.levels = {&command_root}, .depth = 1};
        size_t count = 0;
        assert_int_equal(command_walk(&root, check_command, &count, NULL), 0);
        assert_true(count > 180);
        check_options(&command_root, command_global_options);
}

static int check_aliases(const CommandPath *path, void *userdata, Error **err) {
        const Command *command = path->levels[path->depth - 1];
        _cleanup_strlist_ StrList aliases = {};
        if (path->depth == 1 || command->aliases == NULL)
                return 0;
        strlist_split(&aliases, command->aliases, " ", true);
        for (size_t i = 0; i < aliases.count; i++)
                assert_ptr_equal(command_find(path->levels[path->depth - 2], aliases.items[i]),
                                 command);
        return 0;
}

static void test_aliases_resolve(void **state) {
        const CommandPath root = {.levels = {&command_root}, .depth = 1};
        assert_int_equal(command_walk(&root, check_aliases, NULL, NULL), 0);
}

static int check_help(const CommandPath *path, void *userdata, Error **err) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        const Command *command = path->levels[path->depth - 1];
        help_print(out, path, true, false);
        fclose(out);
        assert_non_null(strstr(text, "Usage: berth"));
        assert_non_null(strstr(text, command->summary));
        for (size_t i = 0; command->options != NULL && command->options[i].name != NULL; i++)
                assert_non_null(strstr(text, command->options[i].name));
        for (const char *line = text; *line != '\0';) {
                size_t length = strcspn(line, "\n");
                if (length > HELP_WIDTH)
                        print_error("%.*s\n", (int) length, line);
                assert_true(length <= HELP_WIDTH);
                line += length + (line[length] == '\n');
        }
        free(text);
        return 0;
}

static void test_help_width(void **state) {
        const CommandPath root = {.levels = {&command_root}, .depth = 1};
        assert_int_equal(command_walk(&root, check_help, NULL, NULL), 0);
}

/* --- the command line --- */

typedef struct Run {
        Cli cli;
        Error *err;
        int result;
} Run;

static Run parse(const char *line) {
        Run run = {};
        _cleanup_strlist_ StrList words = {};
        strlist_split(&words, line, " ", true);
        run.result = cli_parse(&run.cli, &words, &run.err);
        return run;
}

static void run_done(Run *run) {
        strlist_done(&run->cli.arguments);
        table_free(run->cli.options);
        error_free(run->err);
}

static void test_options_anywhere(void **state) {
        static const char *const lines[] = {
                "list --format csv web -c ns", "list web --format=csv -cns", "list web -fcsv -c=ns",
                "--quiet list -f csv --columns ns web", "ls web -f csv --columns=ns"};
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                Run run = parse(lines[i]);
                assert_int_equal(run.result, 0);
                assert_string_equal(cli_text(&run.cli, "format"), "csv");
                assert_string_equal(cli_text(&run.cli, "columns"), "ns");
                assert_int_equal(cli_count(&run.cli), 1);
                assert_string_equal(cli_argument(&run.cli, 0), "web");
                run_done(&run);
        }
}

static void test_double_dash(void **state) {
        Run run = parse("exec c1 --cwd /tmp -- ls -l --format");
        assert_int_equal(run.result, 0);
        assert_int_equal(cli_count(&run.cli), 4);
        assert_string_equal(cli_argument(&run.cli, 3), "--format");
        assert_string_equal(cli_text(&run.cli, "cwd"), "/tmp");
        run_done(&run);
}

static void test_values(void **state) {
        Run run = parse("launch bb c1 -c a=b --config c=d --console -e");
        assert_int_equal(run.result, 0);
        assert_int_equal(cli_list(&run.cli, "config")->count, 2);
        assert_string_equal(cli_text(&run.cli, "console"), "console");
        assert_true(cli_flag(&run.cli, "ephemeral"));
        assert_false(cli_flag(&run.cli, "empty"));
        run_done(&run);
        run = parse("launch bb c1 --console=vga --ephemeral=false");
        assert_string_equal(cli_text(&run.cli, "console"), "vga");
        assert_false(cli_flag(&run.cli, "ephemeral"));
        run_done(&run);
        run = parse("stop c1");
        assert_int_equal(cli_number(&run.cli, "timeout"), -1);
        assert_false(cli_given(&run.cli, "timeout"));
        run_done(&run);
}

static void expect_error(const char *line, const char *part) {
        Run run = parse(line);
        assert_int_equal(run.result, -1);
        if (strstr(error_message(run.err), part) == NULL)
                print_error("%s: %s\n", line, error_message(run.err));
        assert_non_null(strstr(error_message(run.err), part));
        run_done(&run);
}

static void test_wrong_lines(void **state) {
        expect_error("lis", "list");
        expect_error("lanuch bb", "launch");
        expect_error("config foo", "unknown command \"foo\" for \"berth config\"");
        expect_error("list --foo", "unknown flag: --foo");
        expect_error("list -Q", "unknown shorthand flag: 'Q' in -Q");
        expect_error("exec c1 ls -l", "put -- before the program");
        expect_error("list --format", "flag needs an argument: --format");
        expect_error("list -c", "flag needs an argument: -c");
        expect_error("exec --user x c1 ls", "invalid argument \"x\" for \"--user\" flag");
        expect_error("exec --user -1 c1 ls", "invalid argument \"-1\" for \"--user\" flag");
        expect_error("list --fast=maybe", "invalid argument \"maybe\" for \"--fast\" flag");
}

static void test_counts(void **state) {
        static const struct {
                const char *line;
                int result;
        } lines[] = {{"profile rename a", -1},  {"profile rename a b", 0}, {"profile show a b", -1},
                     {"delete a b c", 0},       {"delete", -1},            {"list", 0},
                     {"profile list r: x", -1}, {"config get a", 0}};
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                Run run = parse(lines[i].line);
                assert_int_equal(run.result, 0);
                assert_int_equal(cli_check_count(&run.cli, NULL), lines[i].result);
                run_done(&run);
        }
}

static void test_pairs(void **state) {
        _cleanup_strmap_ StrMap map = {};
        Run run = parse("config set c1 a=b c=d=e f=");
        assert_int_equal(cli_pairs(&run.cli, 1, true, &map, NULL), 0);
        assert_string_equal(strmap_get(&map, "c"), "d=e");
        assert_string_equal(strmap_get(&map, "f"), "");
        run_done(&run);
        strmap_done(&map);
        map = (StrMap){};
        run = parse("config set c1 a b");
        assert_int_equal(cli_pairs(&run.cli, 1, true, &map, NULL), 0);
        assert_string_equal(strmap_get(&map, "a"), "b");
        assert_int_equal(cli_pairs(&run.cli, 1, false, &(StrMap){}, NULL), -1);
        run_done(&run);
}

/* --- aliases --- */

static void expect_alias(const char *line, const char *expected) {
        _cleanup_strmap_ StrMap aliases = {};
        _cleanup_strlist_ StrList words = {};
        _cleanup_free_ char *joined = NULL;
        strmap_set(&aliases, "ll", "list -c 'n s'");
        strmap_set(&aliases, "as web", "exec @ARGS@ -- su -l web");
        strmap_set(&aliases, "as", "exec @ARGS@ -- su -l");
        strlist_split(&words, line, " ", true);
        assert_int_equal(alias_expand(&aliases, &words, NULL), 0);
        joined = strlist_join(&words, "|");
        assert_string_equal(joined, expected);
}

static void test_alias(void **state) {
        _cleanup_strmap_ StrMap aliases = {};
        _cleanup_strlist_ StrList words = {};
        expect_alias("ll -f csv", "list|-c|n s|-f|csv");
        expect_alias("--debug ll", "--debug|list|-c|n s");
        expect_alias("as c1", "exec|c1|--|su|-l");
        expect_alias("as web c1", "exec|c1|--|su|-l|web");
        expect_alias("list ll", "list|ll");
        strmap_set(&aliases, "bad", "list 'open");
        strlist_add(&words, "bad");
        assert_int_equal(alias_expand(&aliases, &words, NULL), -1);
}

/* --- lists --- */

static char *capture(const Output *output, const char *format) {
        char path[] = "/tmp/berth-test-cli-XXXXXX", *text = NULL;
        int fd = mkstemp(path), before = dup(STDOUT_FILENO);
        assert_true(fd >= 0 && before >= 0);
        fflush(stdout);
        assert_true(dup2(fd, STDOUT_FILENO) >= 0);
        assert_int_equal(output_print(output, format, NULL, NULL), 0);
        fflush(stdout);
        assert_true(dup2(before, STDOUT_FILENO) >= 0);
        close(before);
        close(fd);
        assert_int_equal(file_read(path, 0, &text, NULL, NULL), 0);
        unlink(path);
        return text;
}

static void expect_output(const Output *output, const char *format, const char *expected) {
        _cleanup_free_ char *text = capture(output, format);
        assert_string_equal(text, expected);
}

static void test_output(void **state) {
        _cleanup_output_ Output output = {};
        output_header(&output, "NAME");
        output_header(&output, "user.x");
        output_cells(&output, "web", "a \"b\", c", NULL);
        output_cells(&output, "", "one\ntwo", NULL);
        output_cells(&output, "db", "", NULL);
        output_sort(&output);
        expect_output(&output, "csv", "db,\nweb,\"a \"\"b\"\", c\"\n,\"one\ntwo\"\n");
        expect_output(&output, "table",
                      "+------+----------+\n"
                      "| NAME |  USER X  |\n"
                      "+------+----------+\n"
                      "| db   |          |\n"
                      "+------+----------+\n"
                      "| web  | a \"b\", c |\n"
                      "+------+----------+\n"
                      "|      | one      |\n"
                      "|      | two      |\n"
                      "+------+----------+\n");
        expect_output(&output, "compact",
                      "  NAME   USER X   \n"
                      "  db              \n"
                      "  web   a \"b\", c  \n"
                      "        one       \n"
                      "        two       \n");
        assert_int_equal(output_print(&output, "html", NULL, NULL), -1);
        assert_int_equal(output_width("gr\xc3\xbc\xc3\x9f"), 4);
}

static void test_list_columns(void **state) {
        ListColumns columns = {};
        _cleanup_error_ Error *err = NULL;
        assert_int_equal(list_columns_parse(LIST_COLUMNS, false, &columns, NULL), 0);
        assert_int_equal(columns.count, 6);
        assert_true(columns.needs_state);
        list_columns_done(&columns);
        assert_int_equal(list_columns_parse("nsacPt", false, &columns, NULL), 0);
        assert_false(columns.needs_state);
        list_columns_done(&columns);
        assert_int_equal(
                list_columns_parse("n,user.x:X:3,devices:eth0.parent", true, &columns, NULL), 0);
        assert_int_equal(columns.count, 3);
        assert_string_equal(columns.items[1].header, "X");
        assert_int_equal(columns.items[1].width, 3);
        assert_true(columns.items[2].device);
        list_columns_done(&columns);
        assert_int_equal(list_columns_parse("nz", false, &columns, &err), -1);
        assert_string_equal(error_message(err), "Unknown column shorthand char 'z' in 'nz'");
        assert_int_equal(list_columns_parse("n,,s", false, &columns, NULL), -1);
        assert_int_equal(list_columns_parse("nL", false, &columns, NULL), -1);
}

static bool passes(const json_t *instance, const char *filter) {
        _cleanup_strlist_ StrList filters = {};
        strlist_split(&filters, filter, " ", true);
        return list_filter_matches(&filters, instance);
}

static void test_list_filters(void **state) {
        json_t *instance = json_pack(
                "{s:s,s:s,s:s,s:{s:s,s:s},s:{s:{s:{s:[{s:s,s:s}]}}}}", "name", "web1", "status",
                "Running", "type", "container", "expanded_config", "user.role", "front", "image.os",
                "debian", "state", "network", "eth0", "addresses", "family", "inet", "address",
                "10.1.2.3");
        assert_non_null(instance);
        assert_true(passes(instance, "web"));
        assert_true(passes(instance, "w.*1"));
        assert_true(passes(instance, "1$"));
        assert_false(passes(instance, "eb"));
        assert_true(passes(instance, "status=running"));
        assert_true(passes(instance, "status=stopped,running type=container"));
        assert_false(passes(instance, "status=stopped"));
        assert_true(passes(instance, "user.role=front"));
        assert_true(passes(instance, "u.r=fr.*"));
        assert_false(passes(instance, "u.r=fr"));
        assert_false(passes(instance, "user=front"));
        assert_true(passes(instance, "ipv4=10.1.0.0/16"));
        assert_true(passes(instance, "ipv4=10.1.2.3"));
        assert_false(passes(instance, "ipv4=10.1.2.4/32"));
        assert_false(passes(instance, "ipv6=fd00::/8"));
        json_decref(instance);
}

/* --- documents --- */

static void test_documents(void **state) {
        json_t *document = NULL;
        _cleanup_free_ char *text = NULL;
        assert_int_equal(document_parse("config:\n  limits.cpu: 2\n  user.a: yes\n  user.b: true\n"
                                        "profiles: null\ncreated_at: 2020-01-02T03:04:05Z\n",
                                        &document, NULL),
                         0);
        assert_string_equal(field_text(field_get(document, "config"), "limits.cpu"), "2");
        assert_string_equal(field_text(field_get(document, "config"), "user.b"), "true");
        text = document_text(document);
        assert_string_equal(text, "config:\n  limits.cpu: \"2\"\n  user.a: \"yes\"\n"
                                  "  user.b: \"true\"\nprofiles: []\n"
                                  "created_at: 2020-01-02T03:04:05Z\n");
        json_decref(document);
        assert_int_equal(document_parse("", &document, NULL), 0);
        assert_int_equal(json_object_size(document), 0);
        json_decref(document);
        assert_int_equal(document_parse("- a\n", &document, NULL), -1);
        assert_int_equal(document_parse("a: [", &document, NULL), -1);
}

static void test_fields(void **state) {
        json_t *object = json_pack("{s:s,s:s,s:s}", "when", "2026-11-24T12:05:06.7Z", "never",
                                   "0001-01-01T00:00:00Z", "word", "Running");
        _cleanup_free_ char *minute = field_minute(object, "when");
        _cleanup_free_ char *date = field_date(object, "when");
        _cleanup_free_ char *never = field_minute(object, "never");
        _cleanup_free_ char *upper = field_upper(object, "word");
        assert_string_equal(minute, "2026/11/24 12:05 UTC");
        assert_string_equal(date, "Nov 24, 2026 at 12:05pm (UTC)");
        assert_string_equal(never, "");
        assert_string_equal(upper, "RUNNING");
        assert_string_equal(field_text(object, "absent"), "");
        json_decref(object);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tables),        cmocka_unit_test(test_aliases_resolve),
                cmocka_unit_test(test_help_width),    cmocka_unit_test(test_options_anywhere),
                cmocka_unit_test(test_double_dash),   cmocka_unit_test(test_values),
                cmocka_unit_test(test_wrong_lines),   cmocka_unit_test(test_counts),
                cmocka_unit_test(test_pairs),         cmocka_unit_test(test_alias),
                cmocka_unit_test(test_output),        cmocka_unit_test(test_list_columns),
                cmocka_unit_test(test_list_filters),  cmocka_unit_test(test_documents),
                cmocka_unit_test(test_fields),
        };
        static char utc[] = "TZ=UTC";
        putenv(utc);
        setlocale(LC_CTYPE, "C.UTF-8");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
