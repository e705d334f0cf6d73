#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`longhaul call`, `tools` and `tasks` with a task server of others, which has the tools of servers/fastmcp_server.py.

  task_server_test.py SERVER…     a command that serves over stdio, and with --http over HTTP: it prints its URL
"""
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback

LIMIT = 60  # seconds: for a server that says nothing
WIRE, REVISION = "2026-07-28 with tasks", "2026-07-28"
QUITE_LONG = ("steps", "count=1000")


class Talk:
    """The command line beside one server. `run` gives its exit code, what it printed, and what it said."""

    def __init__(self, server, folder):
        self.url = server if isinstance(server, str) else None
        self.behind = () if self.url else ("--", *server)
        self.folder = folder
        self.environment = {**os.environ, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder, "NO_COLOR": "1"}

    def start(self, *words):
        return subprocess.Popen([os.environ["LONGHAUL"], *words], cwd=self.folder, env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words):
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        return process.returncode, out, err

    def words(self, *words, command="call"):
        return (command, *((self.url,) if self.url else ()), *words, *self.behind)

    def call(self, *words):
        return self.run(*self.words(*words))

    def call_json(self, *words):
        """Each object of standard output, the result the last."""
        code, out, err = self.call(*words, "--json")
        told = [json.loads(line) for line in out.splitlines()]
        assert told and told[-1]["exit"] == code, (code, out, err)
        return told

    def text(self, *words, code=0):
        ended, out, err = self.run(*words)
        assert ended == code, (ended, out, err)
        return out

    def detached(self, *words):
        """The id of a task that goes on."""
        return self.text(*self.words(*words, "--detach")).strip()


def tools(talk):
    listed = json.loads(talk.text(*talk.words("--json", command="tools")))["tools"]
    assert [tool["name"] for tool in listed] == ["steps", "forecast", "order", "burn", "refuse", "echo"], listed


def call(talk):
    (end,) = talk.call_json("echo", "text=grüezi")
    assert end["result"]["content"][0]["text"] == "grüezi" and "task" not in end, end


def structured_result(talk):
    (end,) = talk.call_json("forecast", "city=Oslo", "days=3")
    days = end["result"]["structuredContent"]["days"]
    assert [day["what"] for day in days] == ["clear", "rain", "clear"], end
    assert end["task"]["version"] == REVISION, end


def failed_tool(talk):
    code, out, err = talk.call("burn")
    assert code == 1 and "the pan is on fire" in out + err, (code, out, err)


def task_and_poll(talk):
    *changes, end = talk.call_json("steps", "count=3", "--follow")
    assert end["status"] == "completed" and end["task"]["version"] == REVISION, end
    assert end["result"]["content"][0]["text"] == "took 3 steps", end
    assert {change["task"] for change in changes} == {end["task"]["id"]}, changes


def progress(talk):
    code, out, err = talk.call("steps", "count=2", "seconds=1")
    assert code == 0 and "took 2 steps" in out, (code, out, err)
    assert -1 < err.find("step 1 of 2") < err.find("step 2 of 2"), err


def question_in_a_task(talk):
    code, out, err = talk.call("order", "--answer", "dish=soup", "--answer", "dessert=true")
    assert code == 0 and "soup and dessert" in out, (code, out, err)
    code, out, err = talk.call("order", "--decline")
    assert code == 0 and "nothing: decline" in out, (code, out, err)
    (end,) = talk.call_json("order", "--no-input")
    assert end["exit"] == 5 and end["questions"][0]["method"] == "elicitation/create", end


def question_answered_later(talk):
    (end,) = talk.call_json("order", "--no-input")
    task = end["task"]["id"]
    talk.text("tasks", "answer", task, "dish=pie", "dessert=false")
    assert "pie" in talk.text("tasks", "result", task)


def cancelled_task(talk):
    """With Ctrl-C: a program that was started for the call ends with it."""
    process = talk.start(*talk.words(*QUITE_LONG))
    try:
        for line in process.stderr:
            if "step 2" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    assert process.returncode == 4 and "cancelled" in err, (process.returncode, out, err)


def cancelled_by_another(talk):
    task = talk.detached(*QUITE_LONG)
    following = talk.start("tasks", "result", task)
    try:
        talk.text("tasks", "cancel", task)
        out, err = following.communicate(timeout=LIMIT)
    finally:
        following.kill()
    assert following.returncode == 4, (following.returncode, out, err)
    assert "cancelled" in talk.text("tasks", "get", task, code=4)


def detached_task(talk):
    task = talk.detached("steps", "count=3")
    assert task[:8] in talk.text("tasks")
    assert "took 3 steps" in talk.text("tasks", "result", task)


def left_at_a_time_limit(talk):
    code, out, err = talk.call(*QUITE_LONG, "--timeout", "1s")
    assert code == 124 and "longhaul tasks result" in err, (code, out, err)
    talk.text("tasks", "cancel", "last")
    talk.text("tasks", "result", "last", code=4)


def failed_task(talk):
    (end,) = talk.call_json("refuse")
    assert end["exit"] == 3 and end["status"] == "failed", end
    assert end["error"] == {"code": -32050, "message": "the kitchen is closed"}, end


EVERYWHERE = {
    "tools": tools, "call": call, "structured result": structured_result, "failed tool": failed_tool,
    "progress": progress, "task and poll": task_and_poll, "question in a task": question_in_a_task,
    "failed task": failed_task}
# A program ends with the command that started it, and its tasks with it.
TRIES = {
    "stdio": {**EVERYWHERE, "cancelled task": cancelled_task},
    "HTTP": {**EVERYWHERE, "cancelled task": cancelled_by_another, "task by its id": detached_task,
             "question answered later": question_answered_later, "time limit": left_at_a_time_limit}}


@contextlib.contextmanager
def over_stdio(server):
    yield server


@contextlib.contextmanager
def over_http(server):
    process = subprocess.Popen([*server, "--http"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url, "the server does not listen"
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def main(server):
    failed = number = 0
    for way, opening in (("stdio", over_stdio), ("HTTP", over_http)):
        with tempfile.TemporaryDirectory(prefix="longhaul-peers-") as folder, opening(server) as to:
            for name, attempt in TRIES[way].items():
                number += 1
                label = f"{number} - {WIRE} over {way}: {name}"
                try:
                    attempt(Talk(to, folder))
                    print(f"ok {label}", flush=True)
                except Exception:
                    failed += 1
                    print(f"not ok {label}", flush=True)
                    print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
