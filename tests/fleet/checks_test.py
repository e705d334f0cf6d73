# SPDX-License-Identifier: Apache-2.0
"""The checks of a fleet are themselves checked: a history in which all is well has no violation, and each
violation that is planted into it is found by the check whose promise it breaks, whatever others say.
"""
import signal
import unittest

import checks
from history import Boot, History, Request, Run, Window
from wire import BUSY, LEGACY, MODERN

CREATED, UPDATED = "2026-11-27T12:00:00.000Z", "1970-01-01T00:00:20.000Z"
TASKS = {  # task: tool, owner, what it says
    "a": ("nap", "ann", "said a\n"),
    "b": ("steps", "bob", "b has 3 steps\n"),
    "c": ("alone", "ann", "said c\n"),
    "d": ("alone", "bob", "said d\n"),
    "e": ("only", "ann", "said only-1\n"),
    "f": ("flaky", "cleo", "f at last\n"),
    "g": ("asks", "dan", "color: red\n"),
    "h": ("pair", "ann", "said h\n"),
    "i": ("nap", "bob", None)
}


def tag_of(task):
    return "only-1" if task == "e" else task


def state(task, status=None):
    """The terminal one of a task; `i` was cancelled."""
    said = TASKS[task][2]
    result = {
        "status": status or ("completed" if said else "cancelled"),
        "created": CREATED,
        "updated": UPDATED,
        "ttl": 1
    }
    return {**result, "digest": task, "text": said} if said else result


def open_state():
    return {"status": "working", "created": CREATED, "updated": CREATED, "ttl": 1}


def good():
    history = History(wall=0.0, faults_over=60)
    for boot in ("r1.1", "r2.1", "r3.1"):
        history.boots[boot] = Boot(boot, 0, 200, signal.SIGTERM)
        history.samples += [(t, boot, 20, 40) for t in range(60)]
    for place, (task, (tool, owner, said)) in enumerate(TASKS.items()):
        begun = 1 + place
        arguments = {"tag": tag_of(task), "number": 3, **({"lane": "north"} if tool == "alone" else {})}
        history.requests += [
            Request(f"c.{task}1",
                    "create",
                    owner,
                    "r1.1",
                    begun,
                    begun + 0.1,
                    "ok",
                    wire=MODERN,
                    tool=tool,
                    arguments=arguments,
                    key=f"key {task}",
                    task=task,
                    states=[open_state()]),
            Request(f"c.{task}2",
                    "get",
                    owner,
                    "r2.1",
                    begun + 0.2,
                    begun + 0.3,
                    "ok",
                    wire=LEGACY,
                    task=task,
                    states=[open_state()]),
            Request(f"c.{task}3",
                    "get",
                    owner,
                    "r3.1",
                    30,
                    30.1,
                    "ok",
                    wire=MODERN,
                    task=task,
                    states=[state(task)])
        ]
        for boot in history.boots:
            history.finals += [
                Request(f"{task} {boot} get",
                        "get",
                        owner,
                        boot,
                        100,
                        101,
                        "ok",
                        wire=MODERN,
                        task=task,
                        states=[state(task)]),
                Request(f"{task} {boot} old",
                        "legacy get",
                        owner,
                        boot,
                        100,
                        101,
                        "ok",
                        wire=LEGACY,
                        task=task,
                        states=[{
                            name: value
                            for name, value in state(task).items() if name not in ("digest", "text")
                        }])
            ]
        kind = {"alone": "held"}.get(tool, tool)
        history.runs.append(Run(task, 1, kind, tag_of(task), arguments.get("lane", ""), "r1.1", 100 + place,
                                begun + 0.1, begun + 0.9, code=0 if said else 143))
    for owner in ("ann", "bob", "cleo", "dan"):
        for boot in history.boots:
            history.lists.append((owner, boot, [task for task, told in TASKS.items() if told[1] == owner]))
    history.requests += [
        Request("c.g4", "answer", "dan", "r2.1", 7.3, 7.35, "ok", wire=MODERN, task="g", answer="red"),
        Request("c.i4", "cancel", "bob", "r2.1", 9.4, 9.5, "ok", wire=MODERN, task="i"),
        Request("c.p", "plain", "ann", "r2.1", 15, 15.1, "ok", wire=MODERN, tool="quick",
                arguments={"tag": "p", "number": 1}, text="said p\n"),
        Request("c.x", "foreign", "ann", "r2.1", 15, 15.1, "error", -32602, wire=MODERN, task="a",
                message="Invalid params: task not found")]
    history.runs.append(Run("", 1, "quick", "p", "", "r2.1", 99, 15.0, 15.1, code=0))
    history.windows.append(Window("rolling", None, 40, 50, announced=True))
    history.windows.append(Window("term", "r1.0", 41, 44, announced=True))
    history.books = {"queued": (0, 0)}
    return history


def request(history, op):
    return next(one for one in history.requests + history.finals if one.op == op)


def run(history, task):
    return next(one for one in history.runs if one.task == task)


def another(one, **changed):
    return type(one)(**{**vars(one), **changed})


# check: functions that plant what it must find.
def plants():
    def final(history, task, boot="r2.1", **changed):
        one = request(history, f"{task} {boot} get")
        for name, value in changed.items():
            setattr(one, name, value)

    def error(history, **told):
        history.requests.append(
            Request(
                **{
                    "op": "c.z",
                    "kind": "get",
                    "owner": "ann",
                    "boot": "r1.1",
                    "t0": 20,
                    "t1": 20.1,
                    "got": "error",
                    "wire": MODERN,
                    "task": "a",
                    **told
                }))

    def listener(history, silent):
        history.silent = frozenset(["r1"] if silent else [])
        history.requests.append(Request("c.l", "listen", "ann", "r2.1", 15, 30, "left", wire=MODERN, task="a",
                                        states=[open_state()]))

    def final_of_another_end(status):
        return lambda h: final(h, "a", states=[{**state("a"), "status": status}])

    def crowd(history):
        run(history, "d").t0 = run(history, "c").t1 - 0.1

    def crowd_behind_cancel(history):
        crowd(history)
        history.requests.append(
            Request("c.c4", "cancel", "ann", "r1.1", 3.5, 3.6, "ok", wire=MODERN, task="c"))

    def three_of_two(history):
        for number in range(2):
            history.runs.append(another(run(history, "h"), task=f"h{number}", pid=number))

    def two_unique(history):
        first, second = request(history, "c.e1"), request(history, "c.e2")
        history.requests += [
            another(first, op="c.y1", task="e2", key="other"),
            another(second, op="c.y2", task="e2")
        ]

    def robbed_task(history):
        for one in history.finals:
            if one.task == "a" and one.wire == MODERN:
                one.states = [{"status": "failed", "text": "executor lost, outcome unknown"}]
        history.boots["r1.1"].signal = None

    def growing(history):
        history.samples = [(t, "r1.1", 20 + t * 4, 40) for t in range(60)]

    def descriptors(history):
        history.samples.append((61, "r1.1", 20, 400))

    def rolled(**told):
        return lambda h: error(h, t0=45, t1=45.1, **told)

    def second_attempt(task, **told):
        return lambda h: h.runs.append(
            another(run(h, task), **{
                "attempt": 2,
                "t0": 20,
                "t1": 21,
                "boot": "r2.1",
                **told
            }))

    return {
        "acknowledged_exist": [
            lambda h: final(
                h, "a", got="error", code=-32602, message="Invalid params: task not found", states=[]),
            lambda h: error(h, code=-32602, message="Invalid params: task not found"),
            lambda h: setattr(h, "finals", [one for one in h.finals if one.task != "b"]),
            lambda h: h.lists.append(("ann", "r1.1", ["c", "e", "h"]))
        ],
        "terminal_stays": [
            final_of_another_end("failed"),
            final_of_another_end("cancelled"),
            final_of_another_end("working"),
            lambda h: final(h, "a", states=[{
                **state("a"), "digest": "other"
            }]), lambda h: final(h, "a", states=[{
                **state("a"), "updated": CREATED
            }]), lambda h: request(h, "a r1.1 old").states.append({"status": "cancelled"}),
            lambda h: h.requests.append(
                Request(
                    "c.z", "get", "ann", "r1.1", 31, 32, "ok", wire=MODERN, task="a", states=[open_state()]))
        ],
        "all_end": [lambda h: final(h, "a", states=[open_state()])],
        "keys_hold": [
            lambda h: h.requests.append(another(request(h, "c.a1"), op="c.z", task="a2")),
            lambda h: h.runs.append(another(run(h, "a"), task="a2")),
            lambda h: h.runs.append(another(run(h, "a"), tag="nobody's")),
            lambda h: setattr(run(h, "a"), "t0", 0.5)
        ],
        "unique_holds": [two_unique],
        "cancel_holds": [
            lambda h: h.requests.append(
                Request(
                    "c.z", "get", "bob", "r1.1", 9.6, 9.7, "ok", wire=MODERN, task="i", states=[open_state()])
            )
        ],
        "results_are_right": [
            lambda h: setattr(request(h, "c.p"), "text", "said q\n"),
            lambda h: final(h, "g", states=[{
                **state("g"), "text": "color: blue\n"
            }]), lambda h: final(h, "b", states=[{
                **state("b"), "text": "b has 2 steps\n"
            }])
        ],
        "strangers_see_nothing": [lambda h: setattr(request(h, "c.x"), "got", "ok")],
        "followers_hear": [lambda h: listener(h, False), lambda h: listener(h, True)],
        "errors_are_clean": [
            lambda h: error(h, code=-32603), lambda h: error(h, code=BUSY), lambda h: error(h, got="broken"),
            lambda h: error(h, got="refused"), lambda h: error(h, got="timeout"),
            lambda h: error(h, got="http", status=500), lambda h:
            (h.windows.append(Window("crash", None, 19, 21)), error(h, code=-32603))
        ],
        "plain_results_are_kept": [
            lambda h: (h.windows.append(Window("cut", "r1.1", 19, 21)),
                       error(h, kind="plain", tool="quick", code=-32603, arguments={"tag": "p"})),
            lambda h: error(h, kind="plain", tool="quick", got="http", status=200, arguments={"tag": "p"},
                            message='{"jsonrpc":"2.0","id":1,"error":}')
        ],
        "unknown_outcomes_are_repeated": [
            lambda h: (h.windows.append(Window("crash", None, 19, 21)),
                       error(h, code=-32603, message="Internal error: the task store could not do this"))
        ],
        "the_dead_begin_nothing": [
            lambda h: (setattr(h.boots["r1.1"], "lost", [21.5]),
                       h.windows.append(Window("freeze", "r1.1", 0.5, 21)), setattr(run(h, "a"), "t0", 21.2))
        ],
        "fail_runs_once": [
            second_attempt("a"),
            second_attempt("h"),
            second_attempt("f"), lambda h: (setattr(run(h, "f"), "code", None), second_attempt("f")(h))
        ],
        "attempts_within_budget": [
            second_attempt("b", attempt=1),
            second_attempt("b", attempt=5), lambda h: [
                second_attempt("b", attempt=number, t0=20 + number, t1=20.5 + number)(h)
                for number in range(2, 6)
            ]
        ],
        "one_place": [
            second_attempt("b", t0=2.5),
            # away, but not for as long as a lease
            lambda h: (second_attempt("b", t0=2.5)(h), h.windows.append(Window("freeze", "r1.1", 0, 5)))
        ],
        "concurrency_holds": [
            crowd,
            crowd_behind_cancel,
            three_of_two,
            # an outage of the database robs nobody
            lambda h: (crowd(h), h.windows.append(Window("crash", None, -20, 20)))
        ],
        "checkpoints_hold": [
            lambda h: setattr(run(h, "b"), "found", 2), lambda h:
            (setattr(run(h, "b"), "saved", [1, 2]), second_attempt("b", found=2)
             (h), second_attempt("b", attempt=3, t0=22, t1=23, found=1)(h))
        ],
        "completed_ran": [
            lambda h: setattr(run(h, "a"), "code", None),
            lambda h: setattr(h, "runs", [one for one in h.runs if one.task != "a"])
        ],
        "programs_end_with_replicas": [lambda h: setattr(h.boots["r1.1"], "t1", -10)],
        "cancel_reaches_programs": [
            lambda h: setattr(run(h, "i"), "t1", 25), lambda h:
            (setattr(run(h, "i"), "t1", 25), setattr(h, "silent", frozenset(["r2"])))
        ],
        "nobody_is_robbed": [
            robbed_task, lambda h: setattr(h.boots["r1.1"], "lost", [41.0]), lambda h:
            (setattr(h.boots["r1.1"], "lost", [41.0]), h.windows.append(Window("crash", None, 5, 40))),
            lambda h:
            (setattr(h.boots["r1.1"], "lost", [41.0]), h.windows.append(Window("cut", "r1.1", 5, 8)))
        ],
        "rolling_is_unnoticed": [
            rolled(got="broken"),
            rolled(got="refused"),
            rolled(got="unavailable"),
            rolled(got="timeout"),
            rolled(code=BUSY),
            rolled(code=-32603),
            rolled(code=-32602, message="Invalid params: task not found", task="unknown"), lambda h:
            (setattr(h.windows[0], "announced", False), rolled(code=BUSY)
             (h)), lambda h: (request(h, "c.a1").__dict__.update(t0=42, t1=42.1),
                              h.requests.append(
                                  Request("c.z",
                                          "get",
                                          "ann",
                                          "r2.1",
                                          46,
                                          47,
                                          "ok",
                                          wire=MODERN,
                                          task="a",
                                          states=[{
                                              "status": "failed",
                                              "text": "executor lost, outcome unknown"
                                          }])))
        ],
        "drains_end":
        [lambda h: setattr(h.windows[1], "code", None), lambda h: setattr(h.windows[1], "code", 1)],
        "replicas_do_not_grow": [growing, descriptors],
        "replicas_live": [
            lambda h: h.boots["r1.1"].__dict__.update(t1=30, signal=None),
            lambda h: h.troubles.append("a process is left"),
            lambda h: h.boots["r1.1"].__dict__.update(signal=signal.SIGSEGV)
        ],
        "books_balance": [lambda h: h.books.update(queued=(1, 0))],
    }


class Checks(unittest.TestCase):
    def test_all_is_well(self):
        for name, found in checks.judge(good()).items():
            self.assertEqual(found, [], name)

    def test_each_check_finds_what_is_planted(self):
        for name, all_of_it in plants().items():
            for number, plant in enumerate(all_of_it):
                with self.subTest(check=name, plant=number):
                    history = good()
                    plant(history)
                    self.assertTrue(checks.judge(history)[name], "not found")

    def test_each_check_has_a_plant(self):
        self.assertEqual(sorted(plants()), sorted(check.__name__ for check in checks.ALL))

    def test_what_is_excused(self):
        """A replica that was away by itself for a lease: its programs may still be there."""
        for check, plant in ((
                "one_place",
                lambda h: h.runs.append(another(run(h, "b"), attempt=2, t0=2.5, t1=4, boot="r2.1"))),
                             ("concurrency_holds", lambda h: setattr(run(h, "d"), "t0",
                                                                     run(h, "c").t1 - 0.1))):
            history = good()
            plant(history)
            history.windows.append(Window("freeze", "r1.1", -17, 5))
            self.assertEqual(checks.judge(history)[check], [], check)
        history = good()
        history.requests.append(
            Request("c.z", "get", "ann", "r1.1", 20, 20.1, "error", BUSY, wire=MODERN, task="a"))
        history.windows.append(Window("crash", None, 19, 21))
        self.assertEqual(checks.judge(history)["errors_are_clean"], [])


if __name__ == "__main__":
    unittest.main()
