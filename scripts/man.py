#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manual pages from docs/cli.md, which is what they say.

  scripts/man.py           writes docs/man/*.1
  scripts/man.py --check   only says whether they are those of the page
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE, FOLDER = ROOT / "docs/cli.md", ROOT / "docs/man"
NAME = "longhaul-call"
ALSO = ["longhaul-tools", "longhaul-tasks", "longhaul-admin", "longhaul-completion"]
HEAD = f""".\\" Made by scripts/man.py of docs/cli.md: change that page.
.TH LONGHAUL\\-CALL 1 "" "longhaul" "User Commands"
.SH NAME
longhaul call, tools, tasks, admin, completion \\- call long\\-running tools of any MCP server
"""


def inline(text):
    """A line of text: code and bold in bold, links as their text."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = text.replace("…", "...").replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`` ` ``", "`")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    text = re.sub(r"\*\*([^*]*)\*\*", r"\\fB\1\\fR", text)
    return re.sub(r"^\.", r"\\&.", text)


def cells(row):
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows):
    """The first column is what a paragraph explains."""
    out = []
    for row in rows:
        first, *rest = cells(row)
        if set(row) <= set("|- :") or not first:
            continue
        out += [".TP", inline(first), inline("; ".join(part for part in rest if part)) or r"\&"]
    return out


def verbatim(lines):
    safe = [re.sub(r"^\.", r"\\&.", line.replace("…", "...").replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq"))
            for line in lines]
    return [".PP", ".RS 4", ".nf", *safe, ".fi", ".RE"]


def page(text):
    out, lines, at = [HEAD.rstrip()], text.splitlines()[1:], 0
    out.append(".SH DESCRIPTION")
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = next(i for i in range(at + 1, len(lines)) if lines[i].startswith("```"))
            out += verbatim(lines[at + 1:end])
            at = end
        elif line.startswith("## "):
            out.append(f'.SH "{inline(line[3:].upper())}"')
        elif line.startswith("|"):
            end = next((i for i in range(at, len(lines)) if not lines[i].startswith("|")), len(lines))
            out += table(lines[at:end])
            at = end - 1
        elif line.startswith("- "):
            out += [r".IP \(bu 2", inline(line[2:])]
        elif not line.strip():
            if at + 1 < len(lines) and re.match(r"[\w`*\[(]", lines[at + 1]):
                out.append(".PP")
        else:
            out.append(inline(line.strip()))
        at += 1
    return "\n".join(out) + "\n"


def pages():
    made = {FOLDER / f"{NAME}.1": page(PAGE.read_text())}
    return made | {FOLDER / f"{other}.1": f".so man1/{NAME}.1\n" for other in ALSO}


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    old = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    if arguments:
        for path in old:
            print(f"{path.relative_to(ROOT)} is not what docs/cli.md says: run scripts/man.py")
        return 1 if old else 0
    FOLDER.mkdir(exist_ok=True)
    for path in old:
        path.write_text(pages()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
