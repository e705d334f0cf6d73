# SPDX-License-Identifier: Apache-2.0
"""Each exit code of `longhaul call` once, as text and as JSON."""
import socket

from cli import INTERRUPT, equal, has, lacks, test


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@test
def exit_0_completed(box):
    box.run("call", "tools.toml", "args", "text=a", code=0)


@test
def exit_1_the_tool_says_error(box):
    done = box.run("call", "tools.toml", "fail", code=1)
    has(done.err, "no space left on the moon", "3")
    equal(done.out, "")
    told = box.run("call", "tools.toml", "fail", "--json", code=1).json
    equal((told["status"], told["result"]["isError"], told["exit"]), ("completed", True, 1))


@test
def exit_2_wrong_use(box):
    box.run("call", "tools.toml", "args", code=2)
    box.run("call", code=2)
    box.run("frobnicate", code=2)


@test
def exit_3_the_task_failed(box):
    server = box.serve()
    call = box.start("call", server.url, "steps", "--json")
    id = box.last_id()
    box.until_status(id, "working")
    server.kill()
    box.again(server)
    done = call.wait()
    equal(done.code, 3, done)
    equal((done.json["status"], done.json["exit"]), ("failed", 3))
    has(done.json["error"]["message"], "lost")
    told = box.run("tasks", "result", id, code=3)
    has(told.err, "failed", "lost")


@test
def exit_3_a_plain_call_failed(box):
    """Its server was killed, and knows after its restart that nobody knows what became of it."""
    server = box.serve()
    call = box.start("call", server.url, "steps", "--no-task", "--json")
    server.says("task.begin")
    server.kill()
    box.again(server)
    done = call.wait()
    equal((done.code, done.json["exit"]), (3, 3), done)
    has(done.json["error"]["message"], "lost")


@test
def exit_7_of_a_plain_call(box):
    done = box.run("call", box.serve().url, "limited", "--no-task", code=7)
    has(done.err, "limit")


@test
def exit_4_cancelled(box):
    server = box.serve()
    call = box.start("call", server.url, "steps")
    box.run("tasks", "cancel", box.last_id())
    done = call.wait()
    equal(done.code, 4, done)
    has(done.err, "cancelled")


@test
def exit_4_a_plain_call_that_is_interrupted(box):
    server = box.serve()
    call = box.start("call", server.url, "steps", "--no-task")
    server.says("task.begin")
    call.signal(INTERRUPT)
    done = call.wait()
    equal(done.code, 4, done)
    server.says("outcome=cancelled")


@test
def exit_4_a_server_of_ours_ends_with_the_call(box):
    call = box.start("call", "tools.toml", "steps")
    call.says("working")
    call.signal(INTERRUPT)
    done = call.wait()
    equal(done.code, 4, done)


@test
def exit_4_a_plain_call_of_a_server_of_ours(box):
    call = box.start("call", "steps", "steps=2", "--no-task", "--", box.longhaul, "serve", "tools.toml", "--stdio")
    box.go(1)
    call.says("(1 of 2)")
    call.signal(INTERRUPT)
    equal(call.wait().code, 4)


@test
def exit_5_it_waits_for_an_answer(box):
    server = box.serve()
    done = box.run("call", server.url, "order", code=5)
    has(done.err, "What may it be?", f"longhaul tasks answer {box.last_id()}", "waits for an answer")
    lacks(done.err, "waiting for an answer")
    equal(done.out, "")
    told = box.run("call", server.url, "order", "--no-input", "--json", code=5).json
    equal((told["status"], told["questions"][0]["key"], told["exit"]), ("input_required", "meal", 5))


@test
def exit_6_nobody_there(box):
    url = f"http://127.0.0.1:{free_port()}/mcp"
    done = box.run("tools", url, code=6)
    has(done.err, f"cannot connect to {url.removesuffix('/mcp')}: Connection refused")
    equal(done.err.count("\n"), 1)
    told = box.run("call", url, "args", "text=a", "--json", code=6).json
    equal((told["status"], told["exit"]), ("error", 6))


@test
def exit_6_no_mcp_server(box):
    done = box.run("tools", "--", "sh", "-c", "read line; echo 'what is this?' >&2; echo nonsense", code=6)
    has(done.err, "sh -c", "it said last:", "what is this?")


@test
def exit_7_the_time_limit_of_the_tool(box):
    done = box.run("call", "tools.toml", "limited", code=7)
    has(done.err, "limit")
    told = box.run("call", box.serve().url, "limited", "--json", code=7).json
    equal((told["status"], told["exit"]), ("failed", 7))


@test
def exit_124_the_time_limit_of_the_caller(box):
    box.run("call", box.serve().url, "steps", "--timeout", "200ms", code=124)


@test
def a_signal_detaches_a_task(box):
    """SIGINT once without a terminal: the task goes on, and it is said how to come back."""
    server = box.serve()
    call = box.start("call", server.url, "steps")
    id = box.last_id()
    call.says("working")
    call.signal(INTERRUPT)
    done = call.wait()
    equal(done.code, 0, done)
    has(done.err, f"longhaul tasks result {id}")
    box.until_status(id, "working")
    box.go(1)
    box.run("tasks", "result", id)
