# SPDX-License-Identifier: Apache-2.0
"""`longhaul tasks`: what was started here, wherever it runs, found again by other commands."""
import json
import stat

from cli import equal, has, lacks, test, until


def begin(box, server, *words):
    return box.run("call", server.url, *words, "--detach").out.strip()


@test
def the_list(box):
    server = box.serve()
    has(box.run("tasks").err, "no tasks")
    equal(box.run("tasks", "--json").json, {"tasks": []})
    box.run("call", server.url, "args", "text=a")
    box.run("call", "tools.toml", "object", "--protocol", "2025-11-25")
    box.go(1, "two")
    waits = begin(box, server, "order")
    works = begin(box, server, "steps", "steps=2", "name=two")
    until(lambda: box.run("tasks", "get", works, "--json", code=None).json.get("message") == "step 1",
          lambda: "a first step")
    box.until_status(waits, "input_required")
    for words in (("tasks",), ("tasks", "list")):
        rows = [row.split() for row in box.run(*words).out.splitlines()]
        equal(rows[0][:4], ["ID", "TOOL", "STATUS", "AGE"])
        equal([row[1:3] for row in rows[1:]], [["steps", "working"], ["order", "input_required"],
                                               ["object", "completed"], ["args", "completed"]])
        has(rows[1], "step", "1", server.url)
        assert works.startswith(rows[1][0]) and len(rows[1][0]) >= 8, rows
    listed = box.run("tasks", "--json").json["tasks"]
    equal([one["id"] for one in listed][:2], [works, waits])
    equal([one["status"] for one in listed], ["working", "input_required", "completed", "completed"])
    equal(listed[0]["message"], "step 1")
    only = box.run("tasks", "list", "--server", "tools.toml", "--json").json["tasks"]
    equal([one["tool"] for one in only], ["object"])


@test
def what_is_remembered_is_private(box):
    box.run("call", "tools.toml", "args", "text=secret")
    folder = box.folder / "state/longhaul"
    equal(stat.S_IMODE((folder / "handles").stat().st_mode), 0o600)
    equal(stat.S_IMODE(folder.stat().st_mode), 0o700)
    lacks(box.read("state/longhaul/handles"), "secret")
    one = box.handles()[0]
    equal((one["tool"], one["server"], one["era"]), ("args", "tools.toml", "2026-07-28"))


@test
def a_list_that_is_damaged(box):
    server = box.serve()
    id = begin(box, server, "order")
    box.write("state/longhaul/handles", "nonsense\n" + box.read("state/longhaul/handles") + '{"id": 5}\n{"i')
    equal([one["id"] for one in box.run("tasks", "--json").json["tasks"]], [id])


@test
def get(box):
    server = box.serve()
    id = begin(box, server, "steps")
    has(box.run("tasks", "get", id).out, id, "steps", "working")
    seen = box.run("tasks", "get", id[:12], "--json").json
    equal((seen["status"], seen["task"]["id"], seen["exit"]), ("working", id, 0))
    box.go(1)
    until(lambda: "completed" in box.run("tasks", "get", "last").out, lambda: "completed")
    failed = begin(box, server, "fail")
    until(lambda: "working" not in box.run("tasks", "get", failed, code=None).out, lambda: "its end")
    box.run("tasks", "get", failed, code=1)


@test
def by_the_beginning_of_an_id(box):
    server = box.serve()
    first, second = begin(box, server, "order"), begin(box, server, "steps")
    both = next(first[:n] for n in range(len(first), 0, -1) if second.startswith(first[:n]))
    told = box.run("tasks", "get", both, code=2)
    has(told.err, both)
    for id in (first, second):
        has(box.run("tasks", "get", id[:len(both) + 1]).out, id)
    has(box.run("tasks", "get", "last").out, second)
    has(box.run("tasks", "get", "zzz", code=2).err, "zzz")
    has(box.run("tasks", "get", code=2).err, "which task?")


@test
def result(box):
    server = box.serve()
    id = begin(box, server, "steps", "steps=2")
    waits = box.start("tasks", "result", id)
    box.go(1)
    waits.says("(1 of 2)")
    box.go(2)
    done = waits.wait()
    equal((done.code, done.out.splitlines()[-1]), (0, "all 2 steps are done"), done)
    again = box.run("tasks", "result", "last", "--json").json
    equal((again["status"], again["task"]["id"], again["exit"]), ("completed", id, 0))
    late = begin(box, server, "steps", "name=never")
    box.run("tasks", "result", late, "--timeout", "200ms", code=124)


@test
def results_of_several(box):
    server = box.serve()
    ids = [begin(box, server, "args", f"text={word}") for word in ("p", "q")]
    has(box.run("tasks", "result", *ids).out, "text=p", "text=q")
    has(box.run("tasks", "result", ids[0], begin(box, server, "fail"), code=1).out, "text=p")


@test
def watch(box):
    server = box.serve()
    has(box.run("tasks", "watch").err, "no task is under way")
    ids = [begin(box, server, "steps", f"name={name}") for name in ("a", "b")]
    watched = box.start("tasks", "watch")
    watched.says("steps: working")
    for name in ("a", "b"):
        box.go(1, name)
    done = watched.wait()
    equal(done.code, 0, done)
    equal([one["status"] for one in box.run("tasks", "--json").json["tasks"]], ["completed"] * 2)
    one = begin(box, server, "steps", "name=c")
    watched = box.start("tasks", "watch", one, "--json")
    until(lambda: '"working"' in watched.out(), lambda: f"a change: {watched.out()}")
    box.go(1, "c")
    done = watched.wait()
    equal((done.lines[-1]["status"], done.lines[-1]["task"]["id"]), ("completed", one))
    has([line.get("task") for line in done.lines[:-1]], one)
    assert one not in ids


@test
def watching_answers_nothing(box):
    """A question does not end the watch: somebody else may answer it."""
    server = box.serve()
    for words in ((), ("--protocol", "2025-11-25")):
        id = begin(box, server, "order", *words)
        watched = box.start("tasks", "watch", id)
        watched.says("waits for an answer")
        box.run("tasks", "answer", id, "dish=soup", "plates=1")
        equal(watched.wait().code, 0)
        has(box.run("tasks", "result", id).out, '"soup"')


@test
def cancel(box):
    server = box.serve()
    id = begin(box, server, "steps")
    has(box.run("tasks", "cancel", "last").err, "cancelled", id)
    box.until_status(id, "cancelled")
    box.run("tasks", "get", id, code=4)
    has(box.run("tasks", "result", id, code=4).err, "cancelled")
    equal(box.run("tasks", "--json").json["tasks"][0]["status"], "cancelled")
    has(box.run("tasks", "cancel", code=2).err, "which task?")


@test
def answer(box):
    server = box.serve()
    id = begin(box, server, "order")
    box.until_status(id, "input_required")
    told = box.run("tasks", "answer", id, "dish=soop", "plates=0", code=2)
    has(told.err, 'did you mean "soup"?')
    has(box.run("tasks", "answer", id, "dish=soup", "plates=0", code=2).err, '"plates": expected an integer between 1 and 8, got 0')
    has(box.run("tasks", "answer", id, "dsh=soup", code=2).err, '"dish"')
    has(box.run("tasks", "answer", id, "plates=3", code=2).err, '"dish"')
    has(box.run("tasks", "answer", id, code=5).err, "What may it be?")
    box.run("tasks", "answer", id[:10], "dish=soup", "plates=3", "hot=false")
    answered = json.loads(box.run("tasks", "result", id).out)
    equal(answered["content"], {"dish": "soup", "plates": 3, "hot": False})
    has(box.run("tasks", "answer", id, "dish=soup", code=2).err, "asks nothing now", "completed")


@test
def answer_declines(box):
    server = box.serve()
    id = begin(box, server, "order")
    box.until_status(id, "input_required")
    box.run("tasks", "answer", id, "--decline")
    has(box.run("tasks", "result", id).out, '"decline"')


@test
def answer_of_a_session(box):
    """A task of 2025-11-25, whose questions come with its result."""
    server = box.serve()
    id = box.run("call", server.url, "order", "--detach", "--protocol", "2025-11-25").out.strip()
    box.until_status(id, "input_required")
    has(box.run("tasks", "answer", id, code=5).err, "What may it be?")
    equal(box.run("tasks", "answer", id, "dish=stew", "plates=1").out, "")
    has(box.run("tasks", "result", id).out, '"stew"')


@test
def answer_while_another_waits(box):
    server = box.serve()
    id = begin(box, server, "two")
    watched = box.start("tasks", "watch", id)
    for word in ("city=Rome", "days=3"):
        until(lambda: box.run("tasks", "answer", id, word, code=None).code == 0, lambda: f"{word} is taken")
    equal(watched.wait().code, 0)
    equal(box.run("tasks", "result", id).out, "3 days in Rome\n")


@test
def output(box):
    server = box.serve()
    id = begin(box, server, "steps", "steps=2")
    box.go(1)
    follows = box.start("tasks", "output", id, "-f")
    until(lambda: "step 1" in follows.out(), lambda: f"its output: {follows.out()!r}")
    has(box.run("tasks", "output", "last").out, "1/2 step 1\n")
    box.go(2)
    done = follows.wait()
    equal((done.code, done.out), (0, "1/2 step 1\n2/2 step 2\nall 2 steps are done\n"))
    equal(box.run("tasks", "output", id).out, done.out)
    equal(box.run("tasks", "output", id, "--tail", "5").out, "done\n")
    equal(box.run("tasks", "output", id, "--stderr").out, "")
    box.run("call", server.url, "fail", code=1)
    equal(box.run("tasks", "output", "last", "--stderr").out, "no space left on the moon\n")


@test
def forget(box):
    server = box.serve()
    first, second = begin(box, server, "steps"), begin(box, server, "steps")
    box.run("tasks", "forget", second)
    equal([one["id"] for one in box.run("tasks", "--json").json["tasks"]], [first])
    has(box.run("tasks", "get", "last").out, first)
    has(box.run("tasks", "get", second, code=2).err, second)
    has(box.run("tasks", "forget", code=2).err, "which task?")


@test
def a_server_that_is_not_there(box):
    server = box.serve()
    id = begin(box, server, "steps")
    server.stop()
    row = box.run("tasks", "--json").json["tasks"][0]
    equal((row["id"], row["status"]), (id, "?"))
    has(row["trouble"], "does not answer")
    has(box.run("tasks", "get", id, code=6).err, "cannot connect")
    box.run("tasks", "cancel", id, code=6)


@test
def a_task_that_its_server_has_forgotten(box):
    server = box.serve(store="memory:")
    id = begin(box, server, "steps")
    server.kill()
    box.again(server, store="memory:")
    told = box.run("tasks", "get", id, code=2)
    has(told.err, "does not know the task")
    has(box.run("tasks").out, "not known there")
    has(box.run("tasks").err, "no tasks")


@test
def a_whole_id_that_is_not_remembered(box):
    """As of a task that was started at another machine, with the server said."""
    server = box.serve()
    id = begin(box, server, "args", "text=a")
    box.run("tasks", "forget", id)
    has(box.run("tasks", "result", id, code=2).err, id)
    has(box.run("tasks", "result", id, "--server", server.url).out, "text=a")


@test
def ids_that_look_like_options(box):
    """Other servers have such: what is remembered is known, and behind -- all are ids."""
    server = box.serve()
    begin(box, server, "args", "text=a")
    line = box.read("state/longhaul/handles")
    box.write("state/longhaul/handles", line.replace(box.last_id(), "-pTalXKc3QnJQD6f-zNn"))
    for words in (("get", "-pTalXKc3QnJQD6f-zNn"), ("get", "-pTalXKc"), ("get", "--json", "--", "-pTalXKc"),
                  ("answer", "-pTalXKc3", "meal=soup")):
        told = box.run("tasks", *words, code=2)
        has(told.err + told.out, "does not know the task -pTalXKc3QnJQD6f-zNn")
    has(box.run("tasks", "get", "--server", server.url, "--", "-abc", code=2).err, "does not know the task -abc")
    has(box.run("tasks", "get", "-abcdefghij", code=2).err, "-abcdefghij")
