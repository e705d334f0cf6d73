#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No closure, braced temporary or braced list inside a co_await expression, no call awaited in `!`, `?:`.

g++ 12 destroys closures and aggregates that live in a co_await expression twice, and dies on a
braced list there. Safe: a named local and std::move, or an awaitable made in a statement of its own.

It also breaks the frame of `if (!co_await f())` (seen: `this` of the coroutine is garbage), and of
`c ? co_await f() : co_await g()` and `if (co_await f()) { co_await g(); }` (seen: a crash behind it).

An expression goes from `co_await` to the `;`, `,` or closing bracket that ends it; so what stands
to its right in the same expression (`co_await f() || g([] {})`) is looked at too.
"""
import re
import sys

from cpp_source import ROOT, code_only, line_of, report, sources

CO_AWAIT = re.compile(r"\bco_await\b")
IN_CHOICE = re.compile(r"(?<![:?])[?:]\s*co_await\b")
IN_CONDITION = re.compile(r"\b(?:if|while)\s*\((?![^;{}]*?=\s*co_await)[^;{}]*?(?<!!)\bco_await\s+(?!std::move\b)")
FOR_EACH = re.compile(r"\bfor\s*\([^;()]*:\s*co_await$")
LABEL = re.compile(r"\b(case\s[^;?]*|default\s*):\s*co_await$")
NEGATED_CALL = re.compile(r"!\s*co_await\s+(?!std::move\b)")
OPENING, CLOSING = "([{", ")]}"


def hazards(code, start):
    """Offsets and names of what must not stand in the expression that begins at `start`."""
    depth, before = 0, ""  # `before`: the last thing that was not white space
    at = start
    while at < len(code):
        c = code[at]
        if c.isspace():
            at += 1
            continue
        if depth == 0 and (c in ";," or c in CLOSING):
            return
        if c == "{":
            named = before.isidentifier() or before == ">"
            yield at, "a braced temporary" if named else "a braced list"
            return  # what follows may be the body of something: one finding says it
        if c == "[" and not (before.isidentifier() or before in (")", "]")):
            yield at, "a closure"
            return
        if c in OPENING:
            depth += 1
        elif c in CLOSING:
            depth -= 1
        word = re.match(r"\w+", code[at:])
        before = word[0] if word else c
        at += len(before)


def balanced(text):
    """`text` ends inside of the one bracket that it begins with."""
    return text.count("(") > text.count(")")


def check(path, text):
    code = code_only(text)
    negated = [
        (path, line_of(code, match.start()), "a call awaited behind `!`: name the awaitable first")
        for match in NEGATED_CALL.finditer(code)
    ]
    chosen = [
        (path, line_of(code, match.start()), "a call awaited in `?:`: write if and else")
        for match in IN_CHOICE.finditer(code)
        if not FOR_EACH.search(code[:match.end()]) and not LABEL.search(code[:match.end()])
    ]
    deciding = [
        (path, line_of(code, match.start()), "a call awaited in a condition: name its result first")
        for match in IN_CONDITION.finditer(code)
        if balanced(code[match.start():match.end()])
    ]
    return negated + chosen + deciding + [
        (path, line_of(code, at), f"{what} inside a co_await expression: name it first")
        for match in CO_AWAIT.finditer(code)
        for at, what in hazards(code, match.end())
    ]


PLANTED = """
co_await f([t] { use(t); });
co_await co_spawn(ex, [t]() -> awaitable<void> { co_return; }, use_awaitable);
co_await f(options{t, 1});
co_await f({"a", "b"});
co_await f(\n    first,\n    point<int>{1,\n 2});
auto x = co_await g(h(k([&] { return 1; })));
x = co_await ready() && all([](int i) { return i > 0; });
if (late || co_await ready()) { co_await go(); }
return_to(co_await pick{});
co_await f(a[0], [] {});
if (!co_await ready()) {}
const bool done = late ? co_await end() : other;
"""
CLEAN = """
auto work = [t] { use(t); };
co_await f(std::move(work));
if (done) co_await f();
if (const auto x = co_await ready()) { go(); }
if (!co_await std::move(reading)) { go(); }
for (auto& x : co_await all()) { use(x); }
co_await f(a[0], (*b)[1], c()[i]);
// co_await f([] {});
log("co_await f({1})", co_await text(), plain{1});
while (auto next = co_await pop()) { use({next}); }
co_await timer.async_wait(boost::asio::use_awaitable); f([] {});
co_return result{co_await value()};
switch (x) { case a::b: co_await f(); default: co_await g(); }
"""


def self_test():
    statements = PLANTED.count(";\n") + PLANTED.count("{}\n") + PLANTED.count("; }\n")
    found = check(ROOT, PLANTED)
    if len(found) != statements:
        raise SystemExit(f"lint-await: self-test: {len(found)} of {statements} planted: {found}")
    if wrong := check(ROOT, CLEAN):
        raise SystemExit(f"lint-await: self-test: wrongly found: {wrong}")


def main():
    self_test()
    findings, seen = [], 0
    for path in sources("src", "include", "tests", "examples", "bench", "apps", "fuzz"):
        findings += check(path, path.read_text())
        seen += 1
    return report("lint-await", findings, f"{seen} files")


if __name__ == "__main__":
    sys.exit(main())
