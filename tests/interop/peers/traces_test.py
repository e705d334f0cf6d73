#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a collector of OpenTelemetry understands of our traces.

  traces_test.py COLLECTOR     prints its address, then a line of JSON for each span (otlp/main.go)
"""
import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import traceback
import urllib.request

LIMIT = 60  # seconds: for somebody who says nothing
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TOOLS = """
[server]
name = "peer"

[[tool]]
name = "greet"
description = "Prints the trace that it was given."
command = ["sh", "-c", "printf %s \\"$TRACEPARENT\\""]

[[tool]]
name = "twice"
description = "Fails, then works."
command = ["sh", "-c", "test $LONGHAUL_ATTEMPT = 2"]
retry_on = [1]
max_attempts = 2
retry_backoff = "10ms"

[[tool]]
name = "burn"
description = "Fails."
command = ["sh", "-c", "echo the pan is on fire >&2; exit 1"]
"""


@contextlib.contextmanager
def running(command, **how):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **how)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


class Traces:
    """A server whose spans go to the collector, and what that has understood."""

    def __init__(self, url, collector):
        self.url, self.lines, self.seen = url, queue.Queue(), []
        threading.Thread(target=self._read, args=(collector.stdout,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            self.lines.put(json.loads(line))

    def call(self, tool, code=0):
        done = subprocess.run([os.environ["LONGHAUL"], "call", self.url, tool, "--json"], timeout=LIMIT, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def span(self, name, trace=None):
        """The newest of this name; waits for it."""
        def found():
            return [one for one in self.seen if one["name"] == name and trace in (None, one["trace"])]
        while not found():
            self.seen.append(self.lines.get(timeout=LIMIT))
        return found()[-1]


def address_of(server):
    said = queue.Queue()

    def read():
        for line in server.stderr:
            said.put(line)
        said.put("")
    threading.Thread(target=read, daemon=True).start()
    while line := said.get(timeout=LIMIT):
        if found := re.search(r"http://\S+/mcp", line):
            return found[0]
    raise AssertionError("the server does not listen")


def trace_of_a_call(traces):
    printed = traces.call("greet")["result"]["content"][0]["text"]
    handed = re.search(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", printed)
    assert handed, printed
    call = traces.span("tools/call greet")
    attempt, created, ended = (traces.span(name, call["trace"])
                               for name in ("attempt 1", "store.create", "store.finish"))
    assert (attempt["trace"], attempt["span"]) == handed.groups(), (attempt, printed)
    assert [one["parent"] for one in (call, attempt, created, ended)] == ["", *3 * [call["span"]]], call
    assert [one["kind"] for one in (call, attempt, created)] == ["Server", "Internal", "Client"], (call, attempt)
    assert call["nanos"] >= attempt["nanos"] > 0, (call, attempt)
    assert call["resource"]["service.name"] == "peer", call
    assert call["attributes"]["gen_ai.tool.name"] == "greet", call
    assert call["attributes"]["longhaul.attempts"] == 1, call


def failed_call(traces):
    traces.call("burn", code=1)
    call = traces.span("tools/call burn")
    assert call["status"] == "Error" and call["attributes"]["error.type"] == "tool_error", call


def retries_in_one_trace(traces):
    traces.call("twice")
    call = traces.span("tools/call twice")
    first, second = (traces.span(f"attempt {n}", call["trace"]) for n in (1, 2))
    assert (first["status"], second["status"], call["status"]) == ("Error", "Unset", "Unset"), (first, second, call)
    assert call["attributes"]["longhaul.attempts"] == 2, call
    assert len({first["span"], second["span"], call["span"]}) == 3, (first, second, call)


def trace_of_the_caller(traces):
    request = urllib.request.Request(traces.url, method="POST", headers={
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Name": "greet",
        "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call"}, data=json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "greet", "arguments": {}, "_meta": {
                "traceparent": f"00-{TRACE}-{PARENT}-01", "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {}}}}).encode())
    with urllib.request.urlopen(request, timeout=LIMIT) as reply:
        printed = reply.read().decode()
    call, attempt = (traces.span(name, TRACE) for name in ("tools/call greet", "attempt 1"))
    assert (call["parent"], attempt["parent"]) == (PARENT, call["span"]), (call, attempt)
    assert f"00-{TRACE}-{attempt['span']}-01" in printed, printed


TRIES = {"a trace of a call": trace_of_a_call, "a caller's trace goes on": trace_of_the_caller,
         "a trace of a failed call": failed_call, "retries in one trace": retries_in_one_trace}


def main(collector):
    failed = 0
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="longhaul-peers-"))
        file = os.path.join(folder, "longhaul.toml")
        with open(file, "w") as out:
            out.write(TOOLS)
        sink = stack.enter_context(running(collector, stdout=subprocess.PIPE))
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": sink.stdout.readline().strip(),
                       "OTEL_BSP_SCHEDULE_DELAY": "50", "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
        server = stack.enter_context(running(
            [os.environ["LONGHAUL"], "serve", file, "--http", "127.0.0.1:0",
             "--store", "sqlite:" + os.path.join(folder, "tasks.db")],
            stderr=subprocess.PIPE, env=environment))
        traces = Traces(address_of(server), sink)
        for number, (name, attempt) in enumerate(TRIES.items(), 1):
            label = f"{number} - OTLP 1 over HTTP: {name}"
            try:
                attempt(traces)
                print(f"ok {label}", flush=True)
            except Exception:
                failed += 1
                print(f"not ok {label}", flush=True)
                print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    print(f"1..{len(TRIES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
