"""What all checks share: arguments, the source files, and how findings are printed.

A check is a program that prints one `FILE:LINE: message` for each finding and ends with `ok NAME`
or `not ok NAME`, so that it is one test of the test run.
"""
import argparse
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Report:
    """Findings of one check over one tree."""

    def __init__(self, name, description):
        parser = argparse.ArgumentParser(prog=name, description=description)
        parser.add_argument("--root", default=TOP, help="the tree to check (default: this one)")
        self.name = name
        self.parser = parser
        self.findings = []
        self.root = TOP
        self.options = None

    def start(self):
        self.options = self.parser.parse_args()
        self.root = os.path.abspath(self.options.root)
        return self

    def add(self, path, line, message):
        self.findings.append((path, line, message))

    def finish(self, summary=""):
        """Prints everything and ends the program: 0 without findings, else 1."""
        for path, line, message in sorted(self.findings):
            print(f"{path}:{line}: {message}")
        if self.findings:
            print(f"not ok {self.name}: {len(self.findings)} findings")
            sys.exit(1)
        print(f"ok {self.name}" + (f" # {summary}" if summary else ""))
        sys.exit(0)

    # -- files -----------------------------------------------------------------------------------
    def files(self, top, *suffixes):
        """Paths (relative to the root, sorted) below `top` that end in one of `suffixes`."""
        found = []
        for directory, folders, names in os.walk(os.path.join(self.root, top)):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
            for name in names:
                if not suffixes or name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(directory, name), self.root))
        return sorted(found)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))


def output_of(arguments, **options):
    """Standard output of a program as text; raises when it fails."""
    return subprocess.run(arguments, check=True, text=True, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, **options).stdout
