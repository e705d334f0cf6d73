# SPDX-License-Identifier: Apache-2.0
"""C++ text for the lints: comments and literals blanked out, places kept.

Not a parser: enough to know that what looks like code is code.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Comment, raw string, string, character; a digit separator (1'000) is not the start of a literal.
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')""",
    re.S | re.X,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """`text` with comments blanked and literals emptied; every offset and line stays."""

    def replace(match):
        if match["comment"] is not None:
            return _blank(match[0])
        return match[0][0] + _blank(match[0][1:-1]) + match[0][-1]

    return _TOKEN.sub(replace, text)


def string_literals(text):
    """(offset, content) of each string literal outside comments."""
    for match in _TOKEN.finditer(text):
        if match["string"] is not None:
            yield match.start(), match[0][1:-1]
        elif match["raw"] is not None:
            yield match.start(), match[0]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def sources(*folders):
    """The C++ files below the given folders of the repository, sorted."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp") and "node_modules" not in path.parts:
                yield path


def report(name, findings, what):
    """Prints findings (path, line, text) and a closing line; the exit code."""
    for path, line, text in findings:
        print(f"{path.relative_to(ROOT)}:{line}: {text}")
    print(f"{name}: {what}, {len(findings)} findings")
    return 1 if findings else 0
