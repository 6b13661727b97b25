"""A suite is a program that prints `ok NAME`, `not ok NAME` or `skip NAME # why` for each test.

    import suite

    def test_something():
        suite.equal(1 + 1, 2)

    if __name__ == "__main__":
        suite.main(globals())

Functions called test_… run in the order they are written, each after setup(), if the module has
one. `SUITE test_a test_b` runs only those.
"""
import re
import signal
import sys
import time
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


class Failure(Exception):
    pass


def equal(found, expected, what="value"):
    if found != expected:
        raise Failure(f"{what}: found {found!r}, expected {expected!r}")


def contains(text, part, what="text"):
    if part not in text:
        raise Failure(f"{what}: {part!r} is not in {text!r}")


def matches(text, pattern, what="text"):
    if not re.search(pattern, text):
        raise Failure(f"{what}: {text!r} does not match {pattern!r}")


def true(value, what):
    if not value:
        raise Failure(what)


def raises(kind, call, *arguments, **named):
    """The exception that `call` raises."""
    try:
        call(*arguments, **named)
    except kind as error:
        return error
    raise Failure(f"{getattr(call, '__name__', call)} succeeded, {kind.__name__} was expected")


def eventually(question, what, seconds=20, pause=0.05):
    """Asks until the answer is true and returns it."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(pause)


TEST_SECONDS = 150


def too_long(_signal, _frame):
    raise Failure(f"ran longer than {TEST_SECONDS} s")


def run_one(name, function, setup=None):
    """Runs one test, prints its line, says whether it failed."""
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_SECONDS)
    try:
        if setup:
            setup()
        function()
    except Skip as reason:
        print(f"skip {name} # {reason}", flush=True)
        return False
    except Exception as error:  # a test may fail in any way
        kind = "" if isinstance(error, Failure) else type(error).__name__ + ": "
        for line in f"{kind}{error}".split("\n"):
            print("#   " + line)
        for frame in traceback.extract_tb(error.__traceback__)[1:]:
            print(f"#   at {frame.filename}:{frame.lineno}: {frame.line}")
        print(f"not ok {name}", flush=True)
        return True
    finally:
        signal.alarm(0)
    print(f"ok {name}", flush=True)
    return False


def run(names, prefix=""):
    """Runs the test_… functions of a module; True when all that ran succeeded."""
    tests = [(name, value) for name, value in names.items()
             if name.startswith("test_") and callable(value)]
    chosen = sys.argv[1:]
    unknown = [name for name in chosen if name not in dict(tests)]
    if unknown:
        sys.exit(f"no such test: {' '.join(unknown)}")
    failed = [run_one(prefix + name[5:].replace("_", " "), function, names.get("setup"))
              for name, function in tests if not chosen or name in chosen]
    return bool(failed) and not any(failed)


def main(names, prefix=""):
    """Runs a module's tests and ends the program."""
    sys.exit(0 if run(names, prefix) else 1)
