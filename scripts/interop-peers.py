#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries the release build with the clients of others: a part of `make check`.

Each peer of tests/interop/peers is a program that prints TAP, one test a row named "TRANSPORT: what".
Installs the pinned packages (npm, PyPI) into the working tree. The table of docs/interop.md is what
the run saw; one that differs is a failure, and --write brings the page up to date.
The last line is `N passed, M failed`; exit code 1 if any failed.

  scripts/interop-peers.py [--write] [PEER…]
"""
import argparse
import hashlib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "tests/interop/peers"
PAGE = ROOT / "docs/interop.md"
BEGIN, END = "<!-- made by scripts/interop-peers.py -->", "<!-- end -->"
VENV = ROOT / "build/peers-venv"
LIMIT = 600  # seconds a peer


def version_of(package):
    """The pinned version of an npm or PyPI package."""
    lines = (PEERS / "requirements.txt").read_text()
    found = re.search(rf"^{re.escape(package)}==(\S+)$", lines, re.MULTILINE)
    if found:
        return found.group(1)
    return re.search(rf'"{re.escape(package)}": "([^"]+)"', (PEERS / "package.json").read_text()).group(1)


def node():
    done = subprocess.run([ROOT / "scripts/npm-install.sh", "tests/interop/peers"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def python():
    wanted = hashlib.sha256((PEERS / "requirements.txt").read_bytes()).hexdigest()
    stamp = VENV / ".longhaul-stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([VENV / "bin/pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
                        "-r", PEERS / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return str(VENV / "bin/python")


def by_node(file):
    return lambda: [node(), "--test", "--test-reporter=tap", str(PEERS / file)]


# Name, packages whose versions are shown, wire that it speaks, command.
TABLE = [
    ("FastMCP", ["fastmcp", "fastmcp-tasks"], "2026-07-28 with tasks",
     lambda: [python(), str(PEERS / "fastmcp_test.py"), str(ROOT / "build/release/longhaul-handlers")]),
    ("mcpc", ["@apify/mcpc"], "2025-11-25 with tasks", by_node("mcpc.test.mjs")),
    ("Inspector", ["@modelcontextprotocol/inspector"], "2025-11-25", by_node("inspector.test.mjs")),
    ("TypeScript SDK", ["@modelcontextprotocol/sdk"], "2025-11-25", by_node("silent_program.test.mjs")),
    ("A page in Chromium", ["playwright-core"], "both, through CORS", by_node("browser.test.mjs")),
]


def run(command):
    """[(transport, what, passed)], and what was printed."""
    try:
        done = subprocess.run(command(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
        text, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        text, code = (late.stdout or b"").decode(errors="replace"), "no end in time"
    rows = [(m.group(3), m.group(4), m.group(1) is None)
            for m in re.finditer(r"^(not )?ok (\d+) - ([^:\n]+): (.*)$", text, re.MULTILINE)]
    if code != 0 and all(passed for _, _, passed in rows):
        rows.append(("-", f"the run itself (exit {code})", False))
    return rows, text


def row(name, packages, wire, rows):
    """One line a transport, in the order of the run."""
    shown = ", ".join(f"{package} {version_of(package)}" for package in packages)
    lines = []
    for transport in dict.fromkeys(t for t, _, _ in rows):
        done = [what + ("" if passed else " **FAILED**") for t, what, passed in rows if t == transport]
        lines.append(f"| {name} | {shown} | {wire} | {transport} | {' · '.join(done)} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="*", metavar="PEER", help="names of the table (default: all)")
    parser.add_argument("--write", action="store_true", help="bring docs/interop.md up to date")
    options = parser.parse_args()
    os.environ["LONGHAUL"] = str(ROOT / "build/release/longhaul")
    passed = failed = 0
    lines = ["| client | version | speaks | over | what was tried |", "|---|---|---|---|---|"]
    for name, packages, wire, command in TABLE:
        if options.peers and name not in options.peers:
            continue
        rows, text = run(command)
        lines += row(name, packages, wire, rows)
        good = sum(ok for _, _, ok in rows)
        passed, failed = passed + good, failed + len(rows) - good
        print(f"{name}: {good} of {len(rows)}", flush=True)
        if good < len(rows):
            print(text)
    if not options.peers:
        page = PAGE.read_text()
        head, rest = page.split(BEGIN)
        table = "\n".join(lines)
        fresh = f"{head}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}"
        if options.write:
            PAGE.write_text(fresh)
        elif fresh != page and not failed:
            failed += 1
            print("docs/interop.md tells something else: scripts/interop-peers.py --write")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
