#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each key that src/config reads stands in docs/programs.md, written as code, and the defaults that
the pages of docs/ show are those of the code.

As code is in backticks, or in a block; `[[key]]` and `[tool.env]` count for tables. Defaults are the
constants of include/longhaul/limits.hpp and the members of `byte_limits` there: where the first cell
of a table's row has such names, the second has their values.
"""
import re
import sys

from cpp_source import ROOT, line_of, report

READERS = (
    "read_config.cpp",
    "read_tool.cpp",
    "read_command.cpp",
    "read_output.cpp",
    "read_queue.cpp",
    "read_parameters.cpp",
    "read_features.cpp",
    "read_resource.cpp",
    "read_prompt.cpp",
    "read_completion.cpp",
    "read_operator.cpp",
)
PAGE = ROOT / "docs" / "programs.md"
LIMITS = ROOT / "include" / "longhaul" / "limits.hpp"
TABLES = [ROOT / "docs" / name for name in ("programs.md", "tools.md", "engine.md", "store-format.md")]
# Who reads a key: a member of a table_reader, or what is made of several of them.
ASKED = re.compile(
    r"\b(?:from_?|top|hints)\.(?!fail|warn|name\b|table\b)\w+\(\s*\"(\w+)\""
    r"|\bread_file\(from, \"(\w+)\""
    r"|\b(?:positive|count|for_each_table|read_exit_codes)\((?:\w+,\s*)?\"(\w+)\""
)
# A default, and how a page may say it.
DEFAULT = re.compile(r"^ *(?:inline constexpr )?[\w:]+ (\w+) = ([^;]+);", re.M)
UNITS = {"hours": 3600, "minutes": 60, "seconds": 1, "": 1}
SAID = re.compile(r"(\d[\d,]*) ?(KiB|MiB|GiB|ms|s|min|h|d|days)?(?![\w.])")
SIZES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, None: 1}
SIZES |= {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400, "days": 86400}
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.S | re.M)


def keys(text):
    return [(m.start(), m[1] or m[2] or m[3]) for m in ASKED.finditer(text)]


def words_of_code(page):
    return {word for m in CODE.finditer(page) for word in re.findall(r"\w+", m[0])}


def defaults(header):
    """Name to value, in bytes, seconds or things."""
    found = {}
    for name, value in DEFAULT.findall(header):
        value = value.replace("'", "").replace("std::chrono::", "").replace("defaults::", "")
        value = re.sub(r"\b(hours|minutes|seconds)\(([^)]*)\)", lambda m: f"({m[2]}) * {UNITS[m[1]]}", value)
        value = re.sub(r"\b(kib|mib|gib)\b", lambda m: str(SIZES[m[1][0].upper() + "iB"]), value)
        if re.fullmatch(r"[\d *()+-]+", value):
            found[name] = eval(value)  # nothing but numbers
    return found


def said(cell):
    return [int(n.replace(",", "")) * SIZES[unit or None] for n, unit in SAID.findall(cell)]


def rows(page):
    """Where it begins, its names and what stands beside them, for each row of a table."""
    for m in re.finditer(r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]*)\|", page, re.M):
        yield m.start(), re.findall(r"\w+", m[1]), m[2]


def wrong_defaults():
    known, checked = defaults(LIMITS.read_text()), 0
    for path in TABLES:
        text = path.read_text()
        for at, names, cell in rows(text):
            wanted = [known[name] for name in names if name in known]
            if len(wanted) < len(names) or said(cell) in ([], [0]):  # 0: as the server has it
                continue
            checked += 1
            if said(cell)[: len(wanted)] != wanted:
                yield path, line_of(text, at), f"{', '.join(names)}: the code has {wanted}"
    if checked < 25:
        yield ROOT / "scripts" / "lint-keys.py", 1, f"only {checked} rows with defaults are found"


def self_test():
    if defaults("inline constexpr milliseconds a = std::chrono::hours(24 * 2);\n  x::y b = 3 * mib;") != {
        "a": 172800,
        "b": 3 * 2**20,
    }:
        raise SystemExit("lint-keys: self-test: defaults")
    if said("1 GiB, 256 MiB, 10,000, 30 d") != [2**30, 2**28, 10000, 30 * 86400]:
        raise SystemExit("lint-keys: self-test: what a page says")
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
    findings += wrong_defaults()
    return report("lint-keys", findings, f"{len(seen)} keys")


if __name__ == "__main__":
    sys.exit(main())
