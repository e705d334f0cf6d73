#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Include arrows go only downward; public headers include public headers only.

A folder of src/ that is not in ORDER is a finding too: decide where it stands.
"""
import re
import sys

from cpp_source import ROOT, report, sources

# Lowest first: a folder may include itself and those before it, but not those it stands beside.
ORDER = ["base", "json", "auth", "stores", "sqlite", "typed", "tasks", "server", "command",
         "config", "wire", "transport", "run"]
BESIDE = {"wire", "transport", "run"}, {"command", "config"}
PUBLIC = "longhaul"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<(longhaul/[^>]+)>)', re.M)


def allowed(layer):
    """The folders whose headers a file may include."""
    if layer in (PUBLIC, "examples"):
        return {PUBLIC}
    below = {PUBLIC, *ORDER[: ORDER.index(layer) + 1]}
    for group in BESIDE:
        if layer not in group:
            below -= group
    return below


def check(path, layer, text):
    if layer not in (PUBLIC, "examples", *ORDER):
        return [(path, 1, f"src/{layer} has no place in ORDER of scripts/lint-layers.py")]
    findings = []
    for match in INCLUDE.finditer(text):
        header = match[1] or match[2]
        target = header.split("/")[0] if "/" in header else layer
        if target not in allowed(layer):
            line = text.count("\n", 0, match.start(0)) + 1
            findings.append((path, line, f"{layer} must not include {header}"))
    return findings


def self_test():
    planted = [
        ("base", '#include "json/view.hpp"'),
        ("json", '#include "stores/store.hpp"'),
        ("stores", '#include "longhaul/task.hpp"\n#  include "tasks/engine.hpp"'),
        ("wire", '#include "transport/http.hpp"'),
        ("wire", '#include "command/spec.hpp"'),
        ("server", '#include "command/spec.hpp"'),
        (PUBLIC, '#include "json/view.hpp"'),
        ("examples", '#include "tasks/engine.hpp"'),
        ("nowhere", ""),
    ]
    clean = [
        ("tasks", '#include <map>\n#include "stores/store.hpp"\n#include "longhaul/task.hpp"'),
        ("run", '#include "json/view.hpp"\n#include "service.hpp"'),
        (PUBLIC, '#include "longhaul/task.hpp"\n#include <boost/asio.hpp>'),
    ]
    for layer, text in planted:
        if len(check(ROOT, layer, text)) != 1:
            raise SystemExit(f"lint-layers: self-test: not found in {layer}: {text!r}")
    for layer, text in clean:
        if check(ROOT, layer, text):
            raise SystemExit(f"lint-layers: self-test: wrongly found in {layer}: {text!r}")


def main():
    self_test()
    findings, seen = [], 0
    for path in sources("src", "include/longhaul", "examples"):
        parts = path.relative_to(ROOT).parts
        layer = parts[1] if parts[0] in ("src", "include") else parts[0]
        findings += check(path, layer, path.read_text())
        seen += 1
    return report("lint-layers", findings, f"{seen} files")


if __name__ == "__main__":
    sys.exit(main())
