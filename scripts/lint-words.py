#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Words that have no business where they stand.

- A protocol revision as a string ("2025-11-25") outside src/protocol and src/wire: nothing else compares one.
- A sleep in src or tests: wait for the thing itself, with a clock that can be owned. (That of a task
  context is what we offer to handlers.)
"""
import re
import sys

from cpp_source import ROOT, code_only, line_of, report, sources, string_literals

REVISION = re.compile(r"\b20\d\d-\d\d-\d\d\b")
SLEEP = re.compile(
    r"(?<![\w.>])(sleep_for|sleep_until)\b|\b(usleep|nanosleep|clock_nanosleep)\b|(?<![\w.>])sleep\s*\("
)


def revisions(path, text):
    return [
        (path, line_of(text, at), f"revision in a string outside src/wire: {content[:60]}")
        for at, content in string_literals(text)
        if REVISION.search(content)
    ]


def sleeps(path, text):
    code = code_only(text)
    return [
        (path, line_of(code, m.start()), f"{m[0].rstrip(' (')}: wait for the thing itself")
        for m in SLEEP.finditer(code)
    ]


# What other processes do can only be looked at again and again: here, and nowhere else.
POLLS = ("tests", "support", "process_census.hpp")


def self_test():
    cases = [
        (revisions, 'if (v == "2025-11-25") f();', 1),
        (revisions, 'auto s = R"({"v":"2026-07-28"})";', 1),
        (revisions, '// since "2025-11-25"\n#include "wire/legacy_2025_11_25.hpp"', 0),
        (sleeps, "std::this_thread::sleep_for(1s);", 1),
        (sleeps, "usleep(1); sleep (2); using std::this_thread::sleep_until;", 3),
        (sleeps, "task.sleep_for(1s);", 0),
        (sleeps, '// sleep_for\nauto sleep = task.sleep(); log("usleep");', 0),
    ]
    for check, text, wanted in cases:
        if len(check(ROOT, text)) != wanted:
            raise SystemExit(f"lint-words: self-test: {check.__name__} on {text!r}")


def main():
    self_test()
    findings, seen = [], 0
    for path in sources("src", "include", "apps", "tests"):
        text, place = path.read_text(), path.relative_to(ROOT).parts
        if place[0] != "tests" and place[:2] not in (("src", "wire"), ("src", "protocol")):
            findings += revisions(path, text)
        if place[0] != "include" and place != POLLS:
            findings += sleeps(path, text)
        seen += 1
    return report("lint-words", findings, f"{seen} files")


if __name__ == "__main__":
    sys.exit(main())
