#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each key that src/config reads stands in docs/programs.md, written as code.

That is in backticks, or in a block of code; `[[key]]` and `[tool.env]` count for tables.
"""
import re
import sys

from cpp_source import ROOT, line_of, report

READERS = ("read_config.cpp", "read_tool.cpp", "read_parameters.cpp")
PAGE = ROOT / "docs" / "programs.md"
# Who reads a key: a member of a table_reader, or what is made of several of them.
ASKED = re.compile(
    r"\b(?:from_?|top|hints)\.(?!fail|warn|name\b|table\b)\w+\(\s*\"(\w+)\""
    r"|\b(?:positive|count|for_each_table)\((?:\w+,\s*)?\"(\w+)\""
)
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.S | re.M)


def keys(text):
    return [(m.start(), m[1] or m[2]) for m in ASKED.finditer(text)]


def words_of_code(page):
    return {word for m in CODE.finditer(page) for word in re.findall(r"\w+", m[0])}


def self_test():
    for text, wanted in [
        ('from.set("a", x); from_.fail_at("b", y);', ["a"]),
        ('from_.require(\n    "c", z) positive("d"); top.inner("e")', ["c", "d", "e"]),
        ('for_each_table(top, "f", [] {}); hints.boolean("g"); count("h", x)', ["f", "g", "h"]),
    ]:
        if [key for _, key in keys(text)] != wanted:
            raise SystemExit(f"lint-keys: self-test: {text!r}")
    if words_of_code("a `b, c` d\n```toml\ne = x\n```\nf") != {"b", "c", "toml", "e", "x"}:
        raise SystemExit("lint-keys: self-test: code of a page")


def main():
    self_test()
    written, findings, seen = words_of_code(PAGE.read_text()), [], set()
    for name in READERS:
        path = ROOT / "src" / "config" / name
        text = path.read_text()
        for at, key in keys(text):
            if key not in written and key not in seen:
                where = PAGE.relative_to(ROOT)
                findings.append((path, line_of(text, at), f"the key {key} is not in {where}"))
            seen.add(key)
    if len(seen) < 60:
        findings.append((ROOT / "scripts" / "lint-keys.py", 1, "too few keys are found"))
    return report("lint-keys", findings, f"{len(seen)} keys")


if __name__ == "__main__":
    sys.exit(main())
