#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of README.md and docs/*.md, as readers would try them.

  scripts/snippets.py source PAGE FILE   the C++ blocks of a page, one after the other, as one source
                                         file (tests/snippets builds it with the library alone)
  scripts/snippets.py [BUILD]            runs the programs that were built of them, and checks every
                                         TOML block with `longhaul serve --check`

A block of `c++` is quoted from the file that the comment before it names, `<!-- from FILE -->`, and must
stand there word for word: such files are built and run elsewhere.

The tables of options in docs/ must name every member of the structs they tell of, in their order:
designated initializers stand in that order.

A page that has no `main` gets an empty one: its tools are made when the program starts. A TOML block
that is no whole file is completed: with a tool, or as settings of one; settings that stand there more
than once are alternatives, and tried one by one. The last line is `N passed, M failed`.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOME_TOOL = '[[tool]]\nname = "some_tool"\ndescription = "Does something"\ncommand = ["true"]\n'
# Where the members of a struct are listed: header, struct, page, heading.
OPTIONS = [
    ("tool.hpp", "tool_options", "tools.md", "## Options of a tool"),
    ("server.hpp", "server_options", "tools.md", "## Options of a server"),
    ("client.hpp", "client_options", "client.md", "## Options of a client"),
    ("tool_call.hpp", "call_options", "client.md", "## A call"),
    ("task_engine.hpp", "task_engine_options", "engine.md", "## Stores"),
]
MEMBER = re.compile(r"^  [A-Za-z_][\w:<>,()*& ]*?[ >&*](\w+)( = [^;]*|\{[^;]*\})?;", re.M)
ANOTHER = re.compile(r"\}, (\w+) = ")  # declared in the same line
QUOTE = re.compile(r"^(?:<!-- from (\S+) -->\n)?```c\+\+\n(.*?)^```$", re.M | re.S)
SETTING = re.compile(r"^([a-z_]+) *=", re.M)


def blocks(page, language):
    """Number of its first line and text of each fenced block of the language."""
    lines, found, begun = page.read_text().splitlines(), [], None
    for number, line in enumerate(lines, 1):
        if begun is None and line.strip() == f"```{language}":
            begun, indent = number + 1, len(line) - len(line.lstrip())
        elif begun is not None and line.strip() == "```":
            found.append((begun, "\n".join(l[indent:] for l in lines[begun - 1 : number - 1]) + "\n"))
            begun = None
    return found


def source(page, to):
    text = "".join(f'#line {at} "{page}"\n{block}' for at, block in blocks(page, "cpp"))
    if not re.search(r"^int main\(", text, re.M):
        text += "int main() {}\n"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text)


def files_of(block):
    """The configuration files that a TOML block stands for."""
    if "[[tool]]" in block:
        return [block if "[server]" in block else '[server]\nname = "some"\n' + block]
    if block.lstrip().startswith("["):
        return [block + "\n" + SOME_TOOL]
    names = SETTING.findall(block)
    alternatives = [block] if len(set(names)) == len(names) else block.splitlines()
    return [SOME_TOOL + one + "\n" for one in alternatives if one.strip()]


def undocumented(header, struct, page, heading):
    """What is wrong with a table of options; empty: nothing."""
    text = (ROOT / "include" / "longhaul" / header).read_text()
    body = re.search(rf"^struct {struct} \{{$(.*?)^\}};$", text, re.M | re.S)[1]
    members = [n for first, rest in MEMBER.findall(body) for n in (first, *ANOTHER.findall(rest))]
    section = (ROOT / "docs" / page).read_text().split(heading + "\n", 1)[-1].split("\n## ", 1)[0]
    rows = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\|([^|]*`[^|]*)\|", section, re.M)))
    if rows == members:
        return ""
    missing, gone = set(members) - set(rows), set(rows) - set(members)
    return f"missing {sorted(missing)}, unknown {sorted(gone)}; the order is {members}\n"


def quotes(page):
    """For each quoted block its first line, and what is wrong with it; empty: nothing."""
    text = page.read_text()
    for match in QUOTE.finditer(text):
        said, name = text.count("\n", 0, match.start(2)) + 1, match[1]
        if not name or not (ROOT / name).is_file():
            yield said, f"it says no file that is there: {name}"
        else:
            yield said, "" if match[2] in (ROOT / name).read_text() else f"it does not stand in {name}"


def run(command, where):
    environment = {**os.environ, "XDG_STATE_HOME": where, "HOME": where}
    done = subprocess.run(
        command, cwd=where, env=environment, stdin=subprocess.DEVNULL, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )
    return done.returncode, done.stdout


def check_all(build):
    passed = failed = 0

    def tell(name, code, output):
        nonlocal passed, failed
        passed, failed = passed + (code == 0), failed + (code != 0)
        if code != 0:
            print(f"FAILED {name} (exit code {code})\n{output}")

    for header, struct, page, heading in OPTIONS:
        wrong = undocumented(header, struct, page, heading)
        tell(f"{struct} in docs/{page}", 1 if wrong else 0, wrong)
    with tempfile.TemporaryDirectory() as folder:
        for page in PAGES:
            name = page.relative_to(ROOT)
            for at, wrong in quotes(page):
                tell(f"quotation in {name}:{at}", 1 if wrong else 0, wrong)
            if blocks(page, "cpp"):
                program = build / f"snippets-{page.stem.lower()}"
                tell(f"C++ of {name}", *run([program, "--stdio"], folder))
            for at, block in blocks(page, "toml"):
                for text in files_of(block):
                    file = Path(folder) / "snippet.toml"
                    file.write_text(text)
                    tell(f"TOML of {name}:{at}", *run([build / "longhaul", "serve", file, "--check"], folder))
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "source":
        return source(Path(arguments[1]), Path(arguments[2]))
    return check_all((ROOT / (arguments[0] if arguments else "build/release")).resolve())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
