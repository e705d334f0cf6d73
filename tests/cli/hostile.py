# SPDX-License-Identifier: Apache-2.0
"""A bad line between the client and our server, over all four ways of a call: whatever happens to requests and replies,
the call ends right, and the file `log`, to which the tool adds a line each time that it runs, says that it ran once.
"""
import contextlib
import os
import random

from cli import equal, has, test, until
from proxy import Fault, Proxy

# As a task of both eras, and plainly in both: what is said of the call.
WAYS = {
    "task, 2026-07-28": ("note_always",),
    "task, 2025-11-25": ("note_always", "--protocol", "2025-11-25"),
    "plain, 2026-07-28": ("note", "--no-task"),
    "plain, 2025-11-25": ("note", "--no-task", "--protocol", "2025-11-25"),
    "plain, 2025-03-26": ("note", "--protocol", "2025-03-26")}
SEED = int(os.environ.get("LONGHAUL_SEED", "20261128"))


@contextlib.contextmanager
def between(url, rule):
    proxy = Proxy(url, rule)
    try:
        yield proxy
    finally:
        proxy.close()


def call_once(box, url, way, mark, rule):
    """One call through a proxy with this rule, held to its end and to the log. The faults that came."""
    with between(url, rule) as proxy:
        tool, *more = WAYS[way]
        done = box.run("call", proxy.url, tool, f"mark={mark}", *more, code=None)
        what = f"{way}, {mark}, {proxy.faults}"
        said = done.out.split("\n")[0]  # an old revision has the address of the output behind it
        equal((done.code, said), (0, f"noted {mark}"), f"{what}: {done.err}")
        equal(box.read("log").split("\n").count(mark), 1, what)
        return proxy.faults


def first(method, fault):
    """A fault of the first request of this method; the others are left alone."""
    left = [fault]

    def rule(request):
        return left.pop() if left and request.about(method) else None
    return rule


def everywhere(fault, but=()):
    return lambda request: None if any(request.about(method) for method in but) else fault


def size_of_reply(box, url, way):
    """Bytes of the reply to tools/call when nothing is wrong."""
    numbers = []

    def rule(request):
        if request.about("tools/call"):
            numbers.append(request.number)
    with between(url, rule) as proxy:
        tool, *more = WAYS[way]
        box.run("call", proxy.url, tool, "mark=whole", *more)
        return proxy.sizes[numbers[0]]


def cut_in_the_reply(box, way):
    """… to tools/call: in its head, in its body, behind all but the last byte."""
    url = box.serve().url
    size = size_of_reply(box, url, way)
    for cut in sorted({0, 1, size // 4, size // 2, size - 40, size - 2, size - 1}):
        equal(len(call_once(box, url, way, f"cut-{cut}", first("tools/call", Fault(cut=cut)))), 1)


@test
def cut_task(box):
    cut_in_the_reply(box, "task, 2026-07-28")


@test
def cut_task_of_a_session(box):
    cut_in_the_reply(box, "task, 2025-11-25")


@test
def cut_plain_call(box):
    cut_in_the_reply(box, "plain, 2026-07-28")


@test
def cut_plain_call_of_a_session(box):
    cut_in_the_reply(box, "plain, 2025-11-25")


@test
def cut_plain_call_of_an_old_session(box):
    cut_in_the_reply(box, "plain, 2025-03-26")


@test
def swallowed(box):
    """The connection breaks before the server has the request."""
    url = box.serve().url
    for number, way in enumerate(WAYS):
        call_once(box, url, way, f"unsent-{number}", first("tools/call", Fault(unsent=True)))


@test
def byte_by_byte(box):
    """Every reply and every event comes in pieces of one byte."""
    url = box.serve().url
    for number, way in enumerate(WAYS):
        call_once(box, url, way, f"bytes-{number}", everywhere(Fault(bytewise=True)))


@test
def twice(box):
    """Replies come twice: the second belongs to no request."""
    url = box.serve().url
    for number, way in enumerate(WAYS):
        call_once(box, url, way, f"twice-{number}", everywhere(Fault(twice=True)))


@test
def late(box):
    url = box.serve().url
    for number, way in enumerate(WAYS):
        call_once(box, url, way, f"late-{number}", everywhere(Fault(late=0.3)))


@test
def answered_by_the_proxy(box):
    """502, 503 and 429, with a time to wait and without one."""
    url = box.serve().url
    for number, way in enumerate(WAYS):
        for status, headers in ((502, {}), (503, {"Retry-After": "1"}), (429, {}), (429, {"Retry-After": "1"})):
            mark = f"{status}-{len(headers)}-{number}"
            call_once(box, url, way, mark, first("tools/call", Fault(answer=(status, headers))))


@test
def sent_elsewhere(box):
    """A redirect to another server is not followed: it would get what was meant for this one."""
    url, other = box.serve().url, []
    with between(url, lambda request: other.append(request)) as elsewhere:
        for way, (tool, *more) in WAYS.items():
            fault = Fault(answer=(307, {"Location": elsewhere.url}))
            with between(url, first("tools/call", fault)) as proxy:
                done = box.run("call", proxy.url, tool, "mark=elsewhere", *more, code=6)
            has(done.err, "not followed", elsewhere.url.rsplit("/", 1)[0])
    equal((other, box.read("log")), ([], ""))


@test
def a_session_is_gone(box):
    """… between two requests: a new one is begun."""
    url = box.serve().url
    for number, way in enumerate(way for way in WAYS if "2025" in way):
        gone = Fault(answer=(404, {}))
        left = [gone]

        def rule(request):
            in_session = request.in_session and request.verb == "POST"
            return left.pop() if left and in_session and request.about("tools/call") else None
        equal(len(call_once(box, url, way, f"gone-{number}", rule)), 1, way)


@test
def anything(box):
    """Faults by chance, of the first requests of a call: LONGHAUL_SEED is where they come from."""
    url = box.serve().url
    for number in range(8):
        for way in WAYS:
            seed = f"{SEED}/{number}/{way}"
            call_once(box, url, way, f"any-{number}-{list(WAYS).index(way)}", by_chance(seed))


def by_chance(seed):
    """No more than two in a row: a client gives up at some time."""
    chance, row = random.Random(seed), []

    def rule(request):
        if row[-2:] == [True, True] or request.number > 12 or chance.random() < 0.4:
            row.append(False)
            return None
        row.append(True)
        return chance.choice((
            Fault(cut=chance.randrange(900)), Fault(late=chance.random() / 4), Fault(bytewise=True),
            Fault(twice=True), Fault(unsent=True), Fault(answer=(502, {})), Fault(answer=(503, {}))))
    return rule


@test
def the_server_dies_behind_the_proxy(box):
    """kill -9 while the call is under way, and the server again: the proxy says 502 meanwhile. Each step was done once."""
    for protocol in ("2026-07-28", "2025-11-25"):
        server = box.serve()
        with between(server.url, lambda request: None) as proxy:
            call = box.start("call", proxy.url, "again", "steps=2", "--protocol", protocol)
            until(lambda: "attempt 1" in box.read("log"), lambda: f"a first attempt: {call.err()}")
            box.last_id()
            server.kill()
            server = box.again(server)
            for step in (1, 2):
                box.go(step)
            done = call.wait()
            equal((done.code, done.out), (0, "ended in attempt 2\n"), done)
            log = box.read("log").splitlines()
            equal([line for line in log if line.startswith("step")], ["step 1", "step 2"], log)
        server.stop()
        for name in ("log", "go-1", "go-2"):
            (box.folder / name).unlink()
