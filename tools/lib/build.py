"""The build directories: release (optimised), test (gcc, ASan and UBSan), threads (gcc, TSan), fuzz
(clang, libFuzzer)."""
import glob
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RELEASE = os.path.join(TOP, "build/release")
TEST = os.path.join(TOP, "build/test")
THREADS = os.path.join(TOP, "build/threads")
FUZZ = os.path.join(TOP, "build/fuzz")
# program: where Meson leaves it
PROGRAMS = {
    "berthd": "src/daemon/berthd",
    "berth": "src/cli/berth",
    "berth-helper": "src/helper/berth-helper",
}
RELEASE_OPTIONS = ["--buildtype=debugoptimized", "-Dtests=false"]
TEST_OPTIONS = ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
THREADS_OPTIONS = ["-Db_sanitize=thread", "-Db_lundef=false"]
FUZZ_OPTIONS = [*TEST_OPTIONS, "-Dfuzz=true", "-Dc_args=-fsanitize=fuzzer-no-link"]


def call(arguments, **options):
    """Runs a build step quietly; shows what it said only when it fails."""
    done = subprocess.run(arguments, cwd=TOP, check=False, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        sys.exit(f"{' '.join(arguments[:3])} failed")
    return done.stdout


def configure(directory, options, environment=None):
    if not os.path.exists(os.path.join(directory, "build.ninja")):
        call(["meson", "setup", directory, *options],
             env={**os.environ, **(environment or {})})


def ninja(directory, *targets):
    call(["ninja", "-C", directory, *targets])


def place(source, target):
    """Copies a program over one that may be running."""
    if os.path.exists(target) and os.path.getmtime(target) == os.path.getmtime(source):
        return
    shutil.copy2(source, target + ".new")
    os.rename(target + ".new", target)


def gather(directory, sources=None):
    """Puts the programs side by side into `directory`, so that they find each other; `sources`:
    other build directories that some of them come from."""
    for name, built in PROGRAMS.items():
        source = (sources or {}).get(name, directory)
        place(os.path.join(source, built), os.path.join(directory, name))


def build(directory, options, sources=None):
    """Builds everything in a directory of its own; returns it."""
    configure(directory, options)
    ninja(directory)
    gather(directory, sources)
    return directory


def release_build():
    return build(RELEASE, RELEASE_OPTIONS)


def test_build():
    return build(TEST, TEST_OPTIONS)


def threads_build():
    """The helper has one thread, and TSan's own second one keeps it from new user namespaces: it is
    the one with ASan."""
    return build(THREADS, THREADS_OPTIONS, {"berth-helper": test_build()})


def fuzz_build():
    configure(FUZZ, FUZZ_OPTIONS, {"CC": "clang"})
    ninja(FUZZ, "fuzz-targets")
    return FUZZ


def fuzz_targets(directory):
    found = glob.glob(os.path.join(directory, "tests/fuzz/fuzz-*"))
    return sorted(os.path.basename(path)[5:] for path in found
                  if os.path.isfile(path) and os.access(path, os.X_OK))


def fuzz_command(directory, target, seconds):
    """libFuzzer: new inputs go to the build directory, the seeds in the tree are only read."""
    corpus = os.path.join(directory, "corpus", target)
    os.makedirs(corpus, exist_ok=True)
    seeds = os.path.join(TOP, "tests/fuzz/corpus", target)
    return [os.path.join(directory, "tests/fuzz", "fuzz-" + target),
            f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
            f"-artifact_prefix={directory}/finding-{target}-", "-print_final_stats=1",
            corpus, *([seeds] if os.path.isdir(seeds) else [])]


def sanitizer_environment(log_path=None):
    """Findings end the program; with `log_path` they go to files that begin so."""
    log = f":log_path={log_path}" if log_path else ""
    return {**os.environ,
            "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1:strict_string_checks=1:"
                            "detect_stack_use_after_return=1" + log,
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99" + log,
            "TSAN_OPTIONS": "halt_on_error=0:exitcode=99:second_deadlock_stack=1" + log}
