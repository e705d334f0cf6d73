#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A siege: a stranger and a caller with a key each do their worst, within what the server lets them,
while a third caller goes on working. The server must stay under a stated size all the time, serve
every request of the third caller, and give the memory back to itself: a second siege makes it no larger. What meets
at the peak is chance, so one that did is followed by others, until one stays within 5 % of the largest before it:
what leaks makes each of them larger.

  siege.py SERVER [SECONDS]      SERVER: the executable longhaul; 10 seconds a siege if not given

What the besiegers do (each is a thread, or several):
  heads       a stranger's 36 KB heads of repeated Accept headers, on connections that stay open
  bodies      a stranger's 4 MiB bodies, some announced with Expect
  unfinished  a key whose 4 MiB bodies lack their last byte
  waits       a key whose calls that wait carry 4 MiB of white space
  params      a stranger's heads of a thousand Mcp-Param headers
  framing     a key whose chunks have 15 KB of extensions, and trailers without an end
  sessions    a key that opens session after session and keeps them all
  meta        a key whose calls carry 1 MiB of _meta and become tasks that stay
  arguments   a key whose calls carry 1 MiB of arguments and become tasks that stay
  calls       a key whose calls of a `never` tool carry 512 KiB and are repeated as fast as it goes
  questions   a key that asks for unknown things, follows tasks and never reads the stream
The last line is `N passed, M failed`.
"""
import collections
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

# MiB of resident memory: 64 of bodies being read, 128 of what open tasks of all carry, 64 of what one
# caller's carry, the store's cache, streams that nobody reads, and the server itself.
MOST_RESIDENT = 500
MOST_SIEGES = 6
PATIENCE = 30  # seconds that one request of the third caller may take on a machine as busy as this

CONFIG = """
[server]
name = "siege"
listen = "127.0.0.1:0"
[[key]]
name = "mallory"
sha256 = "{mallory}"
[[key]]
name = "alice"
sha256 = "{alice}"
[[tool]]
name = "wait"
description = "Stays"
command = ["sleep", "3600"]
stdin = "{{text}}"
max_running = 2
  [tool.params.text]
  type = "string"
  default = ""
[[tool]]
name = "swallow"
description = "Takes a text"
command = ["true"]
stdin = "{{text}}"
policy = "never"
max_running = 2
  [tool.params.text]
  type = "string"
  default = ""
[[tool]]
name = "echo"
description = "Says it again"
command = ["echo", "{{text}}"]
  [tool.params.text]
  type = "string"
  required = true
"""

MODERN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {
              "extensions": {"io.modelcontextprotocol/tasks": {}}}}


def call(tool, arguments, meta=None):
    """Headers and body of a call of revision 2026-07-28."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": {**MODERN, **(meta or {})}}}
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
               "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool}
    return headers, json.dumps(body)


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB",
                         pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


class Server:
    def __init__(self, binary, folder):
        config = pathlib.Path(folder) / "siege.toml"
        config.write_text(CONFIG.format(mallory=hashlib.sha256(b"mallory").hexdigest(),
                                        alice=hashlib.sha256(b"alice").hexdigest()))
        self.process = subprocess.Popen(
            [binary, "serve", str(config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": folder})
        self.said = collections.deque(maxlen=50)
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/mcp", line):
                self.port = int(found.group(1))
                break
        else:
            raise SystemExit("the server does not listen; it said: " + "".join(self.said))
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class Siege:
    def __init__(self, server, seconds):
        self.server, self.end = server, time.monotonic() + seconds
        self.count = collections.Counter()
        self.open = []  # sockets that stay open

    def going(self):
        return time.monotonic() < self.end

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=10)

    def repeat(self, step):
        """A besieger: the step again and again; what the server refuses is refused."""
        while self.going():
            try:
                step()
                self.count[step.__name__] += 1
            except (OSError, http.client.HTTPException):
                self.count[step.__name__ + " refused"] += 1
                time.sleep(0.01)

    def post(self, connection, key, headers, body):
        connection.request("POST", "/mcp", body, {**headers, "Authorization": f"Bearer {key}"})
        reply = connection.getresponse()
        return reply.status, reply.read()

    @contextlib.contextmanager
    def http(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            yield connection
        finally:
            connection.close()

    def keep(self, peer, most=200):
        self.open.append(peer)
        if len(self.open) > most:
            self.open.pop(0).close()

    # --- a stranger
    def heads(self):
        peer = self.connect()
        head = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"Accept: a\r\n" * 3300
        peer.sendall(head + b"Content-Length: 2\r\n\r\n{}")
        self.keep(peer)

    def bodies(self):
        peer = self.connect()
        size = 4 << 20
        expect = b"Expect: 100-continue\r\n" if self.count["bodies"] % 3 == 0 else b""
        peer.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
                     expect + b"Content-Length: %d\r\n\r\n" % size)
        peer.sendall(b"x" * (size - 1))  # all but the last byte
        self.keep(peer)

    def params(self):
        peer = self.connect()
        names = b"".join(b"Mcp-Param-%d: v\r\n" % i for i in range(1000))
        peer.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n" + names + b"\r\n")
        self.keep(peer)

    # --- a caller with a key
    def unfinished(self):
        peer = self.connect()
        size = 4 << 20
        peer.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mallory\r\n"
                     b"Content-Length: %d\r\n\r\n" % size + b" " * (size - 1))
        self.keep(peer)

    def waits(self):
        peer = self.connect()
        headers, body = call("wait", {})
        body = body.replace('"io.modelcontextprotocol/tasks": {}', "") + " " * (4 << 20)
        body = body[:4 << 20]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        peer.sendall((f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mallory\r\n"
                      f"{lines}Content-Length: {len(body)}\r\n\r\n{body}").encode())
        self.keep(peer)

    def framing(self):
        peer = self.connect()
        peer.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mallory\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n1;e=" + b"e" * 15000 + b"\r\n{\r\n0\r\n" +
                     b"T: t\r\n" * 2000)
        self.keep(peer)

    def sessions(self):
        begin = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "m" * 1000, "version": "1"}}})
        with self.http() as connection:
            for _ in range(100):
                if not self.going():
                    break
                self.post(connection, "mallory", {"Content-Type": "application/json"}, begin)

    def meta(self):
        with self.http() as connection:
            self.post(connection, "mallory", *call("wait", {}, {"example.com/blob": "m" * (1 << 20)}))

    def arguments(self):
        with self.http() as connection:
            self.post(connection, "mallory", *call("wait", {"text": "a" * (1 << 20)}))

    def calls(self):
        with self.http() as connection:
            self.post(connection, "mallory", *call("swallow", {"text": "c" * (512 << 10)}))

    def questions(self):
        peer = self.connect()
        listen = json.dumps({"jsonrpc": "2.0", "id": "q", "method": "subscriptions/listen", "params": {
            "notifications": {"taskIds": ["x" * 36] * 1000}, "_meta": MODERN}})
        peer.sendall((f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer mallory\r\n"
                      f"Content-Type: application/json\r\nMCP-Protocol-Version: 2026-07-28\r\n"
                      f"Mcp-Method: subscriptions/listen\r\nContent-Length: {len(listen)}\r\n\r\n"
                      f"{listen}").encode())
        self.keep(peer)

    # --- the third caller
    def alice(self, problems):
        begin = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "alice", "version": "1"}}})
        number = 0
        while self.going():
            number += 1
            try:
                with self.http() as connection:
                    headers, body = call("echo", {"text": f"round {number}"})
                    status, text = self.post(connection, "alice", headers, body.replace(
                        '"io.modelcontextprotocol/tasks": {}', ""))
                    if status != 200 or f"round {number}".encode() not in text:
                        problems.append(f"a call: {status} {text[:300]!r}")
                    status, text = self.post(connection, "alice",
                                             {"Content-Type": "application/json"}, begin)
                    if status != 200 or b'"result"' not in text:
                        problems.append(f"initialize: {status} {text[:300]!r}")
                self.count["alice"] += 1
            except (OSError, http.client.HTTPException) as error:
                problems.append(f"round {number}: {error!r}")

    def run(self):
        """What went wrong for the third caller, and the most memory seen."""
        problems, most = [], 0.0
        besiegers = [self.heads, self.bodies, self.bodies, self.params, self.unfinished, self.waits,
                     self.framing, self.sessions, self.meta, self.arguments, self.arguments, self.calls,
                     self.questions]
        threads = [threading.Thread(target=self.repeat, args=(step,)) for step in besiegers]
        threads.append(threading.Thread(target=self.alice, args=(problems,)))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if self.server.process.poll() is not None:
                problems.append(f"the server ended with {self.server.process.returncode}")
                break
            most = max(most, resident(self.server.process.pid))
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        for peer in self.open:
            peer.close()
        problems += [f"{step.__name__} never got through" for step in besiegers
                     if not self.count[step.__name__]]
        return problems, most


def main(binary, seconds):
    passed = failed = 0

    def check(what, good, why=""):
        nonlocal passed, failed
        passed, failed = passed + bool(good), failed + (not good)
        print(("ok   " if good else "FAILED ") + what + (f": {why}" if why else ""), flush=True)

    with tempfile.TemporaryDirectory(prefix="longhaul-siege-") as folder:
        server = Server(binary, folder)
        peaks = []
        settled = False
        while len(peaks) < MOST_SIEGES and not settled:
            number = len(peaks) + 1
            siege = Siege(server, seconds)
            problems, most = siege.run()
            settled = bool(peaks) and most <= (peaks[0] * 1.25 + 20 if number == 2 else max(peaks) * 1.05)
            peaks.append(most)
            print(f"siege {number}: {most:.0f} MiB at most; " +
                  ", ".join(f"{name} {count}" for name, count in sorted(siege.count.items())))
            check(f"siege {number}: the third caller is served", not problems and siege.count["alice"],
                  "; ".join(problems[:5]))
            check(f"siege {number}: at most {MOST_RESIDENT} MiB", most <= MOST_RESIDENT, f"{most:.0f}")
        check("a siege that follows makes it no larger", settled,
              ", then ".join(f"{peak:.0f}" for peak in peaks) + " MiB")
        check("it stops when it is told to", server.stop() == 0)
        if failed:
            print("".join(server.said))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 10))
