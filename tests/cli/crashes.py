# SPDX-License-Identifier: Apache-2.0
"""Servers that are killed in the middle of a call: what the caller hears, and what has been done."""
from cli import INTERRUPT, equal, has, test, until


@test
def a_call_outlives_its_server(box):
    """kill -9 in the second of three steps, then the server again: the call ends right, each saved step was done once."""
    server = box.serve()
    call = box.start("call", server.url, "again")
    box.go(1)
    call.says("(1 of 3)")
    until(lambda: "step 1" in box.read("log"), lambda: "the first step")
    server.kill()
    call.says("the server does not answer")
    server = box.again(server)
    until(lambda: "attempt 2" in box.read("log"), lambda: f"a second attempt: {server.err()}")
    for step in (2, 3):
        box.go(step)
    done = call.wait()
    equal((done.code, done.out), (0, "ended in attempt 2\n"), done)
    equal(box.read("log"), "attempt 1 from 0\nstep 1\nattempt 2 from 1\nstep 2\nstep 3\n")


@test
def killed_twice(box):
    server = box.serve()
    call = box.start("call", server.url, "again", "--json")
    for attempt in (1, 2):
        until(lambda: f"attempt {attempt}" in box.read("log"), lambda: f"attempt {attempt}")
        box.go(attempt)
        until(lambda: f"step {attempt}" in box.read("log"), lambda: f"step {attempt}")
        id = box.last_id()
        until(lambda: box.run("tasks", "get", id, "--json", code=None).out.find(f'"{attempt}') or True, lambda: "")
        server.kill()
        server = box.again(server)
    until(lambda: "attempt 3" in box.read("log"), lambda: "attempt 3")
    box.go(3)
    done = call.wait()
    equal((done.code, done.json["status"], done.json["exit"]), (0, "completed", 0), done)
    has(done.out, "ended in attempt 3")


@test
def left_and_taken_up_after_a_crash(box):
    """Ctrl-C, the server dies and comes back, another command takes up the task."""
    server = box.serve()
    call = box.start("call", server.url, "again", "steps=2")
    call.says("working")
    id = box.last_id()
    call.signal(INTERRUPT)
    equal(call.wait().code, 0)
    until(lambda: "attempt 1" in box.read("log"), lambda: "a first attempt")
    server.kill()
    box.again(server)
    for step in (1, 2):
        box.go(step)
    has(box.run("tasks", "result", id).out, "ended in attempt 2")


@test
def an_answer_survives(box):
    server = box.serve()
    id = box.run("call", server.url, "two", "--detach").out.strip()
    box.until_status(id, "input_required")
    box.run("tasks", "answer", id, "city=Oslo")
    until(lambda: "How long?" in box.run("tasks", "get", id, "--json", code=None).out, lambda: "the second question")
    server.kill()
    box.again(server)
    until(lambda: "How long?" in box.run("tasks", "get", id, "--json", code=None).out, lambda: "the second question")
    box.run("tasks", "answer", id, "days=2")
    equal(box.run("tasks", "result", id).out, "2 days in Oslo\n")


@test
def a_session_outlives_its_server(box):
    """2025-11-25: the session is gone with the server, the task is not."""
    server = box.serve()
    call = box.start("call", server.url, "again", "steps=2", "--protocol", "2025-11-25")
    box.go(1)
    until(lambda: "step 1" in box.read("log"), lambda: "the first step")
    box.last_id()
    server.kill()
    box.again(server)
    box.go(2)
    done = call.wait()
    equal((done.code, done.out), (0, "ended in attempt 2\n"), done)


@test
def the_output_goes_on(box):
    """`tasks output -f` while the server is away."""
    server = box.serve()
    id = box.run("call", server.url, "again", "steps=1", "--detach").out.strip()
    follows = box.start("tasks", "output", id, "-f")
    until(lambda: "attempt 1" in box.read("log"), lambda: "a first attempt")
    server.kill()
    box.again(server)
    box.go(1)
    until(lambda: "step 1" in box.read("log"), lambda: "the step")
    done = follows.wait()
    equal((done.code, done.out), (0, "ended in attempt 2\n"), done)


@test
def a_plain_call_outlives_its_server(box):
    """Its server knows the key that the call is sent with again: it is the same work."""
    server = box.serve()
    call = box.start("call", server.url, "again", "steps=1", "--no-task")
    until(lambda: "attempt 1" in box.read("log"), lambda: "a first attempt")
    server.kill()
    call.says("the server does not answer")
    box.again(server)
    box.go(1)
    done = call.wait()
    equal((done.code, done.out), (0, "ended in attempt 2\n"), done)
    equal(box.read("log"), "attempt 1 from 0\nattempt 2 from 0\nstep 1\n")


@test
def what_only_its_server_knew_is_lost(box):
    """A tool that is never a task: whether it was done is not known after its server, so it is not done again."""
    server = box.serve()
    call = box.start("call", server.url, "held", "mark=once")
    until(lambda: "once" in box.read("log"), lambda: "the call")
    server.kill()
    call.says("the server does not answer")
    box.again(server)
    done = call.wait()
    equal((done.code, done.out), (6, ""), done)
    has(done.err, "tools/call", "lost")
    equal(box.read("log"), "once\n")


@test
def a_plain_call_is_lost(box):
    """… for good: its server does not come back."""
    server = box.serve()
    call = box.start("call", server.url, "steps", "--no-task")
    server.says("task.begin")
    server.kill()
    done = call.wait()
    equal((done.code, done.out), (6, ""), done)
    has(done.err, "longhaul:", "lost")


@test
def a_command_that_dies(box):
    """A server over a pipe that is killed: said, with what it said last."""
    box.write("dies.sh", "#!/bin/sh\necho 'out of cheese' >&2\nexit 4\n").chmod(0o755)
    done = box.run("tools", "--", "./dies.sh", code=6)
    has(done.err, "dies.sh", "exit code 4", "out of cheese")
