# SPDX-License-Identifier: Apache-2.0
"""All that is known of a run, read from its folder: what clients asked and got, what programs did, which
faults there were, how everything ended. Plain data; the checks are functions of it. Times are those of
the machine's monotonic clock, in seconds, the same for all processes.
"""
import dataclasses
import math

import journal
from plan import ISOLATING
from served import TOOLS

FOREVER = math.inf
RECOVERY = 12  # seconds after a fault until nobody feels it: an answer is awaited for 8, pauses are up to 2


@dataclasses.dataclass
class Request:
    """One try of an operation at one replica. `t1` is infinite if no answer was noted."""
    op: str
    kind: str
    owner: str
    boot: str
    t0: float
    t1: float = FOREVER
    got: str = "none"
    code: int = 0
    status: int = 0
    message: str = ""
    again: bool = False  # it went on to another replica
    wire: str = ""
    tool: str = ""
    arguments: dict = dataclasses.field(default_factory=dict)
    key: str | None = None
    task: str | None = None
    answer: str | None = None
    text: str | None = None
    repeat: int = 0
    states: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Run:
    """One attempt of a program: it was certainly there from `t0` to `t1`."""
    task: str
    attempt: int
    kind: str
    tag: str
    lane: str
    boot: str
    pid: int
    t0: float
    t1: float
    code: int | None = None  # None: it did not come to its end
    found: int = 0  # checkpoint
    saved: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Window:
    """A fault, from its beginning until it was undone."""
    kind: str
    boot: str | None
    t0: float
    t1: float = FOREVER
    announced: bool = False
    code: int | None = 0

    @property
    def replica(self):
        return self.boot and self.boot.split(".")[0]


@dataclasses.dataclass
class Boot:
    """One start of a replica. `signal`: what ended it, if somebody did."""
    name: str
    t0: float
    t1: float = FOREVER
    signal: int | None = None
    lost: list = dataclasses.field(default_factory=list)  # each time when it said that it was declared dead

    @property
    def lost_lease(self):
        return bool(self.lost)


@dataclasses.dataclass
class History:
    requests: list = dataclasses.field(default_factory=list)
    runs: list = dataclasses.field(default_factory=list)
    windows: list = dataclasses.field(default_factory=list)
    boots: dict = dataclasses.field(default_factory=dict)
    finals: list = dataclasses.field(default_factory=list)  # Requests of the end, one a task, replica, wire
    lists: list = dataclasses.field(default_factory=list)  # (owner, boot, ids)
    samples: list = dataclasses.field(default_factory=list)  # (t, boot, MiB, descriptors)
    books: dict = dataclasses.field(default_factory=dict)  # of the database at the end
    pooled: frozenset = frozenset()
    silent: frozenset = frozenset()  # with notify=off
    wall: float = 0.0  # what the wall clock says when the monotonic one says 0
    troubles: list = dataclasses.field(default_factory=list)  # what the driver saw
    faults_over: float = FOREVER
    known_away: dict = dataclasses.field(default_factory=dict)
    tools_by_tag: dict = dataclasses.field(default_factory=dict)

    # --- what checks ask
    def created(self):
        """task: its first acknowledged creation."""
        first = {}
        for one in sorted(self.requests, key=lambda one: one.t1):
            if one.kind == "create" and one.got == "ok" and one.task:
                first.setdefault(one.task, one)
        return first

    def tool_of(self, task, created=None):
        return TOOLS[(created or self.created())[task].tool]

    def sightings(self):
        """task: (asked, told, state, boot, wire) of every state that somebody was shown."""
        seen = {}
        for one in self.requests + self.finals:
            for state in one.states:
                seen.setdefault(one.task, []).append((one.t0, one.t1, state, one.boot, one.wire))
        for those in seen.values():
            those.sort(key=lambda one: one[1])
        return seen

    def runs_of(self):
        """task: its runs, in order."""
        by_task = {}
        for run in sorted(self.runs, key=lambda run: run.t0):
            by_task.setdefault(run.task, []).append(run)
        return by_task

    def away(self, boot):
        """Times in which this boot may not have reached its database, or did not run: (from, to, its own
        fault). Those of everybody, and of its own, that follow closely are one."""
        if boot not in self.known_away:
            self.known_away[boot] = self._away(boot)
        return self.known_away[boot]

    def _away(self, boot):
        pieces = []
        for one in self.windows:
            if one.kind in ISOLATING + ("slow",) and one.boot == boot:
                pieces.append((one.t0, one.t1, True))
            elif one.kind == "crash" or (one.kind == "pooler" and boot.split(".")[0] in self.pooled):
                pieces.append((one.t0, one.t1, False))
        merged = []
        for piece in sorted(pieces):
            if merged and piece[0] <= merged[-1][1] + RECOVERY:
                merged[-1] = (merged[-1][0], max(merged[-1][1], piece[1]), merged[-1][2] or piece[2])
            else:
                merged.append(piece)
        return merged

    def felt(self, boot, t0, t1):
        """Whether a fault may be felt by a request to this boot at this time."""
        for begun, over, _ in self.away(boot):
            if t0 <= over + RECOVERY and t1 >= begun:
                return True
        return any(one.kind in ("kill", "term") and one.boot == boot and t1 >= one.t0 for one in self.windows)


def load(folder):
    """Of a folder that the driver has filled."""
    history = History()
    for path in sorted(folder.glob("c*.jsonl")):
        history.requests += requests_of(journal.read(path))
    if (folder / "finals.jsonl").exists():
        history.finals = requests_of(journal.read(folder / "finals.jsonl"))
    if (folder / "runs.jsonl").exists():
        history.runs = runs_of(journal.read(folder / "runs.jsonl"))
    windows, numbers = [], {}
    for one in journal.read(folder / "fleet.jsonl"):
        event = one["e"]
        if event == "begin":
            numbers[one["fault"]] = Window(one["kind"],
                                           one["boot"],
                                           one["t"],
                                           announced=one.get("announced", False))
            windows.append(numbers[one["fault"]])
        elif event == "end":
            numbers[one["fault"]].t1 = one["t"]
        elif event == "exit":
            numbers[one["fault"]].code = one["code"]
        elif event == "boot":
            history.boots[one["name"]] = Boot(one["name"], one["t0"], one["t1"] or FOREVER, one["signal"],
                                              one["lost"])
        elif event == "sample":
            history.samples.append((one["t"], one["boot"], one["mib"], one["descriptors"]))
        elif event == "list":
            history.lists.append((one["owner"], one["boot"], one["ids"]))
        elif event == "books":
            history.books = one["books"]
        elif event == "shape":
            history.pooled, history.silent = frozenset(one["pooled"]), frozenset(one["silent"])
            history.wall = one["wall"]
        elif event == "trouble":
            history.troubles.append(one["text"])
        elif event == "over":
            history.faults_over = one["t"]
    history.windows = windows
    return history


def requests_of(entries):
    open_requests, requests = {}, []
    for one in entries:
        if one["e"] == "ask":
            told = {
                name: one[name]
                for name in ("wire", "tool", "arguments", "key", "task", "answer", "repeat") if name in one
            }
            open_requests[one["op"]] = request = Request(one["op"], one["kind"], one["owner"], one["boot"],
                                                         one["t"], **told)
            requests.append(request)
        else:
            request = open_requests.pop(one["op"])
            request.t1, request.got, request.code, request.status = one["t"], one["got"], one["code"], one[
                "status"]
            request.message, request.again, request.text = one["message"], one["again"], one.get("text")
            request.task = one.get("task", request.task)
            request.states = one.get("states") or ([one["state"]] if one.get("state") else [])
    return requests


def runs_of(entries):
    runs = {}
    for one in entries:
        place = one["pid"], one["task"], one["attempt"], one["boot"]
        if one["event"] == "begin":
            runs[place] = Run(one["task"],
                              one["attempt"],
                              one["kind"],
                              one["tag"],
                              one["lane"],
                              one["boot"],
                              one["pid"],
                              one["t"],
                              one["t"],
                              found=one.get("found", 0))
            continue
        if place not in runs:
            continue  # it waited for its checkpoint
        runs[place].t1 = max(runs[place].t1, one["t"])
        if one["event"] == "end":
            runs[place].code = one["code"]
        if one["event"] == "saved":
            runs[place].saved.append(one["step"])
    return sorted(runs.values(), key=lambda run: run.t0)
