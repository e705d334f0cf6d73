#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every program of examples/ as a host would, over a pipe, and checks what it answers; and the fleet
(scripts/fleet_example.py).

  scripts/examples.py [BUILD [NAME…]]     BUILD is the folder of the programs, build/release if not given

Both eras are spoken: requests of 2026-07-28 that carry their version, and a session of 2025-11-25.
Nothing takes longer than LIMIT seconds. The last line is `N passed, M failed`.
"""
import contextlib
import itertools
import json
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

from fleet_example import fleet, fleet_files

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 30  # seconds that any one answer or end may take
PREFIX = "io.modelcontextprotocol/"
TASKS = {"extensions": {PREFIX + "tasks": {}}}


class Host:
    """A server on a pipe. `legacy`: what a session of 2025-11-25 declares; else requests stand alone.
    `store` empty: the one that the program has.
    """

    def __init__(self, program, *arguments, store="memory:", legacy=None, answers=None):
        self.answers, self.seen, self.asked = answers or {}, [], []
        self.ids, self.inbox, self.errors = itertools.count(1), queue.Queue(), []
        self.process = subprocess.Popen(
            [program, "--stdio", *(["--store", store] if store else []), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.readers = [threading.Thread(target=self._read, daemon=True),
                        threading.Thread(target=self._complain, daemon=True)]
        for reader in self.readers:
            reader.start()
        self.session = legacy is not None
        if self.session:
            begun = self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": legacy,
                                             "clientInfo": {"name": "examples.py", "version": "1"}})
            equal(begun["protocolVersion"], "2025-11-25")
            self.capabilities = begun["capabilities"]
            self.send({"method": "notifications/initialized"})

    def _read(self):
        for line in self.process.stdout:
            self.inbox.put(json.loads(line))
        self.inbox.put(None)

    def _complain(self):
        self.errors.extend(self.process.stderr)

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def begin(self, method, params=None, declared=None, meta=None):
        """Sends a request; its id."""
        id, params = next(self.ids), dict(params or {})
        if not self.session:
            meta = {PREFIX + "protocolVersion": "2026-07-28", PREFIX + "clientCapabilities": declared or {},
                    **(meta or {})}
        if meta:
            params["_meta"] = meta
        self.send({"id": id, "method": method, "params": params})
        return id

    def await_message(self, wanted):
        """The first message that fits, of those seen and not taken yet, then of those to come."""
        for at, message in enumerate(self.seen):
            if wanted(message):
                return self.seen.pop(at)
        while True:
            try:
                message = self.inbox.get(timeout=LIMIT)
            except queue.Empty:
                raise AssertionError(f"nothing came in {LIMIT} s; seen {self.seen}") from None
            assert message is not None, "the server ended:\n" + "".join(self.errors)
            if "method" in message and "id" in message:  # the server asks
                self.asked.append(message["method"])
                self.send({"id": message["id"], "result": self.answers[message["method"]]})
            elif wanted(message):
                return message
            else:
                self.seen.append(message)

    def reply(self, id):
        return self.await_message(lambda m: m.get("id") == id and "method" not in m)

    def call(self, method, params=None, declared=None, meta=None):
        """The result of a request that succeeds."""
        reply = self.reply(self.begin(method, params, declared, meta))
        assert "result" in reply, f"{method}: {reply}"
        return reply["result"]

    def error(self, method, params=None, declared=None):
        """The error of a request that fails."""
        reply = self.reply(self.begin(method, params, declared))
        assert "error" in reply, f"{method}: {reply}"
        return reply["error"]

    def tool(self, name, arguments=None, declared=None, meta=None):
        return self.call("tools/call", {"name": name, "arguments": arguments or {}}, declared, meta)

    def says(self, name, arguments=None, declared=None):
        """The text of a tool's result."""
        result = self.tool(name, arguments, declared)
        assert not result.get("isError"), result
        return result["content"][0]["text"]

    def tools(self):
        return [tool["name"] for tool in self.call("tools/list")["tools"]]

    def hear(self, method):
        return self.await_message(lambda m: m.get("method") == method).get("params", {})

    def listen(self, wanted, declared=None):
        """Subscribes; what was acknowledged."""
        self.begin("subscriptions/listen", {"notifications": wanted}, declared)
        return self.hear("notifications/subscriptions/acknowledged")["notifications"]

    def task(self, name, arguments=None, declared=TASKS):
        """Begins a task of 2026-07-28; its id."""
        made = self.tool(name, arguments, declared)
        equal(made["resultType"], "task")
        return made["taskId"]

    def until(self, id, fits, declared=TASKS):
        """Polls a task until it fits."""
        for _ in range(LIMIT * 50):
            task = self.call("tasks/get", {"taskId": id}, declared)
            if fits(task):
                return task
            threading.Event().wait(0.02)
        raise AssertionError(f"the task never came so far: {task}")

    def finished(self, id, declared=TASKS):
        task = self.until(id, lambda t: t["status"] not in ("working", "input_required"), declared)
        equal(task["status"], "completed", task)
        return task["result"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(LIMIT)

    def end(self):
        """The host goes; the server ends by itself, and has said nothing but messages."""
        self.process.stdin.close()
        equal(self.process.wait(LIMIT), 0, "".join(self.errors))
        for reader in self.readers:
            reader.join(LIMIT)
        return "".join(self.errors)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.process.poll() is None:
            self.end()
        elif self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


def equal(got, wanted, more=""):
    assert got == wanted, f"got {got!r}, wanted {wanted!r} {more}"


def has(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def text_of(read):
    return read["contents"][0]["text"]


# --- the examples, by name: each gets the path of its program


def hello(program):
    with Host(program) as host:
        equal(host.tools(), ["hello"])
        equal(host.says("hello"), "Hello, world!")
        equal(host.says("hello", {"name": "Ada"}), "Hello, Ada!")
        has(host.tool("hello", {"nmae": "Ada"})["content"][0]["text"], 'did you mean "name"?')
    with Host(program, legacy={}) as host:
        equal(host.says("hello"), "Hello, world!")


def handlers(program):
    with Host(program) as host, tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").write_text("abc")
        counted = host.finished(host.task("hash_tree", {"path": folder}))["structuredContent"]
        equal((counted["files"], counted["bytes"], len(counted["sha256"])), (1, 3, 64))
        trip = host.task("plan_trip", {"days": 1})
        asked = host.until(trip, lambda t: t["status"] == "input_required", FORMS)["inputRequests"]
        equal(asked["destination"]["method"], "elicitation/create")
        accepted = {"destination": {"action": "accept", "content": {"destination": "Rome"}}}
        host.call("tasks/update", {"taskId": trip, "inputResponses": accepted}, FORMS)
        has(host.finished(trip)["content"][0]["text"], "a walk through Rome")
        cut = host.task("countdown", {"seconds": 3600})
        host.call("tasks/cancel", {"taskId": cut}, TASKS)
        host.until(cut, lambda t: t["status"] == "cancelled")


FORMS = {**TASKS, "elicitation": {}}


def checkpoints(program):
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:{folder}/tasks.db"
        with Host(program, store=store) as first:
            id = first.task("sum_squares", {"count": 30, "step_ms": 100})
            first.until(id, lambda t: (m := re.search(r"added (\d+) squared", t.get("statusMessage", "")))
                        and 5 <= int(m[1]) < 30)
            first.kill()
        with Host(program, store=store) as second:
            result = second.finished(id)["structuredContent"]
    equal(result["sum"], sum(n * n for n in range(1, 31)))
    equal(result["attempt"], 2)
    assert 1 <= result["began_at"] < 30, result  # the last state that was written
    equal(result["steps_here"], 30 - result["began_at"])


def resources(program):
    with Host(program) as host:
        listed = {r["uri"]: r for r in host.call("resources/list")["resources"]}
        equal(sorted(listed), ["notes://about", "notes://list", "notes://logo"])
        equal(listed["notes://logo"]["annotations"], {"audience": ["user"], "priority": 0.1})
        about = host.call("resources/read", {"uri": "notes://about"})
        has(text_of(about), "# Notes")
        equal((about["ttlMs"], about["cacheScope"]), (86_400_000, "public"))
        equal(json.loads(text_of(host.call("resources/read", {"uri": "notes://list"}))), {"ids": [1, 2]})
        logo = host.call("resources/read", {"uri": "notes://logo"})["contents"][0]
        equal((logo["blob"], logo["mimeType"]), ("UDUgMSAxIDI1NQqA", "image/x-portable-graymap"))
        equal(text_of(host.call("resources/read", {"uri": "notes://note/1"})), "Buy milk")
        for missing in ("notes://note/9", "notes://note/x", "notes://note/0"):
            refused = host.error("resources/read", {"uri": missing})
            equal((refused["code"], refused["data"]["uri"]), (-32602, missing))
        equal(host.listen({"resourceSubscriptions": ["notes://note/9"]}),
              {"resourceSubscriptions": ["notes://note/9"]})
        link = host.tool("write_note", {"id": 9, "words": "Sleep"})["content"][1]
        equal((link["type"], link["uri"]), ("resource_link", "notes://note/9"))
        equal(host.hear("notifications/resources/updated")["uri"], "notes://note/9")
        equal(text_of(host.call("resources/read", {"uri": "notes://note/9"})), "Sleep")
    with Host(program, legacy={}) as host:
        host.call("resources/subscribe", {"uri": "notes://note/2"})
        host.says("write_note", {"id": 2, "words": "Done"})
        equal(host.hear("notifications/resources/updated"), {"uri": "notes://note/2"})
        equal(host.error("resources/read", {"uri": "notes://note/9"})["code"], -32002)


def prompts(program):
    def completed(host, ref, name, value, known=None):
        params = {"ref": ref, "argument": {"name": name, "value": value}}
        if known:
            params["context"] = {"arguments": known}
        return host.call("completion/complete", params)["completion"]["values"]

    for how in ({}, {"legacy": {}}):
        with Host(program, **how) as host:
            listed = {p["name"]: p for p in host.call("prompts/list")["prompts"]}
            arguments = {a["name"]: a.get("required", False) for a in listed["review"]["arguments"]}
            equal(arguments, {"file": True, "how": False, "lines": False})
            given = {"file": "main.cpp", "how": "gentle", "lines": "20"}
            review = host.call("prompts/get", {"name": "review", "arguments": given})
            equal([m["role"] for m in review["messages"]], ["user", "user", "assistant"])
            equal(review["messages"][0]["content"]["text"],
                  "Review main.cpp. Be gentle. Look at the first 20 lines only.")
            equal(review["messages"][1]["content"]["type"], "resource")
            for unfit in ({"file": "a", "lines": "many"}, {"file": "a", "how": "badly"}, {}):
                refused = host.error("prompts/get", {"name": "review", "arguments": unfit})
                equal(refused["code"], -32602)
            shown = host.call("prompts/get", {"name": "describe"})["messages"]
            equal([m["content"]["type"] for m in shown], ["text", "image", "audio"])
            prompt = {"type": "ref/prompt", "name": "review"}
            equal(completed(host, prompt, "file", "main."), ["main.cpp", "main.hpp"])
            equal(completed(host, prompt, "how", "mer"), ["merciless"])
            family = {"type": "ref/resource", "uri": "repo://{branch}/{file}"}
            equal(completed(host, family, "branch", "n"), ["next"])
            equal(completed(host, family, "file", "e", {"branch": "next"}), ["engine.cpp"])
            equal(completed(host, family, "file", "e", {"branch": "main"}), [])
            equal(text_of(host.call("resources/read", {"uri": "repo://next/engine.cpp"})),
                  "engine.cpp as it is on next")


def dynamic(program):
    fixed = {"load", "unload", "maintain"}
    changed = "notifications/tools/list_changed"
    for how in ({}, {"legacy": {}}):
        with Host(program, **how) as host:
            if how:
                equal(host.capabilities["tools"], {"listChanged": True})
            else:
                equal(host.listen({"toolsListChanged": True}), {"toolsListChanged": True})
            equal(set(host.tools()), fixed)
            equal(host.says("load", {"name": "greeter"}), "loaded greeter")
            host.hear(changed)
            equal(set(host.tools()), fixed | {"greeter"})
            equal(host.says("greeter"), "greeter was here")
            for unfit in ("greeter", "not a name"):
                equal(host.tool("load", {"name": unfit})["isError"], True)
            host.says("maintain")
            host.hear(changed)
            equal(set(host.tools()), fixed | {"greeter", "repair"})
            equal(host.says("repair"), "repaired")
            host.says("unload", {"name": "greeter"})
            host.hear(changed)
            equal(set(host.tools()), fixed | {"repair"})
            equal(host.error("tools/call", {"name": "greeter"})["code"], -32602)
    told = over_http([program, "--http", "127.0.0.1:0", "--store", "memory:"], "stderr", "tools/list")
    equal({tool["name"] for tool in told["tools"]}, {"load", "unload"})  # anonymous callers may not maintain


@contextlib.contextmanager
def served(command, said_on):
    """A server over HTTP, which says its address on that stream: the address."""
    process = subprocess.Popen(command, text=True, **{"stderr": subprocess.DEVNULL, said_on: subprocess.PIPE})
    stop = threading.Timer(LIMIT, process.kill)
    stop.start()
    said = getattr(process, said_on)
    try:
        yield next(m[0] for line in said if (m := re.search(r"http://\S+/mcp", line)))
        process.send_signal(signal.SIGINT)
        equal(process.wait(LIMIT), 0)
    finally:
        stop.cancel()
        process.kill()
        process.wait()
        said.close()


def over_http(command, said_on, method, params=None, **headers):
    """What such a server answers to one request."""
    with served(command, said_on) as address:
        meta = {PREFIX + "protocolVersion": "2026-07-28", PREFIX + "clientCapabilities": {}}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**(params or {}), "_meta": meta}}
        request = urllib.request.Request(address, json.dumps(body).encode(), {
            "Content-Type": "application/json", "Accept": "application/json",
            "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, **headers})
        with urllib.request.urlopen(request, timeout=LIMIT) as reply:
            return json.load(reply)["result"]


def middleware(program):
    with Host(program) as host:
        number = "com.example/call-number"
        first = host.tool("work", {"ms": 20})["_meta"][number]
        equal(host.tool("work")["_meta"][number], first + 1)
        # A task carries what was set when it was called.
        made = host.task("work")
        equal(host.finished(made)["_meta"][number], first + 2)
        dry = host.tool("expensive", meta={"com.example/dry-run": True})
        has(dry["content"][0]["text"], "a dry run")
        host.says("expensive")
        busy = host.error("tools/call", {"name": "expensive"})
        equal(busy["code"], 31004)
        assert busy["data"]["retryAfterMs"] > 0, busy
        used = host.tool("usage")["structuredContent"]
        equal((used["work"]["calls"], used["work"]["failed"]), (3, 0))
        assert used["work"]["longest_ms"] >= 20, used
        log = host.end()
    has(log, "audit.call")
    has(log, "name=expensive")
    has(log, "outcome=refused")
    has(log, "outcome=completed")


def extension(program):
    id = "com.example/clock"
    declared = {"extensions": {id: {}}}
    tick, wound = "notifications/clock/tick", "notifications/clock/wound"
    with Host(program) as host:
        offered = host.call("server/discover")["capabilities"]["extensions"]
        equal(offered[id], {"zones": ["utc", "cet"]})
        now = host.call("clock/now", {"zone": "cet"}, declared)
        equal((now["resultType"], now["zone"], now["minutes"]), ("complete", "cet", 780))
        alarm = host.call("clock/alarm", {"minutes": 5}, declared)
        equal((alarm["resultType"], alarm["minutes"]), (id.replace("clock", "alarm"), 5))
        equal(host.error("clock/now")["code"], -32021)  # it was not declared
        equal(host.error("clock/now", {"zone": "mars"}, declared)["code"], -32602)
        equal(host.listen({"ticks": ["cet"]}, declared), {"ticks": ["cet"]})
        meta = {PREFIX + "protocolVersion": "2026-07-28", PREFIX + "clientCapabilities": declared}
        host.send({"method": wound, "params": {"turns": "many", "_meta": meta}})
        host.send({"method": wound, "params": {"turns": 10, "_meta": meta}})
        told = host.hear(tick)
        equal((told["zone"], told["minutes"]), ("cet", 790))
        assert not any(m.get("method") == tick for m in host.seen), host.seen
    with Host(program, legacy={"experimental": {id: {}}}) as host:
        equal(host.capabilities["experimental"][id], {"zones": ["utc", "cet"]})
        host.send({"method": wound, "params": {"turns": 1}})
        equal(host.hear(tick), {"zone": "utc", "minutes": 721})
        equal(host.call("clock/now"), {"zone": "utc", "minutes": 721})


def questions(program):
    able = {**FORMS, "sampling": {}, "roots": {}}
    with Host(program) as host:
        first = host.tool("greet_slowly", {"seconds": 0}, FORMS)  # asked before there is a task
        equal((first["resultType"], list(first["inputRequests"])), ("input_required", ["user_name"]))
        given = {"user_name": {"action": "accept", "content": {"name": "Ada"}}}
        made = host.call("tools/call", {"name": "greet_slowly", "arguments": {"seconds": 0}, "inputResponses":
                                        given, "requestState": first["requestState"]}, FORMS)
        equal(host.finished(made["taskId"])["content"][0]["text"], "Hello, Ada!")
        equal(host.error("tools/call", {"name": "thermometer"}, TASKS)["code"], -32021)
        notes = host.task("release_notes", declared=able)
        asked = host.until(notes, lambda t: t["status"] == "input_required", able)["inputRequests"]
        equal(sorted(asked), ["folders", "release"])
        host.call("tasks/update", {"taskId": notes, "inputResponses": {
            "release": {"action": "accept", "content": {"version": "1.2.0"}}, "folders": ROOTS}}, able)
        asked = host.until(notes, lambda t: "sentence" in t.get("inputRequests", {}), able)["inputRequests"]
        has(asked["sentence"]["params"]["messages"][0]["content"]["text"], "Release 1.2.0 of /work")
        host.call("tasks/update", {"taskId": notes, "inputResponses": {"sentence": MODEL}}, able)
        equal(host.finished(notes)["content"][0]["text"], "Nice.")
    with Host(program, legacy={"elicitation": {"form": {}, "url": {}}}, answers={
            "elicitation/create": {"action": "accept", "content": {"really": True}}}) as host:
        equal(host.says("publish"), "Published.")
        equal(host.asked, ["elicitation/create"] * 2)


ROOTS = {"roots": [{"uri": "file:///work"}]}
MODEL = {"role": "assistant", "content": {"type": "text", "text": "Nice."}, "model": "m"}


def external(program):
    with Host(program) as host:
        made = host.tool("render", {"scene": "beach", "frames": 1}, TASKS)
        equal(host.finished(made["taskId"])["structuredContent"], {"scene": "beach", "frames": 1})
        equal(host.tool("render", {"scene": "sea", "frames": 0})["isError"], True)


def engine(program):
    done = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
    equal(done.returncode, 0, done.stderr)
    first, second = done.stdout.splitlines()
    has(first, 'completed {"content":[{"type":"text","text":"worked on {\\"n\\":3}"}]')
    has(second, "completed at 2")


def embedding(program):
    result = over_http([program, "127.0.0.1:0"], "stdout", "tools/call", {
        "name": "highest_temperature", "arguments": {"readings": 2}}, **{"Mcp-Name": "highest_temperature"})
    assert 20 <= result["structuredContent"]["result"] <= 24, result


def own_store(program):
    with Host(program, store="") as host:
        equal(host.says("brew", {"minutes": 0}), "a cup of tea")
        tea = host.task("brew")
        equal(host.call("tasks/get", {"taskId": tea}, TASKS)["status"], "working")
        host.call("tasks/cancel", {"taskId": tea}, TASKS)
        host.until(tea, lambda t: t["status"] == "cancelled")
        equal(host.finished(host.task("brew", {"minutes": 0}))["content"][0]["text"], "a cup of tea")


def client(program):
    server = [program.parent / "longhaul-handlers", "--http", "127.0.0.1:0", "--store", "memory:"]
    with served(server, "stderr") as address, tempfile.TemporaryDirectory() as folder:
        def run(*arguments, answer=""):
            return subprocess.run([program, address, *arguments], cwd=folder, input=answer, text=True,
                                  capture_output=True, timeout=LIMIT)
        equal(run("countdown", '{"seconds": 1}').returncode, 0)
        task = json.loads(Path(folder, "task.json").read_text())
        equal((task["tool"], task["version"]), ("countdown", "2026-07-28"))
        equal(run("--again", "task.json").returncode, 0)
        trip = run("plan_trip", '{"days": 1}', answer='{"destination": "Rome"}\n')
        equal(trip.returncode, 0, trip.stderr)
        has(trip.stdout, "a walk through Rome")
        left = run("plan_trip", '{"days": 1}')
        has(left.stderr, "input_required")
        equal(run("nothing").returncode, 1)


def everything(program):
    with Host(program) as host:
        equal(host.says("echo", {"text": "a"}), "a")
        equal(host.says("wait", {"steps": 1, "step_ms": 0}), "waited 1 steps")
        waited = host.finished(host.task("wait", {"steps": 2, "step_ms": 1}))
        equal(waited["content"][0]["text"], "waited 2 steps")
        equal(host.error("tools/call", {"name": "wait_as_task"})["code"], -32021)
        host.finished(host.task("wait_as_task", {"step_ms": 0}))
        equal(host.says("wait_or_answer", {"step_ms": 0}, TASKS), "waited 5 steps")
        days = host.tool("weather", {"city": "Rome"})["structuredContent"]["days"]
        equal(days, [{"what": "clear", "degrees": 20.5}, {"what": "rain", "degrees": 21.5}])
        types = [item["type"] for item in host.tool("contents")["content"]]
        equal(types, ["text", "image", "audio", "resource", "resource_link"])
        equal(host.tool("fail")["isError"], True)
        equal(len(host.call("resources/list")["resources"]), 2)
        equal(text_of(host.call("resources/read", {"uri": "every://item/7"})), "item 7")
        equal(host.call("completion/complete", {
            "ref": {"type": "ref/resource", "uri": "every://item/{number}"},
            "argument": {"name": "number", "value": "1"}})["completion"]["values"], ["1", "12"])
        equal(host.call("mirror/reflect", {"text": "abc"}, {"extensions": {"com.example/mirror": {}}})["text"],
              "cba")
    answers = {"elicitation/create": {"action": "accept", "content": {"dish": "soup", "dessert": True}},
               "sampling/createMessage": MODEL, "roots/list": ROOTS}
    able = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
    with Host(program, legacy=able, answers=answers) as host:
        equal(host.says("ask_form"), "Ordered: soup, with a drink, and a dessert")
        equal(host.says("ask_page"), "Logged in.")
        equal(host.says("ask_model", {"text": "Hi"}), "The model says: Nice.")
        equal(host.says("ask_roots"), "Folders: file:///work")
        host.call("logging/setLevel", {"level": "info"})
        host.tool("wait", {"steps": 2, "step_ms": 1}, meta={"progressToken": "p"})
        equal(host.hear("notifications/progress")["progressToken"], "p")
        equal(host.hear("notifications/message")["data"], "step 1 is done")
        host.call("resources/subscribe", {"uri": "every://dot"})
        host.tool("touch")
        equal(host.hear("notifications/resources/updated"), {"uri": "every://dot"})
        host.tools()
        equal(host.says("toggle"), "it is there")
        host.hear("notifications/tools/list_changed")
        has(host.tools(), "toggled")
        letter = host.call("prompts/get", {"name": "letter", "arguments": {"to": "Ada"}})
        equal([m["role"] for m in letter["messages"]], ["user", "assistant"])


def helps(program):
    done = subprocess.run([program, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT)
    equal(done.returncode, 0, done.stderr)
    has(done.stdout + done.stderr, "--stdio")


EXAMPLES = [hello, handlers, checkpoints, questions, resources, prompts, dynamic, middleware, extension,
            external, engine, embedding, own_store, client, everything, fleet, fleet_files]
# These are no program of their own: they get the path of the server for programs.
OF_THE_SERVER = (fleet, fleet_files)


def main(arguments):
    if any(a in ("-h", "--help") for a in arguments):
        print(__doc__.strip())
        return 0
    build = (ROOT / (arguments[0] if arguments else "build/release")).resolve()
    names = arguments[1:]
    if unknown := set(names) - {e.__name__ for e in EXAMPLES}:
        print(f"no such example: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    passed = failed = 0
    for example in EXAMPLES:
        if names and example.__name__ not in names:
            continue
        program = build / ("longhaul" if example in OF_THE_SERVER else f"longhaul-{example.__name__}")
        try:
            if example not in (engine, embedding, client, *OF_THE_SERVER):  # these have no command line of ours
                helps(program)
            example(program)
            passed += 1
            print(f"ok     {example.__name__}", flush=True)
        except (AssertionError, LookupError, OSError, ValueError, subprocess.TimeoutExpired) as wrong:
            failed += 1
            at = wrong.__traceback__
            while at.tb_next and at.tb_next.tb_frame.f_code.co_name in (example.__name__, "helps"):
                at = at.tb_next
            print(f"FAILED {example.__name__}, line {at.tb_lineno}: {type(wrong).__name__}: {wrong}", flush=True)
    known = {e.__name__ for e in EXAMPLES}
    for folder in sorted(p.parent.name for p in (ROOT / "examples").glob("*/main.cpp")):
        if not names and folder not in known:
            failed += 1
            print(f"FAILED {folder}: nothing here runs it")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
