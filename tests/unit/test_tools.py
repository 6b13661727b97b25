#!/usr/bin/env python3
"""The checks find what they are for: each is run on a small tree with the fault and without."""
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/lib"))
sys.path.insert(0, os.path.join(TOP, "tools/lib"))
import csource  # noqa: E402
import suite  # noqa: E402
import where  # noqa: E402

LAYERS = "base\nprocess json\nlinux\nhttp\nrest\ndaemon\nhelper: base linux\n<lxc/>: helper\n"


def check(tool, files):
    """(exit code, output) of a check on a tree made of `files`."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {"src/layers.txt": LAYERS, **files}.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        done = subprocess.run([os.path.join(TOP, "tools", tool), "--root", root], text=True,
                              stdout=subprocess.PIPE, check=False)
        return done.returncode, done.stdout


def finds(tool, files, *messages):
    code, output = check(tool, files)
    suite.equal(code, 1, f"exit code of {tool} ({output.strip()})")
    suite.matches(output, rf"(?m)^not ok {tool}: {len(messages)} findings$")
    for message in messages:
        suite.contains(output, message)


def passes(tool, files):
    code, output = check(tool, files)
    suite.equal((code, output[:3]), (0, "ok "), f"{tool} says {output.strip()}")


# -- layers --------------------------------------------------------------------------------------
def test_layers_downwards_is_fine():
    passes("check-layers", {"src/base/a.h": "", "src/http/h.h": "",
                            "src/rest/r.c": '#include "base/a.h"\n#include "http/h.h"\n'})


def test_layers_upwards():
    finds("check-layers", {"src/rest/r.h": "", "src/base/a.c": '\n#include "rest/r.h"\n'},
          "src/base/a.c:2: rest is above base in src/layers.txt")


def test_layers_same_line():
    finds("check-layers", {"src/json/j.h": "", "src/process/p.c": '#include "json/j.h"\n'},
          "src/process/p.c:1: process and json are on one line")


def test_layers_narrowed_program():
    finds("check-layers", {"src/http/h.h": "", "src/helper/m.c": '#include "http/h.h"\n'},
          "src/helper/m.c:1: helper may only include base linux")


def test_layers_nobody_includes_a_program():
    finds("check-layers", {"src/helper/m.h": "", "src/daemon/d.c": '#include "helper/m.h"\n'},
          "helper is a program, nothing includes it")


def test_layers_unknown_folder():
    finds("check-layers", {"src/base/a.h": "", "src/other/o.c": '#include "base/a.h"\n'},
          'src/other/o.c:1: folder "other" is missing in src/layers.txt')


def test_layers_missing_header_and_relative_path():
    finds("check-layers", {"src/base/b.h": "",
                           "src/http/h.c": '#include "base/a.h"\n#include "../base/b.h"\n'},
          'h.c:1: "base/a.h" does not exist', 'h.c:2: "../base/b.h": write it from the source root')


def test_layers_own_header_first():
    finds("check-layers", {"src/http/h.h": "", "src/base/a.h": "",
                           "src/http/h.c": '#include "base/a.h"\n#include "http/h.h"\n'},
          'src/http/h.c:1: "http/h.h" has to be the first include')


def test_layers_library_outside_its_home():
    finds("check-layers", {"src/rest/r.c": "#include <lxc/lxccontainer.h>\n"},
          "src/rest/r.c:1: <lxc/…> belongs to helper")
    passes("check-layers", {"src/helper/r.c": "#include <lxc/lxccontainer.h>\n"})


def test_layers_comments_do_not_count():
    passes("check-layers", {"src/base/a.c": '/*\n#include "rest/r.h"\n*/\n'})


# -- sizes ---------------------------------------------------------------------------------------
def body(lines):
    return "int base_f(void) {\n" + "        base_g();\n" * (lines - 2) + "}\n"


def test_sizes_at_the_limits():
    passes("check-sizes", {"src/base/a.c": body(100), "src/base/b.c": "\n" * 800,
                           "src/base/c.h": "\n" * 250, "src/base/d.c": "x" * 100 + "\n"})


def test_sizes_function_too_long():
    finds("check-sizes", {"src/base/a.c": body(101)}, "a.c:1: base_f has 101 lines, at most 100")


def test_sizes_files_too_long():
    finds("check-sizes", {"src/base/b.c": "\n" * 801, "src/base/c.h": "\n" * 251},
          "b.c:801: the file has 801 lines", "c.h:251: the file has 251 lines, at most 250")


def test_sizes_lines():
    finds("check-sizes", {"src/base/a.c": "x" * 101 + "\n\tint x;\nint y; \n"},
          "a.c:1: line of 101 columns", "a.c:2: tab", "a.c:3: blanks at the end")


def test_sizes_parameters():
    six, seven = ", ".join(["int a"] * 6), ", ".join(["int a"] * 7)
    passes("check-sizes", {"src/base/a.h": f"int base_f({six}, Error **err);\n"})
    finds("check-sizes", {"src/base/a.h": f"int base_f({seven});\n",
                          "src/base/a.c": f"int base_f({seven}) {{\n}}\n"},
          "a.h:1: base_f has 7 parameters", "a.c:1: base_f has 7 parameters")


def nested(depth):
    return ("void base_f(void) {\n" + "".join("if (x) {\n" for _ in range(depth))
            + "}\n" * depth + "}\n")


def test_sizes_nesting():
    passes("check-sizes", {"src/base/a.c": nested(4)})
    finds("check-sizes", {"src/base/a.c": nested(5)}, "a.c:1: base_f nests 5 deep, at most 4")


def test_sizes_struct():
    fields = "int a;\n" * 26
    finds("check-sizes", {"src/base/a.h": f"struct Big {{\n{fields}}};\n"},
          "a.h:1: struct with 26 fields")


def test_reader_of_nesting():
    def depth(text):
        return csource.functions_of("void f(void) {" + text + "}")[0].nesting
    suite.equal(depth("if (a) b(); else if (c) d(); else if (e) g(); else h();"), 1, "else if")
    suite.equal(depth("for (;;) if (a) while (b) c();"), 3, "without braces")
    suite.equal(depth("X x = { { { 1 } } }; (void) (Y) { 1 };"), 0, "initialisers")
    suite.equal(depth("FOREACH (x, y) { if (x) z(); }"), 2, "loop macros")
    suite.equal(depth("do { if (x) y(); } while (z); switch (a) { case B: if (c) d(); }"), 2)


def test_reader_of_functions():
    text = ('static const X rows[] = { { "a", b }, };\n'
            '/* int no(void) { } */ #define Y(x) { x }\n'
            'typedef struct S {\n int a;\n} S;\n'
            'static inline _unused_ void f(S **p) {\n if (*p) g("}{"); }\n'
            'int (*pointer)(void);\nchar *h(const char *a, int (*cb)(int, int)) {\n return 0; }\n')
    text = text.replace(" #define", "\n#define")
    found = csource.functions_of(text)
    suite.equal([(f.name, f.line, f.static, len(f.parameters)) for f in found],
                [("f", 7, True, 1), ("h", 10, False, 2)], "functions")


# -- banned --------------------------------------------------------------------------------------
def test_banned_calls():
    finds("check-banned", {"src/rest/r.c": 'void rest_f(void) {\n mount("a");\n x = malloc(1);\n'
                                           ' popen("ls", "r");\n posix_spawnp(0);\n}\n'},
          "r.c:2: mount()", "r.c:3: malloc()", "r.c:4: popen()", "r.c:5: posix_spawnp()")
    passes("check-banned", {"src/linux/r.c": 'int linux_f(void) {\n return mount("a");\n}\n',
                            "src/rest/s.c": 'char *x(void) {\n return s->mount("fork()");\n}\n'})


def test_banned_preprocessor():
    finds("check-banned", {"src/rest/r.c": "#ifdef A\n#endif\n"}, "r.c:1: #ifdef: optional parts")
    passes("check-banned", {"src/linux/r.c": "#ifdef A\n#endif\n"})


def test_banned_variables():
    finds("check-banned", {"src/rest/r.c": "static int count;\nstatic Foo *cache = NULL;\n"},
          "r.c:1: variable at file scope that can change: static int count",
          "r.c:2: variable at file scope")
    passes("check-banned", {
        "src/daemon/d.c": "static int count;\n",
        "src/rest/r.c": "static const int a[] = { 1 };\nint f(void);\nextern const Row rows[];\n"
                        "static const struct {\n int x;\n} t[] = { { 1 } };\n"
                        "int f(void) {\n int local = 1;\n return local;\n}\n"})


# -- names ---------------------------------------------------------------------------------------
def test_names_types():
    finds("check-names", {"src/rest/r.h": "typedef struct foo foo_bar;\n"},
          'r.h:1: type "foo_bar" is not in PascalCase')


def test_names_prefix():
    finds("check-names", {"src/rest/routes.c": "void other_f(void) {\n}\n"},
          '"other_f" should begin with its path')
    passes("check-names", {"src/rest/routes.c": "void route_f(void) {\n}\nvoid rest_g(void) {\n}\n"
                                                "static void any(void) {\n}\n",
                            "src/rest/x.h": "typedef struct IdRange {\n int a;\n} IdRange;\n",
                            "src/rest/x.c": "void id_range_f(void) {\n}\n"})


def test_names_outputs_and_errors():
    finds("check-names", {"src/rest/r.h": "int rest_f(Foo **foo, Error **err) _must_check_;\n"
                                          "int rest_g(int a, Error **err, int b);\n"
                                          "int rest_k(Error **err, int code);\n"
                                          "int rest_h(int *ret, Error **err);\n"
                                          "int rest_i(Error **error);\n"
                                          "int rest_j(Error **err, const char *f, ...);\n"},
          'r.h:1: rest_f: call the output "foo" "ret_foo"',
          "r.h:2: rest_g: Error **err has to be the last", "r.h:4: rest_h can fail: add _must_check_",
          'r.h:5: rest_i: call the Error parameter "err"')


def test_names_questions():
    finds("check-names", {"src/rest/r.h": "int rest_is_open(void);\n"},
          "rest_is_open: a question answers bool")
    passes("check-names", {"src/rest/r.h": "bool rest_is_open(const Foo *foo);\n"})


def test_names_driver_methods():
    path = "src/rest/drivers/dir/volume.c"
    finds("check-names", {path: "static int dir_remove(void) {\n return 0;\n}\n"
                                "const D d = { .delete_volume = dir_remove };\n"},
          f"{path}:4: .delete_volume = dir_remove: the name has to have _delete_volume in it")


# -- readme, words -------------------------------------------------------------------------------
def test_readme():
    finds("check-readme", {"src/rest/r.c": "", "src/base/b.c": "", "src/base/README.md": "text\n",
                           "src/json/j.c": "", "src/json/README.md": "# json\n" + "a\n" * 20},
          "src/rest:1: the folder has no README.md", "src/base/README.md:1: a heading",
          "src/json/README.md:21: 21 lines")
    passes("check-readme", {"src/rest/r.c": "", "src/rest/README.md": "# rest\nThe API.\n"})


def test_words():
    finds("check-words", {"src/rest/r.c": "/* TODO */\n/* fine for now */\n",
                          "tools/x": "see issue 12\n"},
          'r.c:1: "TODO"', 'r.c:2: "for now"', 'tools/x:1: "issue 12"')
    passes("check-words", {"src/rest/r.c": "int information;\n"})


# -- where ---------------------------------------------------------------------------------------
TREE = {
    "src/rest/profiles.c": 'static int get_one(RestRequest *r, Error **err) {\n return 0;\n}\n'
                           'static const RestEndpoint rows[] = {\n'
                           '        {.path = "/1.0/profiles", .get = {list_all}},\n'
                           '        {.path = "/1.0/profiles/{name}",\n         .get = {get_one},\n'
                           '         .put = {put_one}},\n};\n',
    "src/schema/instance/limits.c": 'static const ConfigKey rows[] = {\n        {\n'
                                    '                .name = "limits.memory",\n        },\n'
                                    '        {.name = "user.*"},\n};\n',
    "src/instance/config/limits.c": 'void f(void) {\n get(map, "limits.memory");\n}\n',
    "src/instance/busy.c": 'int f(void) {\n return error_set(err, 1, 0, "Instance is busy running"\n'
                           '         " a \\"%s\\" operation", name);\n}\n',
    "src/cli/commands/device.c": 'static const Command instance_add = {\n        .name = "add",\n};\n'
                                 'static const Command profile_add = {\n        .name = "add",\n};\n',
}


def ask(question):
    with tempfile.TemporaryDirectory() as root:
        for path, text in TREE.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as stream:
                stream.write(text)
        return where.Index(root).answer(question)


def test_where():
    suite.equal(ask("GET /1.0/profiles/{name}"), [
        "src/rest/profiles.c:6: /1.0/profiles/{name}", "src/rest/profiles.c:1: GET is get_one()"])
    suite.equal(ask("PUT /1.0/profiles/web"), [
        "src/rest/profiles.c:6: /1.0/profiles/{name}", "src/rest/profiles.c:6: PUT is put_one()"])
    suite.equal([line.split(": ")[0] for line in ask("limits.memory")],
                ["src/schema/instance/limits.c:3", "src/instance/config/limits.c:2"])
    suite.equal([line.split(": ")[0] for line in ask("user.anything")],
                ["src/schema/instance/limits.c:5"])
    suite.equal(ask("profile device add"),
                ["src/cli/commands/device.c:5: static const Command profile_add = {"])
    suite.contains(ask('Error: Instance is busy running a "stop" operation')[0],
                   "src/instance/busy.c:2: ")
    suite.equal(ask("nothing of the kind"), [])


if __name__ == "__main__":
    suite.main(globals(), "tools ")
