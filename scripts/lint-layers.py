#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which folder of src/ may include which: LAYERS is the law, and whatever tells of it follows.

Checks every include, that public headers include public headers only (those of the stores and of the
test kit are for who needs them: no other public header brings them), that each layer links what it may
include and nothing else, and that the lists in the docs are those of the table.
`--write` writes the lists.
"""
import re
import sys

from cpp_source import ROOT, report, sources

# layer: (what it is, the layers that it may include). Highest first: none may include one above it.
# Every layer may include itself and `longhaul/`.
LAYERS = {
    "testing": ("the test kit for users: a server and its clients in one process, on a test's clock",
                "run client wire server protocol tasks stores typed auth json base"),
    "run": ("puts a server together: command line, signals, log, who calls",
            "operator telemetry transport wire server tasks typed open auth json base"),
    "operator": ("for whoever runs a server: the API, its page, figures",
                 "wire server tasks stores auth json base"),
    "telemetry": ("traces of tasks, as OpenTelemetry has them, to a collector",
                  "client tasks typed json base"),
    "config": ("the file of `longhaul serve`, into plain data, with each fault at its place",
               "command open auth typed json base"),
    "command": ("programs as tools: command lines, processes, their output",
                "server typed json base"),
    "transport": ("stdio, Streamable HTTP: bytes in, bytes out; knows no method name",
                  "wire auth json base"),
    "terminal": ("what people type and see: arguments, questions, progress, tables",
                 "client typed json base"),
    "client": ("the other side: calls tools of any server, follows and answers their tasks",
               "protocol typed json base"),
    "wire": ("the server's side of MCP: one file a feature, revisions are data",
             "server protocol tasks auth json base"),
    "protocol": ("JSON-RPC, eras, header values, error codes: what both sides of MCP share",
                 "json base"),
    "server": ("catalog, calls, waiting, task requests, subscriptions; knows no revision",
               "tasks stores typed auth json base"),
    "tasks": ("the engine: lifecycle, executors, slots, followers, upkeep",
              "stores typed json base"),
    "open": ("what settings name (store_url, default_store, http_address); which servers run here",
             "postgres sqlite base"),
    "postgres": ("the store that many processes share, in a PostgreSQL database",
                 "stores json base"),
    "sqlite": ("the store in a file: durable, the default",
               "stores json base"),
    "stores": ("behind the store contract: the lifecycle as pure functions, the store in memory",
               "json base"),
    "auth": ("who calls: API keys, the one user, anonymous",
             "json base"),
    "typed": ("described structs to schemas and back; questions and results as JSON",
              "json base"),
    "json": ("JSON as validated bytes: read, splice, write",
             "base"),
    "base": ("clock, random bytes, digests, names, mutex, log: what every layer may use",
             ""),
}
PUBLIC = "longhaul"
# Public headers that are a layer's door: for whoever may include that layer.
DOORS = {"longhaul/stores/": "stores", "longhaul/testing": "testing"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<(longhaul/[^>]+)>)', re.M)


def door(header):
    """The layer behind a public header, if it is the door of one."""
    return next((layer for begin, layer in DOORS.items() if header.startswith(begin)), None)


def allowed(layer):
    """The folders whose headers a file may include; `longhaul/x`: the door of x."""
    if layer == PUBLIC:
        return {PUBLIC}
    if layer == "longhaul/stores":
        return {PUBLIC, layer}
    if layer == "longhaul/testing":
        return {PUBLIC, layer, "longhaul/stores"}
    doors = {f"longhaul/{name}" for name in DOORS.values()}
    if layer == "examples":
        return {PUBLIC, layer, *doors}
    below = {layer, *LAYERS[layer][1].split()}
    return {PUBLIC, *below, *(name for name in doors if name.split("/")[1] in below)}


def check(path, layer, text):
    if layer not in (PUBLIC, "examples", *LAYERS, *(f"longhaul/{name}" for name in DOORS.values())):
        return [(path, 1, f"src/{layer} has no place in LAYERS of scripts/lint-layers.py")]
    findings = []
    for match in INCLUDE.finditer(text):
        header = match[1] or match[2]
        target = header.split("/")[0] if "/" in header else layer
        if door(header):
            target = f"longhaul/{door(header)}"
        if target not in allowed(layer):
            line = text.count("\n", 0, match.start(0)) + 1
            findings.append((path, line, f"{layer} must not include {header}"))
    return findings


def check_table():
    """No layer may include one above it: then there is no circle."""
    order = list(LAYERS)
    for number, (layer, (_, below)) in enumerate(LAYERS.items()):
        for other in below.split():
            if other not in order[number + 1:]:
                raise SystemExit(f"lint-layers: LAYERS: {other} does not stand below {layer}")


def links(cmake):
    """layer → the layers that it links, directly or through others."""
    direct = {}
    for match in re.finditer(r"longhaul_layer\((\w+)\s+LINK\s+([^)]*)\)", cmake):
        direct[match[1]] = re.findall(r"longhaul_(\w+)", match[2])
    whole = {}
    for layer in reversed(LAYERS):
        whole[layer] = set()
        for other in direct.get(layer, ()):
            whole[layer] |= {other} | whole.get(other, set())
    return whole


def check_links(path, cmake):
    """Each layer links what it may include, and of the rest nothing that this does not bring."""
    findings, whole = [], links(cmake)
    for layer in LAYERS:
        may = set(LAYERS[layer][1].split())
        brought = may.union(*(whole[other] for other in may)) if may else set()
        for other in sorted(may - whole[layer]):
            findings.append((path, 1, f"{layer} may include {other}, but does not link it"))
        for other in sorted(whole[layer] - brought):
            findings.append((path, 1, f"{layer} links {other}, which it may not include"))
    return findings


def picture():
    width = max(map(len, LAYERS))
    lines = [f" {name:<{width}}  {what}" for name, (what, _) in LAYERS.items()]
    return "```\n" + "\n".join(lines) + "\n```\n"


def arrows():
    rows = ["| layer | may include |", "|---|---|"]
    rows += [f"| `{name}` | {', '.join(below.split()) or 'nothing'} |"
             for name, (_, below) in LAYERS.items()]
    return "\n".join(rows) + "\n"


DOCS = {"docs/how-it-works.md": picture, "CONTRIBUTING.md": arrows}
LIST = re.compile(r"(<!-- layers, made by scripts/lint-layers\.py --write -->\n).*?(<!-- end -->)",
                  re.S)


def check_docs(write):
    findings = []
    for name, make in DOCS.items():
        path = ROOT / name
        text = path.read_text()
        made = LIST.sub(lambda m, make=make: m[1] + make() + m[2], text)
        if not LIST.search(text):
            findings.append((path, 1, "the list of layers has lost its marks"))
        elif made != text and write:
            path.write_text(made)
        elif made != text:
            findings.append((path, 1, "the list of layers is old: scripts/lint-layers.py --write"))
    return findings


def self_test():
    planted = [
        ("base", '#include "json/view.hpp"'),
        ("json", '#include "stores/store.hpp"'),
        ("stores", '#include "longhaul/task.hpp"\n#  include "tasks/engine.hpp"'),
        ("tasks", '#include "sqlite/connection.hpp"'),
        ("server", '#include "sqlite/connection.hpp"'),
        ("wire", '#include "transport/http.hpp"'),
        ("wire", '#include "command/spec.hpp"'),
        ("server", '#include "command/spec.hpp"'),
        ("transport", '#include "server/dispatcher.hpp"'),
        ("typed", '#include "longhaul/stores/store.hpp"'),
        ("wire", '#include <longhaul/stores/store.hpp>'),
        ("tasks", '#include "longhaul/testing/clock.hpp"'),
        (PUBLIC, '#include "longhaul/stores/store.hpp"'),
        (PUBLIC, '#include "longhaul/testing.hpp"'),
        ("longhaul/stores", '#include "longhaul/testing/clock.hpp"'),
        ("longhaul/stores", '#include "stores/tunables.hpp"'),
        (PUBLIC, '#include "json/view.hpp"'),
        ("examples", '#include "tasks/engine.hpp"'),
        ("nowhere", ""),
    ]
    clean = [
        ("tasks", '#include <map>\n#include "longhaul/stores/store.hpp"\n#include "longhaul/task.hpp"'),
        ("stores", '#include "longhaul/stores/store.hpp"'),
        ("testing", '#include "longhaul/testing/clock.hpp"\n#include "longhaul/stores/store.hpp"'),
        ("longhaul/testing", '#include "longhaul/stores/store.hpp"\n#include "longhaul/task.hpp"'),
        ("examples", '#include <longhaul/stores/store.hpp>'),
        (PUBLIC, '#include "longhaul/store.hpp"'),
        ("run", '#include "json/view.hpp"\n#include "service.hpp"'),
        (PUBLIC, '#include "longhaul/task.hpp"\n#include <boost/asio.hpp>'),
    ]
    for layer, text in planted:
        if len(check(ROOT, layer, text)) != 1:
            raise SystemExit(f"lint-layers: self-test: not found in {layer}: {text!r}")
    for layer, text in clean:
        if check(ROOT, layer, text):
            raise SystemExit(f"lint-layers: self-test: wrongly found in {layer}: {text!r}")
    good = "\n".join(f"longhaul_layer({name} LINK {' '.join('longhaul_' + b for b in below.split())})"
                     for name, (_, below) in LAYERS.items())
    extra = good.replace("longhaul_layer(base LINK )", "longhaul_layer(base LINK )").replace(
        "longhaul_layer(typed LINK ", "longhaul_layer(typed LINK longhaul_stores ")
    if check_links(ROOT, good) or not check_links(ROOT, extra) or not check_links(ROOT, ""):
        raise SystemExit("lint-layers: self-test of links")


def main():
    check_table()
    self_test()
    findings, seen = [], 0
    for path in sources("src", "include/longhaul", "examples"):
        parts = path.relative_to(ROOT).parts
        layer = parts[1] if parts[0] in ("src", "include") else parts[0]
        if parts[0] == "include" and door("/".join(parts[1:])):
            layer = f"longhaul/{door('/'.join(parts[1:]))}"
        findings += check(path, layer, path.read_text())
        seen += 1
    cmake = ROOT / "CMakeLists.txt"
    findings += check_links(cmake, cmake.read_text())
    findings += check_docs("--write" in sys.argv[1:])
    return report("lint-layers", findings, f"{seen} files")


if __name__ == "__main__":
    sys.exit(main())
