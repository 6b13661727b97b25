"""Finds where the tree decides something: an endpoint, a config key, a command, an error text.

All of these are string literals in tables or format strings, so one index of the literals of src/
answers every question; nothing has to be kept up to date beside the source.
"""
import os
import re
from dataclasses import dataclass

from csource import functions_of

LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"')
COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.S)
CONVERSION = re.compile(r"%(?:%|[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh|h|ll|l|z|j|t)?[a-zA-Z])")
ENDPOINT = re.compile(r"(?:(GET|PUT|POST|PATCH|DELETE)\s+)?(/1\.0\S*|/internal\S*|/)$")


@dataclass
class Literal:
    path: str
    line: int
    text: str


def literals_of(path, text):
    """String literals of a C file, adjacent ones joined, with the line where each begins."""
    plain = COMMENT.sub(lambda m: m.group(1) or " " + "\n" * m.group(0).count("\n"), text)
    found, previous_end = [], None
    for match in LITERAL.finditer(plain):
        line_start = plain.rfind("\n", 0, match.start()) + 1
        if plain[line_start:match.start()].lstrip().startswith("#"):
            continue
        value = match.group(1).replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
        if previous_end is not None and not plain[previous_end:match.start()].strip():
            found[-1].text += value
        else:
            found.append(Literal(path, plain.count("\n", 0, match.start()) + 1, value))
        previous_end = match.end()
    return found


class Index:
    def __init__(self, root):
        self.root = root
        self.literals = []
        self.texts = {}
        for directory, folders, names in os.walk(os.path.join(root, "src")):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(directory, name), root)
                    with open(os.path.join(root, path), encoding="utf-8") as stream:
                        self.texts[path] = stream.read()
                    self.literals += literals_of(path, self.texts[path])

    def line(self, path, number):
        return self.texts[path].split("\n")[number - 1].strip()

    def answer(self, question):
        """Lines "file:line: what" for a question, best first."""
        question = question.strip()
        endpoint = ENDPOINT.match(question)
        if endpoint:
            return self.endpoint(*endpoint.groups())
        words = question.split()
        if words[:1] == ["berth"]:
            return self.command(words[1:])
        exact = self.exact(question)
        return exact or self.command(words) or self.message(question)

    # -- endpoints -------------------------------------------------------------------------------
    def endpoint(self, method, path):
        found = []
        for literal in self.literals:
            if literal.path.startswith("src/rest/") and literal.text.startswith("/") \
                    and paths_agree(literal.text, path):
                found.append(f"{literal.path}:{literal.line}: {literal.text}")
                found += self.handlers(literal, method)
        return found

    def handlers(self, literal, method):
        """The functions named in the row that begins at the literal."""
        lines = self.texts[literal.path].split("\n")[literal.line - 1:]
        row = []
        for number, line in enumerate(lines):
            if number and re.search(r'"/(1\.0|internal)', line) or line.startswith("};"):
                break
            row.append(line)
        found = []
        for name, function in re.findall(r"\.(get|put|post|patch|delete)\s*=\s*\{\s*(?:\.handler\s*="
                                         r"\s*)?(\w+)", "\n".join(row)):
            if not method or name.upper() == method:
                where = self.definition(function) or f"{literal.path}:{literal.line}"
                found.append(f"{where}: {name.upper()} is {function}()")
        return found

    def definition(self, function):
        for path, text in self.texts.items():
            if path.endswith(".c") and function in text:
                for found in functions_of(text):
                    if found.name == function:
                        return f"{path}:{found.line}"
        return None

    # -- keys, commands, messages ----------------------------------------------------------------
    def exact(self, text):
        """Where the text is a whole literal: the row of the key first, then who uses it."""
        pattern = re.compile(re.sub(r"NAME|\\\*|<[^>]*>", r"[^.]+", re.escape(text)) + "$")
        found = [literal for literal in self.literals
                 if literal.text == text
                 or (literal.path.startswith("src/schema/") and key_agrees(literal.text, text))
                 or (("NAME" in text or "*" in text) and pattern.match(literal.text))]
        found.sort(key=lambda literal: (not literal.path.startswith("src/schema/"), literal.path))
        return [f"{literal.path}:{literal.line}: {self.line(literal.path, literal.line)}"
                for literal in found]

    def command(self, words):
        """Command structs with that name; those whose file and variable say more of the words
        come first ("config device add": instance_add in device.c)."""
        if not words:
            return []
        found = []
        for literal in self.literals:
            row = self.line(literal.path, literal.line) if literal.path in self.texts else ""
            if not literal.path.startswith("src/cli/") or literal.text != words[-1] \
                    or not re.match(r'\.name\s*=', row):
                continue
            head = self.struct_head(literal)
            hints = os.path.basename(literal.path) + " " + head
            if "Command " not in head:
                continue
            score = sum(word in hints for word in words[:-1]) \
                + (len(words) == 1 and "command_" + words[0].replace("-", "_") in head)
            found.append((-score, literal.path, literal.line, head))
        best = min(found)[0] if found else 0
        return [f"{path}:{line}: {head}" for score, path, line, head in sorted(found)
                if score == best]

    def struct_head(self, literal):
        """The line that opens the struct which the literal is in."""
        lines = self.texts[literal.path].split("\n")
        for number in range(literal.line - 1, -1, -1):
            if re.match(r"\S.*=\s*\{$", lines[number]):
                return lines[number].strip()
        return ""

    def message(self, text):
        """Format strings that can have produced the text, the most specific first."""
        found = []
        for literal in self.literals:
            fixed = CONVERSION.sub("", literal.text).strip()
            if len(fixed) < 4:
                continue
            pattern = ".*".join(re.escape(part) for part in CONVERSION.split(literal.text))
            if re.search(pattern, text, re.S) or text in literal.text:
                found.append((-len(fixed), literal.path, literal.line, literal.text))
        return [f"{path}:{line}: \"{shown}\"" for _, path, line, shown in sorted(found)[:12]]


def paths_agree(row, asked):
    """"/1.0/instances/{name}" agrees with itself and with "/1.0/instances/c1"."""
    left, right = row.strip("/").split("/"), asked.split("?")[0].strip("/").split("/")
    if len(left) != len(right):
        return False
    return all(a == b or a.startswith("{") for a, b in zip(left, right))


def key_agrees(row, asked):
    """A row may end in ".*" or hold NAME for a part that the user chooses."""
    if row.endswith(".*") and len(row) > 2:
        return asked.startswith(row[:-1])
    if "NAME" in row and "." in row:
        return bool(re.match(re.escape(row).replace("NAME", r"[^.]+") + "$", asked))
    return False
