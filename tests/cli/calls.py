# SPDX-License-Identifier: Apache-2.0
"""`longhaul call` to its end: what goes to standard output and what does not, options, revisions."""
import json
import re

from cli import equal, has, lacks, test, text_of

REVISIONS = ("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26")


@test
def the_result_alone_on_standard_output(box):
    server = box.serve()
    call = box.start("call", server.url, "steps", "steps=2")
    box.go(1)
    call.says("(1 of 2)")
    box.go(2)
    done = call.wait()
    equal(done.code, 0, done)
    equal(done.out.splitlines()[-1], "all 2 steps are done")
    has(done.err, "steps: working", "50 % (1 of 2)", "step 1")
    lacks(done.err, "\r", "\x1b")


@test
def quiet(box):
    box.go(1)
    done = box.run("call", "tools.toml", "steps", "-q")
    equal(done.err, "")
    has(done.out, "all 1 steps are done")


@test
def one_object(box):
    for server in ("tools.toml", box.serve().url):
        end = box.run("call", server, "args", "text=a", "--json").json
        equal((end["status"], end["exit"]), ("completed", 0))
        equal(text_of(end), "text=a\ncount=1\n")
        equal(end["task"]["tool"], "args")
        equal(end["task"]["version"], "2026-07-28")
        equal(end["task"]["server"], server)
        equal(box.last_id(), end["task"]["id"])


@test
def an_object_for_each_change(box):
    call = box.start("call", box.serve().url, "steps", "steps=2", "--json", "--follow")
    box.go(1)
    until_out(call, '"progress":1')
    box.go(2)
    done = call.wait()
    changes, end = done.lines[:-1], done.lines[-1]
    equal((end["status"], end["exit"]), ("completed", 0), done)
    assert all(c["status"] == "working" and c["task"] == end["task"]["id"] for c in changes), done
    has([(c.get("progress"), c.get("total")) for c in changes], (1, 2))
    assert all(a != b for a, b in zip(changes, changes[1:])), f"the same twice: {done}"


def until_out(call, part):
    from cli import until
    until(lambda: part in call.out(), lambda: f"{part!r} in {call.out()!r}")


@test
def structured_content_without_text(box):
    done = box.run("call", "tools.toml", "object")
    equal(json.loads(done.out), {"sum": 3, "words": ["a", "b"]})


@test
def every_revision(box):
    server = box.serve()
    for at, revision in enumerate(REVISIONS):
        name = f"rev{'abcd'[at]}"
        box.go(1, name)
        end = box.run("call", server.url, "steps", f"name={name}", "--protocol", revision, "--json").json
        equal((end["status"], end["exit"]), ("completed", 0), revision)
        has(text_of(end), "all 1 steps are done")
        equal("task" in end, revision >= "2025-11-25", revision)
        if "task" in end:
            equal(end["task"]["version"], revision)
        has(box.run("tools", server.url, "--protocol", revision).out, "args")
        equal(box.run("call", "tools.toml", "args", "text=x", "--protocol", revision).out.splitlines()[0],
              "text=x")
    told = box.run("call", server.url, "args", "text=x", "--protocol", "1999-01-01", code=None)
    has(told.err, "1999-01-01")
    assert told.code in (2, 6), told


@test
def a_plain_call(box):
    call = box.start("call", box.serve().url, "steps", "--no-task", "--json")
    box.go(1)
    done = call.wait()
    end = done.json
    equal((end["status"], end["exit"]), ("completed", 0))
    lacks(end, "task")
    equal(box.handles(), [])


@test
def a_plain_call_shows_progress(box):
    call = box.start("call", box.serve().url, "steps", "steps=2", "--no-task")
    box.go(1)
    call.says("(1 of 2)")
    box.go(2)
    equal(call.wait().code, 0)


@test
def detached(box):
    server = box.serve()
    done = box.run("call", server.url, "steps", "--detach")
    id = done.out.strip()
    assert re.fullmatch(r"\S{20,}", id), done
    equal(box.last_id(), id)
    box.go(1)
    equal(box.run("tasks", "result", id).out.splitlines()[-1], "all 1 steps are done")
    other = box.run("call", server.url, "steps", "name=later", "--detach", "--json").json
    equal((other["status"], other["exit"]), ("working", 0))
    box.run("tasks", "cancel", other["task"]["id"])


@test
def detached_from_what_ends_with_us(box):
    """A server that is a program of ours: its task would not run without it. It is said, not lost silently."""
    done = box.run("call", "tools.toml", "steps", "--detach", code=None)
    has(done.err, "tools.toml")


@test
def a_time_limit_of_the_caller(box):
    server = box.serve()
    done = box.run("call", server.url, "steps", "--timeout", "300ms", code=124)
    id = box.last_id()
    has(done.err, "the time is over", f"longhaul tasks result {id}")
    equal(done.out, "")
    told = box.run("call", server.url, "steps", "name=other", "--timeout", "300ms", "--json", code=124).json
    equal((told["status"], told["timedOut"], told["exit"]), ("working", True, 124))
    box.go(1)
    equal(box.run("tasks", "result", id).out.splitlines()[-1], "all 1 steps are done")
    has(box.run("call", server.url, "steps", "name=plain", "--timeout", "300ms", "--no-task", code=124).err,
        "time")
    has(box.run("call", server.url, "steps", "--timeout", "soon", code=2).err, "--timeout", "soon", "90s")


@test
def the_same_key_is_one_piece_of_work(box):
    server = box.serve()
    ids = {box.run("call", server.url, "steps", "--detach", "--idempotency-key", "once").out for _ in range(2)}
    equal(len(ids), 1)
    box.go(1)
    box.run("tasks", "result", "last")


@test
def what_the_server_logs(box):
    box.write("noisy.sh", "#!/bin/sh\necho 'a word of the server' >&2\n"
                          f"exec {box.longhaul} serve tools.toml --stdio\n").chmod(0o755)
    has(box.run("call", "args", "text=a", "-v", "--", "./noisy.sh").err, "a word of the server")
    lacks(box.run("call", "args", "text=a", "--", "./noisy.sh").err, "a word of the server")


@test
def still_running(box):
    """A server that gives who knows no tasks an id, and tools to follow it."""
    box.write("patient.toml", box.read("tools.toml").replace("[server]", "[server]\nfallback_tools = true\n"
                                                             'inline_limit = "1s"', 1))
    server = box.serve(file="patient.toml")
    for era, name in (("2026-07-28", "new"), ("2025-06-18", "old")):
        plain = ("--no-task", "--protocol", era)
        left = box.run("call", server.url, "steps", f"name={name}", "--detach", *plain)
        id = left.out.strip()
        equal(box.run("tasks", "get", id, "--json").json["status"], "working")
        box.go(1, name)
        has(box.run("tasks", "result", id).out, "all 1 steps are done")
