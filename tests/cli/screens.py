# SPDX-License-Identifier: Apache-2.0
"""What a person sees at a terminal: bars that redraw in place, forms, Ctrl-C."""
import json

from cli import equal, has, lacks, test, until
from terminal import Terminal, normal


def lines_with(text, part):
    return [line for line in text.splitlines() if part in line]


@test
def a_bar_stays_on_its_line(box):
    with Terminal(box, "call", box.serve().url, "steps", "steps=3") as at:
        for step in (1, 2):
            at.until("steps")
            box.go(step)
            at.until(f"{step}/3", f"step {step}")
            equal(len(lines_with(at.screen(), "steps")), 1, at.screen())
        at.shows("bar")
        box.go(3)
        at.end(0)
        at.shows("bar_ended")


@test
def a_narrow_window(box):
    with Terminal(box, "call", box.serve().url, "steps", "steps=2") as at:
        box.go(1)
        wide = at.until("1/2", "step 1")
        at.resize(40)
        at.until("50 %", without=("step 1",))
        until(lambda: len(lines_with(at.screen(), "steps")) == 1, at.screen)
        at.resize(80)
        at.until("1/2", "step 1")
        until(lambda: len(lines_with(at.screen(), "steps")) == 1, at.screen)
        equal(len(normal(at.screen(), box).splitlines()), len(normal(wide, box).splitlines()))
        box.go(2)
        at.end(0)
        lacks(at.screen(), "50 %")
        has(at.screen(), "all 2 steps are done")


@test
def colours(box):
    url = box.serve().url
    for there, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with Terminal(box, "call", url, "steps", "name=never", env=there) as at:
            at.until("steps")
            equal("\x1b[" in at.screen(colours=True), coloured, at.screen(colours=True))
            at.key("C-c")
            at.end(0)


@test
def without_unicode_or_cursor(box):
    url = box.serve().url
    box.go(1)
    with Terminal(box, "call", url, "steps", "steps=2", env={"LANG": "C"}) as at:
        shown = at.until("1/2", "step 1")
        assert shown.isascii(), shown
        at.key("C-c")
        at.end(0)
    with Terminal(box, "call", url, "steps", "steps=2", env={"TERM": "dumb"}) as at:
        at.until("(1 of 2)")
        box.go(2)
        at.end(0)
        has(at.screen(), "steps: working", "50 % (1 of 2)", "all 2 steps are done")


@test
def a_form(box):
    with Terminal(box, "call", box.serve().url, "order") as at:
        for prompt, typed in (("Dish", "9"), ("expected 1 to 3", "2"), ("Plates", "x"), ("expected integer", ""),
                              ("Hot", "n"), ("Note", "well done")):
            at.until(prompt)
            at.type(typed)
        at.end(0)
        at.shows("form")


@test
def a_form_by_name_and_in_parts(box):
    with Terminal(box, "call", box.serve().url, "order", "--answer", "plates=5") as at:
        at.until("Dish")
        at.type("salad")
        at.until("Hot")
        at.type(":skip")
        at.until("Note")
        at.type("")
        at.end(0)
        answer = json.loads("".join(lines_with(at.screen(), '"')))
        equal(answer["content"], {"dish": "salad", "plates": 5})


@test
def a_form_that_is_declined(box):
    url = box.serve().url
    for typed in (":decline", ":cancel"):
        with Terminal(box, "call", url, "order") as at:
            at.until("Dish")
            at.type(typed)
            at.end(0)
            has(at.screen(), f'"action":"{typed[1:]}"')


@test
def two_questions_in_every_revision(box):
    url = box.serve().url
    for words in ((), ("--no-task",), ("--protocol", "2025-11-25"), ("--protocol", "2025-06-18")):
        with Terminal(box, "call", url, "two", *words) as at:
            at.until("Where to?", "City")
            at.type("Rome")
            at.until("How long?", "Days")
            at.type("0")
            at.until("expected an integer of at least 1")
            at.type("3")
            at.end(0)
            has(at.screen(), "3 days in Rome")


@test
def ctrl_c_leaves_a_task(box):
    url = box.serve().url
    with Terminal(box, "call", url, "steps") as at:
        at.until("steps")
        id = box.last_id()
        at.key("C-c")
        at.until("Ctrl-C again cancels it")
        at.end(0)
        has(at.screen(), f"longhaul tasks result {id}")
        at.shows("left")
    box.until_status(id, "working")
    with Terminal(box, "tasks", "result", "last") as at:
        at.until("steps")
        box.go(1)
        at.end(0)
        has(at.screen(), "all 1 steps are done")


@test
def ctrl_c_twice_cancels(box):
    url = box.serve().url
    code = 0
    for _ in range(5):  # a busy machine may need more than the second that there is between the two
        if code != 0:
            break
        with Terminal(box, "call", url, "steps") as at:
            at.until("steps")
            id = box.last_id()
            at.key("C-c")
            at.key("C-c")
            code = at.end()
    equal(code, 4)
    has(at.shown, "longhaul: cancelled")
    box.until_status(id, "cancelled")


@test
def ctrl_c_ends_a_plain_call(box):
    server = box.serve()
    with Terminal(box, "call", server.url, "steps", "--no-task") as at:
        server.says("task.begin")
        at.until("steps")
        at.key("C-c")
        at.end(4)
    server.says("outcome=cancelled")


@test
def ctrl_c_leaves_a_question_open(box):
    with Terminal(box, "call", box.serve().url, "order") as at:
        at.until("Dish")
        at.type("st", enter=False)
        at.until("st")
        at.key("C-c")
        at.end(5)
        at.shows("question_left")
    id = box.last_id()
    box.until_status(id, "input_required")
    box.run("tasks", "answer", id, "dish=soup", "plates=1")
    has(box.run("tasks", "result", id).out, '"soup"')


@test
def the_end_of_input_dismisses_a_question(box):
    with Terminal(box, "call", box.serve().url, "order") as at:
        at.until("Dish")
        at.key("C-d")
        at.end()
        has(at.screen(), "Dish (1 to 3):")


@test
def what_is_missing_is_asked_for(box):
    with Terminal(box, "call", "tools.toml", "args", "count=3") as at:
        at.until("text (text)")
        at.type("")
        at.until("a value is needed")
        at.type("hello there")
        at.end(0)
        at.shows("missing")
    with Terminal(box, "call", "tools.toml", "args") as at:
        at.until("text (text)")
        at.key("C-c")
        at.end(4)


@test
def several_at_once(box):
    server = box.serve()
    for name in ("a", "b"):
        box.run("call", server.url, "steps", "steps=2", f"name={name}", "--detach")
    with Terminal(box, "tasks", "watch") as at:
        box.go(1, "b")
        at.until("1/2")
        equal(len(lines_with(at.screen(), "steps")), 2)
        box.go(1, "a")
        for name in ("a", "b"):
            box.go(2, name)
        at.end(0)
        has(at.screen(), "all 2 steps are done")
        lacks(at.screen(), "50 %")


@test
def watching_is_left_by_ctrl_c(box):
    server = box.serve()
    id = box.run("call", server.url, "steps", "--detach").out.strip()
    with Terminal(box, "tasks", "watch") as at:
        at.until("steps")
        at.key("C-c")
        at.end(0)
    box.until_status(id, "working")


@test
def a_question_is_answered_later_at_a_terminal(box):
    server = box.serve()
    for words in ((), ("--protocol", "2025-11-25")):
        id = box.run("call", server.url, "two", "--detach", *words).out.strip()
        box.until_status(id, "input_required")
        with Terminal(box, "tasks", "answer", id) as at:
            at.until("Where to?")
            at.type("Oslo")
            # In a session the second one may come before the command has ended.
            if until(lambda: "How long?" in at.screen() or at.code.exists() and "end", at.screen) != "end":
                at.type("2")
            at.end(0)
        if "How long?" not in at.shown:
            with Terminal(box, "tasks", "result", id) as at:
                at.until("How long?")
                at.type("2")
                at.end(0)
        equal(box.run("tasks", "result", id).out, "2 days in Oslo\n")


@test
def a_server_that_comes_back(box):
    server = box.serve()
    with Terminal(box, "call", server.url, "again", "steps=2") as at:
        box.go(1)
        at.until("1/2")
        server.kill()
        at.until("the server does not answer")
        box.again(server)
        box.go(2)
        at.end(0)
        has(at.screen(), "ended in attempt 2")


@test
def a_table_that_fits(box):
    url = box.serve().url
    box.run("call", url, "args", "text=a")
    with Terminal(box, "tasks", columns=60) as at:
        at.end(0)
        assert all(len(line) <= 60 for line in at.screen().splitlines()), at.screen()
        equal(len(at.screen().splitlines()), 2, at.screen())
    with Terminal(box, "tools", "tools.toml", "args", columns=60) as at:
        at.end(0)
        at.shows("page")
