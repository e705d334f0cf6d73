# SPDX-License-Identifier: Apache-2.0
"""Questions of tools without a terminal: answered by --answer, declined, left open."""
import json

from cli import equal, has, test

ANSWERS = ("--answer", "dish=stew", "--answer", "plates=4", "--answer", "note=quick")
CONTENT = {"dish": "stew", "plates": 4, "hot": True, "note": "quick"}  # with the default of `hot`


@test
def answers_on_the_command_line(box):
    server = box.serve()
    for more in ((), ("--no-task",), ("--protocol", "2025-11-25"), ("--protocol", "2025-11-25", "--no-task"),
                 ("--protocol", "2025-06-18")):
        done = box.run("call", server.url, "order", *ANSWERS, *more)
        answer = json.loads(done.out)
        equal((answer["action"], answer["content"]), ("accept", CONTENT), more)
    equal(json.loads(box.run("call", "tools.toml", "order", *ANSWERS).out)["content"], CONTENT)


@test
def answers_to_several_questions(box):
    server = box.serve()
    for more in ((), ("--no-task",), ("--protocol", "2025-11-25")):
        done = box.run("call", server.url, "two", "--answer", "days=2", "--answer", "city=Bonn", *more)
        equal(done.out, "2 days in Bonn\n", more)


@test
def answers_that_do_not_do(box):
    server = box.serve()
    told = box.run("call", server.url, "order", "--answer", "plates=4", code=5)
    has(told.err, "What may it be?")
    told = box.run("call", server.url, "order", "--answer", "dish=stew", "--answer", "plates=many", code=None)
    has(told.err, '"plates"', '"many"')
    assert told.code in (2, 5), told
    told = box.run("call", server.url, "two", "--answer", "city=Bonn", code=5)
    has(told.err, "How long?")
    box.run("tasks", "answer", "last", "days=1")
    equal(box.run("tasks", "result", "last").out, "1 days in Bonn\n")


@test
def declined(box):
    server = box.serve()
    for more in ((), ("--no-task",), ("--protocol", "2025-11-25")):
        has(box.run("call", server.url, "order", "--decline", *more).out, '"decline"')
        equal(box.run("call", server.url, "two", "--decline", *more).out, "not asked further\n")


@test
def left_open(box):
    server = box.serve()
    for revision in ("2026-07-28", "2025-11-25"):
        told = box.run("call", server.url, "two", "--no-input", "--protocol", revision, code=5)
        has(told.err, "Where to?", "longhaul tasks answer")
        id = box.last_id()
        box.run("tasks", "answer", id, "city=Rome")
        done = box.run("tasks", "result", id, "--answer", "days=2")
        equal(done.out, "2 days in Rome\n")


@test
def left_open_without_a_task(box):
    told = box.run("call", box.serve().url, "order", "--no-task", code=5)
    has(told.err, "What may it be?", "--answer KEY=VALUE")
    told = box.run("call", box.serve(store="memory:").url, "order", "--no-task", "--json", code=5).json
    equal((told["status"], told["questions"][0]["method"]), ("input_required", "elicitation/create"))


@test
def one_that_answers_later(box):
    """A question that is left open, then answered by `tasks result --answer`."""
    server = box.serve()
    id = box.run("call", server.url, "order", "--detach").out.strip()
    box.until_status(id, "input_required")
    equal(json.loads(box.run("tasks", "result", id, *ANSWERS).out)["content"], CONTENT)
