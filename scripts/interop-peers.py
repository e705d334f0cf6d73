#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries the release build with clients, task servers and a collector of others: a part of `make check`.

Each peer of tests/interop/peers is a program that prints TAP, one test a row named
"REVISION over TRANSPORT: what", where `what` is one of ALL or MORE below. Installs and builds the pinned
packages in the working tree (npm, PyPI, Go modules, crates). The tables of docs/interop.md are what the
run saw; one that differs is a failure, and --write brings the page up to date.
The last line is `N passed, M failed`; exit code 1 if any failed.

  scripts/interop-peers.py [--write] [PEER…]
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "tests/interop/peers"
PAGE = ROOT / "docs/interop.md"
BEGIN, END = "<!-- made by scripts/interop-peers.py -->", "<!-- end -->"
BUILD = ROOT / "build/peers"
EVERYTHING = str(ROOT / "build/release/longhaul-everything")
LIMIT = 600  # seconds a peer, once it is built
BUILD_LIMIT = 900  # seconds
SHOWN = 20_000  # characters of the output of a peer that failed
OLDEST_GO = (1, 25)  # of go/go.mod and otlp/go.mod

# What the whole server is tried with, in this order; the table calls a row that has each of them "all".
ALL = """tools, call, structured result, every type of content, failed tool, wrong arguments, unknown tool,
progress, log messages by level, cancel, form, page, sampling, roots, resources, text, bytes, templates,
unknown resource, updated, lists that change, prompts, prompt, completion""".replace("\n", " ").split(", ")
MORE = ["task and poll", "task by its id", "question in a task", "question answered later", "failed task",
        "cancelled task", "time limit", "list of tasks",
        "a silent program outlasts resetTimeoutOnProgress", "a page of an allowed site calls a tool",
        "a page of an allowed site opens a session", "a page learns that its key is wrong",
        "a page of another site is refused",
        "a trace of a call", "a caller's trace goes on", "a trace of a failed call", "retries in one trace"]


# How a file of pins names a version.
PINNED = {".txt": r"^{}==(\S+)$", ".json": r'"{}": "([^"]+)"', ".toml": r'^{} = .*"=([^"]+)"',
          ".mod": r"^require \S+/{} v(\S+)$"}


def version_of(package, pins):
    form = PINNED[pathlib.Path(pins).suffix].format(re.escape(package))
    return re.search(form, (PEERS / pins).read_text(), re.MULTILINE).group(1)


def build(*command, folder=ROOT, **environment):
    subprocess.run([str(word) for word in command], cwd=folder, check=True, timeout=BUILD_LIMIT, text=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                   env={**os.environ, **environment})


def venv(requirements, *options):
    """The bin folder of an environment with these packages."""
    place = BUILD / requirements.replace("/", "-").removesuffix(".txt")
    wanted = hashlib.sha256((PEERS / requirements).read_bytes()).hexdigest()
    stamp = place / ".longhaul-stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        build(sys.executable, "-m", "venv", "--clear", place)
        build(place / "bin/pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", *options,
              "-r", PEERS / requirements)
        stamp.write_text(wanted)
    return place / "bin"


def by_node(file):
    def command():
        done = subprocess.run([ROOT / "scripts/npm-install.sh", "tests/interop/peers"], check=True,
                              stdout=subprocess.PIPE, text=True)
        return [done.stdout.strip(), "--test", "--test-reporter=tap", str(PEERS / file)]
    return command


def by_python(requirements, file):
    return lambda: [str(venv(requirements) / "python"), str(PEERS / file)]


def built_by_go(program, folder):
    go = shutil.which("go")
    told = subprocess.run([go, "env", "GOVERSION"], stdout=subprocess.PIPE, text=True).stdout if go else ""
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if version < OLDEST_GO:
        go = venv("go/toolchain.txt", "--require-hashes") / "go"
    build(go, "build", "-mod=readonly", "-o", BUILD / program, ".", folder=PEERS / folder, GOTOOLCHAIN="local")
    return str(BUILD / program)


def by_go():
    return [built_by_go("go-sdk", "go"), EVERYTHING]


def with_collector():
    return [sys.executable, str(PEERS / "traces_test.py"), built_by_go("collector", "otlp")]


def built_by_cargo(program):
    target = BUILD / "cargo"
    build("cargo", "build", "--locked", "--quiet", folder=PEERS / "rust", CARGO_TARGET_DIR=str(target))
    return str(target / "debug" / program)


def by_cargo():
    return [built_by_cargo("longhaul-interop-rmcp"), EVERYTHING]


def with_server(server):
    """Our client, and the command that `server()` gives."""
    return lambda: [sys.executable, str(PEERS / "task_server_test.py"), *server()]


# Name, the file that pins it, packages whose versions are shown, command: a table of the clients that call our
# server, one of the servers that our client calls, and one of those whom we tell of both.
CLIENTS = [
    ("TypeScript SDK 1", "package.json", ["@modelcontextprotocol/sdk"], by_node("typescript1.test.mjs")),
    ("TypeScript SDK 2", "package.json", ["@modelcontextprotocol/client"], by_node("typescript2.test.mjs")),
    ("ext-tasks", "package.json", ["@modelcontextprotocol/ext-tasks", "@modelcontextprotocol/client"],
     by_node("ext_tasks.test.mjs")),
    ("Python SDK 2", "requirements.txt", ["mcp"], by_python("requirements.txt", "python_test.py")),
    ("FastMCP", "fastmcp.txt", ["fastmcp"], by_python("fastmcp.txt", "fastmcp_test.py")),
    ("FastMCP with tasks", "requirements.txt", ["fastmcp", "fastmcp-tasks"],
     by_python("requirements.txt", "fastmcp_tasks_test.py")),
    ("Go SDK", "go/go.mod", ["go-sdk"], by_go),
    ("rmcp", "rust/Cargo.toml", ["rmcp"], by_cargo),
    ("Inspector", "package.json", ["@modelcontextprotocol/inspector"], by_node("inspector.test.mjs")),
    ("mcpc", "package.json", ["@apify/mcpc"], by_node("mcpc.test.mjs")),
    ("A host that loses patience", "package.json", ["@modelcontextprotocol/sdk"],
     by_node("silent_program.test.mjs")),
    ("A page in Chromium", "package.json", ["playwright-core"], by_node("browser.test.mjs")),
]
SERVERS = [
    ("FastMCP server", "requirements.txt", ["fastmcp", "fastmcp-tasks"],
     with_server(by_python("requirements.txt", "servers/fastmcp_server.py"))),
    ("rmcp server", "rust/Cargo.toml", ["rmcp"],
     with_server(lambda: [built_by_cargo("longhaul-interop-rmcp-server")])),
]
COLLECTORS = [
    ("OpenTelemetry Collector's decoder", "otlp/go.mod", ["pdata"], with_collector),
]
TABLES = {"client": CLIENTS, "server": SERVERS, "collector": COLLECTORS}


def run(command):
    """[(revision, transport, what, passed)], and what was printed."""
    try:
        done = subprocess.run(command(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
        text, code = done.stdout, done.returncode
    except subprocess.CalledProcessError as failed:  # it could not be built
        text, code = failed.stdout or "", failed.returncode
    except subprocess.TimeoutExpired as late:
        text, code = (late.stdout or b"").decode(errors="replace"), "no end in time"
    rows = [(m.group(2), m.group(3), m.group(4), m.group(1) is None)
            for m in re.finditer(r"^(not )?ok \d+ - (.+?) over (\w+): (.*)$", text, re.MULTILINE)]
    unknown = [what for _, _, what, _ in rows if what not in ALL + MORE]
    if unknown:
        text += f"names that interop-peers.py does not have: {unknown}\n"
    if unknown or not rows or (code != 0 and all(row[-1] for row in rows)):
        rows.append(("-", "-", f"the run itself (exit {code})", False))
    return rows, text


def tried(rows):
    """What was tried, in the order of the lists; those that failed are said to have."""
    passed = {what for what, good in rows if good}
    shown = [what for what in ALL + MORE if what in passed]
    if passed.issuperset(ALL):
        shown = ["all"] + shown[len(ALL):]
    return " · ".join(shown + [f"{what} **FAILED**" for what, good in rows if not good])


def lines_of(name, shown, rows):
    """One line a revision, or two if more was tried over one transport."""
    lines = []
    for revision in dict.fromkeys(row[0] for row in rows):
        cells = {}
        for transport in dict.fromkeys(row[1] for row in rows if row[0] == revision):
            done = tried([row[2:] for row in rows if row[:2] == (revision, transport)])
            cells.setdefault(done, []).append(transport)
        lines += [f"| {name} | {shown} | {revision} | {', '.join(over)} | {done} |" for done, over in cells.items()]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="*", metavar="PEER", help="names of the tables (default: all)")
    parser.add_argument("--write", action="store_true", help="bring docs/interop.md up to date")
    options = parser.parse_args()
    os.environ["LONGHAUL"] = str(ROOT / "build/release/longhaul")
    BUILD.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    tables = {kind: [f"| {kind} | version | revision | over | what was tried |", "|---|---|---|---|---|"]
              for kind in TABLES}
    for kind, (name, pins, packages, command) in [(kind, row) for kind, rows in TABLES.items() for row in rows]:
        if options.peers and name not in options.peers:
            continue
        begun = time.monotonic()
        rows, text = run(command)
        shown = ', '.join(f'{package} {version_of(package, pins)}' for package in packages)
        tables[kind] += lines_of(name, shown, rows)
        good = sum(row[-1] for row in rows)
        passed, failed = passed + good, failed + len(rows) - good
        print(f"{name}: {good} of {len(rows)}, {time.monotonic() - begun:.0f} s", flush=True)
        if good < len(rows):
            print(text[-SHOWN:])
    if not options.peers:
        page = PAGE.read_text()
        head, rest = page.split(BEGIN)
        parts = ["\n".join(tables["client"]), f"All: {' · '.join(ALL)}.", "\n".join(tables["server"]),
                 "\n".join(tables["collector"])]
        fresh = "\n\n".join([head + BEGIN, *parts, END]) + rest.split(END)[1]
        if options.write:
            PAGE.write_text(fresh)
        elif fresh != page and not failed:
            failed += 1
            print("docs/interop.md tells something else: scripts/interop-peers.py --write")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
