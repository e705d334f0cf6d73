#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls the tool of the consumer program over stdio, then ends its input: it must exit with 0."""
import json
import os
import subprocess
import sys
import tempfile

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
CALL = {
    "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "join", "arguments": {"words": ["long", "haul"]}, "_meta": META},
}


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as state:
        talk(program, {**os.environ, "XDG_STATE_HOME": state})


def talk(program, environment):
    child = subprocess.Popen([program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, env=environment)
    child.stdin.write(json.dumps(CALL) + "\n")
    child.stdin.flush()
    reply = None
    for line in child.stdout:
        reply = json.loads(line)
        if reply.get("id") == 1:
            break
    rest, _ = child.communicate(timeout=60)
    got = ((reply or {}).get("result") or {}).get("structuredContent")
    if got != {"text": "long haul", "words": 2} or rest.strip() or child.returncode != 0:
        sys.exit(f"{program}: exit code {child.returncode}, reply {reply}, then {rest!r}")
    print(f"{program}: {got}")


if __name__ == "__main__":
    main()
