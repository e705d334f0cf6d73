#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What keeps the house readable, in src/ and apps/.

- No file over 400 lines, no function over 60.
- Names are things: `what`, `in`, `of`, `by` and `no` name nothing (but `what()` of exceptions).
- A coroutine is named first and then moved into `co_await` only where that is needed
  (scripts/lint-await.py says where); in all at most 30 times.
"""
import re
import sys

from cpp_source import ROOT, code_only, line_of, report, sources

MAX_FILE, MAX_FUNCTION, MAX_NAMED = 400, 60, 30
WORD = re.compile(r"\b(what|in|of|by|no)\b(?!\s*\(\)\s*(?:const|;|\)|,|<|\+|\}|\.))")
NAMED = re.compile(r"\bauto (\w+) = [^;]*;\s*(?:[^;{}]*[^\w;{}])?co_await std::move\(\1\)")


def functions(code):
    """(first line, lines) of each function body: a `{` behind `)` or a qualifier, to its `}`."""
    stack, lines = [], code.split("\n")
    head = ""
    for number, line in enumerate(lines, 1):
        for char in line:
            if char == "{":
                is_body = re.search(r"\)\s*(?:const|noexcept|override|final|mutable|->[^;{}]*|\s)*"
                                    r"(?::[^;]*)?$", head.strip()) is not None
                stack.append((number, is_body))
                head = ""
            elif char == "}":
                if stack:
                    begun, is_body = stack.pop()
                    if is_body and not any(body for _, body in stack):
                        yield begun, number - begun + 1
                head = ""
            elif char == ";":
                head = ""
            else:
                head += char
        head += " "


def check(path, text):
    findings = []
    code = re.sub(r"(?m)^[ \t]*#.*$", "", code_only(text))
    count = text.count("\n")
    if count > MAX_FILE:
        findings.append((path, 1, f"{count} lines, of {MAX_FILE} at most: split it by what it owns"))
    for line, length in functions(code):
        if length > MAX_FUNCTION:
            findings.append((path, line, f"a function of {length} lines, of {MAX_FUNCTION} at most"))
    for match in WORD.finditer(code):
        if code[: match.start()].endswith((".", "->", "::")) and match[1] == "what":
            continue
        findings.append((path, line_of(code, match.start()), f"`{match[1]}` names a thing: say which"))
    return findings


def self_test():
    long_function = "int f(int a) {\n" + "  a += 1;\n" * 60 + "  return a;\n}\n"
    planted = ["\n" * 401, long_function, "void f(int what) {}\n", "void f(store& in);\n",
               "auto no = 1;\n"]
    clean = ["const char* w = e.what();\n", "// what is in it\n", 'say("in no time");\n',
             "#include <x>\nint f() {\n  return 1;\n}\n", "struct x { const char* what() const; };\n"]
    for text in planted:
        if len(check(ROOT, text)) != 1:
            raise SystemExit(f"lint-size: self-test: not found: {text[:60]!r} {check(ROOT, text)}")
    for text in clean:
        if check(ROOT, text):
            raise SystemExit(f"lint-size: self-test: wrongly found: {text[:60]!r}")
    if not NAMED.search("auto x = f(a);\n  co_await std::move(x);"):
        raise SystemExit("lint-size: self-test: await")


def main():
    self_test()
    findings, seen, named = [], 0, []
    for path in sources("src", "apps"):
        text = path.read_text()
        findings += check(path, text)
        code = code_only(text)
        named += [(path, line_of(code, m.start())) for m in NAMED.finditer(code)]
        seen += 1
    if len(named) > MAX_NAMED:
        path, line = named[-1]
        findings.append((path, line, f"{len(named)} coroutines are named and then moved, of "
                                     f"{MAX_NAMED} at most"))
    return report("lint-size", findings, f"{seen} files, {len(named)} named awaits")


if __name__ == "__main__":
    sys.exit(main())
