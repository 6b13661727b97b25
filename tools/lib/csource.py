"""A small reader of C: enough to find functions, their parameters and how deep they nest.

It works on tokens with comments, strings and preprocessor lines removed, so text that looks like
code does not confuse it. It need not understand all of C, only the C of this tree.
"""
import re
from dataclasses import dataclass, field

BLANKED = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', re.M)
TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|->|\+\+|--|\S')
CONTROL = ("if", "for", "while", "switch")
NOT_CALLS = ("return", "sizeof", "_Alignof", "typeof", "__typeof__", "case", "goto")


@dataclass
class Token:
    text: str
    line: int


@dataclass
class Function:
    name: str
    line: int          # of its name
    body_line: int     # of its opening brace
    end_line: int      # of its closing brace
    static: bool
    parameters: list = field(default_factory=list)   # text of each
    nesting: int = 0   # deepest control statement inside control statements
    result: str = ""   # the words before the name

    @property
    def length(self):
        return self.end_line - self.line + 1


def keep_lines(match):
    """Replaces comments by spaces and the text of strings by nothing, keeping line numbers."""
    text = match.group(0)
    lines = "\n" * text.count("\n")
    if text[0] == "/":
        return " " + lines
    return text[0] + text[0] + lines


def without_comments(text):
    """Comments and the inside of literals blanked; directives stay."""
    return BLANKED.sub(keep_lines, text)


def strip_text(text):
    """Comments, literals and directives blanked; line numbers stay."""
    return DIRECTIVE.sub(lambda m: "\n" * m.group(0).count("\n"), without_comments(text))


def tokens_of(text):
    found = []
    for number, line in enumerate(strip_text(text).split("\n"), 1):
        found.extend(Token(match.group(0), number) for match in TOKEN.finditer(line))
    return found


def matching(tokens, start):
    """Index of the bracket that closes tokens[start]."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opening, closing = tokens[start].text, pairs[tokens[start].text]
    depth = 0
    for index in range(start, len(tokens)):
        if tokens[index].text == opening:
            depth += 1
        elif tokens[index].text == closing:
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def split_parameters(tokens):
    """Texts of the comma-separated parts of a parameter list."""
    parts, current, depth = [], [], 0
    for token in tokens:
        if token.text in "([{":
            depth += 1
        elif token.text in ")]}":
            depth -= 1
        if token.text == "," and depth == 0:
            parts.append(" ".join(current))
            current = []
        else:
            current.append(token.text)
    if current:
        parts.append(" ".join(current))
    return [] if parts == ["void"] else parts


class Nesting:
    """Walks the statements of a body and notes the deepest control statement."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.deepest = 0

    def text(self, index):
        return self.tokens[index].text if index < len(self.tokens) else ""

    def block(self, index, end, depth):
        while index < end:
            index = self.statement(index, end, depth)

    def statement(self, index, end, depth):
        """Reads one statement at `index`; returns the index behind it."""
        self.deepest = max(self.deepest, depth)
        text = self.text(index)
        if text == "{":
            close = matching(self.tokens, index)
            self.block(index + 1, close, depth)
            return close + 1
        if text in CONTROL and self.text(index + 1) == "(":
            return self.control(matching(self.tokens, index + 1) + 1, end, depth, text)
        if text == "do":
            behind = self.statement(index + 1, end, depth + 1)
            return self.simple(behind, end)
        if text in ("case", "default"):
            while index < end and self.text(index) != ":":
                index += 1
            return index + 1
        if self.is_loop_macro(index):
            return self.statement(matching(self.tokens, index + 1) + 1, end, depth + 1)
        return self.simple(index, end)

    def control(self, body, end, depth, word):
        behind = self.statement(body, end, depth + 1)
        while word == "if" and self.text(behind) == "else":
            # "else if" goes on at the same depth
            if self.text(behind + 1) == "if":
                return self.statement(behind + 1, end, depth)
            return self.statement(behind + 1, end, depth + 1)
        return behind

    def is_loop_macro(self, index):
        """FOREACH (…) { or FOREACH (…) statement: a word, brackets, then no operator."""
        text = self.text(index)
        if not re.match(r"[A-Z_][A-Z0-9_]+$", text) or self.text(index + 1) != "(":
            return False
        behind = self.text(matching(self.tokens, index + 1) + 1)
        return behind == "{" or bool(re.match(r"[A-Za-z_]", behind))

    def simple(self, index, end):
        """An expression or declaration up to its semicolon; what is in brackets is passed over."""
        while index < end:
            text = self.text(index)
            if text == ";":
                return index + 1
            if text in "({[":
                index = matching(self.tokens, index)
            index += 1
        return end


def functions_of(text):
    """All function definitions in the text of a C file."""
    tokens = tokens_of(text)
    found, start, index = [], 0, 0
    while index < len(tokens):
        word = tokens[index].text
        if word == "{":
            close = matching(tokens, index)
            function = read_function(tokens, start, index, close)
            if function:
                found.append(function)
                start = close + 1
            elif close + 1 < len(tokens) and tokens[close + 1].text == "}":
                start = close + 1
            index = close
        elif word in (";", "}"):
            start = index + 1
        elif word in "([":
            index = matching(tokens, index)
        index += 1
    return found


def read_function(tokens, start, brace, close):
    """The function whose head is tokens[start:brace], or None when it is something else."""
    head = tokens[start:brace]
    if any(token.text in ("=", "enum", "union") for token in head[:1]):
        return None
    for index, token in enumerate(head):
        if token.text == "=":
            return None
        if (index + 1 < len(head) and head[index + 1].text == "("
                and re.match(r"[A-Za-z_]\w*$", token.text)
                and not token.text.startswith("__") and not re.match(r"_\w+_$", token.text)
                and index > 0):
            last = matching(head, index + 1)
            walker = Nesting(tokens[brace + 1:close])
            walker.block(0, len(walker.tokens), 0)
            return Function(
                name=token.text, line=token.line, body_line=tokens[brace].line,
                end_line=tokens[close].line,
                static=any(word.text == "static" for word in head[:index]),
                parameters=split_parameters(head[index + 2:last]),
                nesting=walker.deepest,
                result=" ".join(word.text for word in head[:index]))
    return None


def prototypes_of(text):
    """(name, line, parameters, words before, words behind) of each declaration in a header."""
    tokens = tokens_of(text)
    found, start, index = [], 0, 0
    while index < len(tokens):
        word = tokens[index].text
        if word == "{":
            index = matching(tokens, index)
            if index + 1 < len(tokens) and tokens[index + 1].text != ";" \
                    and not re.match(r"[A-Za-z_*]", tokens[index + 1].text):
                start = index + 1
            elif any(t.text == "(" for t in tokens[start:index]) \
                    and tokens[start].text == "static":
                start = index + 1
        elif word == ";":
            entry = read_prototype(tokens[start:index])
            if entry:
                found.append(entry)
            start = index + 1
        index += 1
    return found


def read_prototype(head):
    words = [token.text for token in head]
    if not words or words[0] in ("typedef", "struct", "enum", "union") and "(" not in words:
        return None
    if words[0] == "typedef" or "=" in words or "{" in words:
        return None
    for index in range(1, len(head) - 1):
        if words[index + 1] == "(" and re.match(r"[A-Za-z]\w*$", words[index]) \
                and words[index] not in NOT_CALLS:
            last = matching(head, index + 1)
            return (words[index], head[index].line, split_parameters(head[index + 2:last]),
                    " ".join(words[:index]), " ".join(words[last + 1:]))
    return None
