# SPDX-License-Identifier: Apache-2.0
"""What happened, for people: the progress line, the table of the end, the history of a task."""
import collections
import sys
import threading
import time

from history import FOREVER

WIDTH = 30
BEFORE = 20  # seconds before a task that its history begins


class Progress:
    """One line on a terminal that is written over; else a line now and then."""

    def __init__(self, seconds):
        self.begun, self.seconds, self.terminal = time.monotonic(), seconds, sys.stderr.isatty()
        self.phase, self.told, self.lock = "", 0.0, threading.Lock()

    def tell(self, phase, calls=None):
        with self.lock:
            self.phase, now = phase, time.monotonic()
            if not self.terminal and now - self.told < 10:
                return
            self.told = now
            part = min(1.0, (now - self.begun) / max(self.seconds, 1))
            bar = "#" * round(part * WIDTH) + "." * (WIDTH - round(part * WIDTH))
            line = f"fleet [{bar}] {now - self.begun:5.0f} s  {self.phase}"
            sys.stderr.write(f"\r{line[:110]:<110}" if self.terminal else line + "\n")
            sys.stderr.flush()

    def end(self):
        if self.terminal:
            sys.stderr.write("\r" + " " * 110 + "\r")


def figures(history, verdicts):
    """The numbers of a run, as `--json` has them."""
    created = history.created()
    last_states = {
        one.task: state["status"]
        for one in history.finals if one.wire != "2025-11-25" for state in one.states
    }
    return {
        "calls": len(history.requests),
        "calls by kind": dict(collections.Counter(one.kind for one in history.requests)),
        "answers": dict(collections.Counter(
            one.got + (f" {one.code}" if one.got == "error" else "") for one in history.requests)),
        "wires": dict(collections.Counter(one.wire for one in history.requests)),
        "tasks": len(created),
        "tasks by tool": dict(collections.Counter(one.tool for one in created.values())),
        "tasks by end": dict(collections.Counter(last_states.values())),
        "runs of programs": len(history.runs),
        "… that did not end": sum(run.code is None for run in history.runs),
        "faults": dict(collections.Counter(one.kind for one in history.windows)),
        "boots": len(history.boots),
        "declared dead": sum(boot.lost_lease for boot in history.boots.values()),
        "looked up at the end": len(history.finals),
        "MiB at most": round(max((one[2] for one in history.samples), default=0)),
        "violations": {name: len(found) for name, found in verdicts.items() if found},
    }


def table(numbers):
    lines = []
    for name, value in numbers.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}"
                              for key, count in sorted(value.items(), key=lambda one: -one[1])) or "none"
        lines.append(f"  {name:<22} {value}")
    return "\n".join(lines)


def moment(history, time):
    begun = min((one.t0 for one in history.boots.values()), default=0)
    return "   never" if time == FOREVER else f"{time - begun:8.3f}"  # since the fleet was started


def life_of(history, task):
    """(time, text): what was asked and told of a task, and what its programs did."""
    for one in history.requests + history.finals:
        if one.task != task:
            continue
        text = f"{one.op} {one.kind} at {one.boot} on {one.wire} by {one.owner}"
        if one.kind == "create":
            text += f": {one.tool} {one.arguments} key {one.key}"
        text += f" → {moment(history, one.t1)} {one.got} {one.code or ''} {one.message}"
        for state in one.states:
            text += f" {state['status']}" + (f" {state['text']!r}" if "text" in state else "")
            text += f" updated {state['updated']}" if "updated" in state else ""
        yield one.t0, text
    for run in history.runs:
        if run.task == task:
            yield run.t0, f"program: attempt {run.attempt} at {run.boot} begins (pid {run.pid})"
            ended = f", ended with {run.code}" if run.code is not None else ""
            yield run.t1, f"program: attempt {run.attempt} at {run.boot} was last there{ended}"


def faults_between(history, first, last):
    """(time, text): the faults, and the replicas that came and went."""
    events = []
    for window in history.windows:
        named = f"    fault: {window.kind} {window.boot or ''}"
        events += [(window.t0, f"{named} begins"), (window.t1, f"{named} is over")]
    for boot in history.boots.values():
        lost = ", had lost its lease" if boot.lost_lease else ""
        events += [(boot.t0, f"    {boot.name} is started"),
                   (boot.t1, f"    {boot.name} is gone (signal {boot.signal}){lost}")]
    return [event for event in events if first <= event[0] <= last]


def history_of(history, violation, most=60):
    """What led to it, in order: the life of its task, or the time before it, and the faults meanwhile."""
    lines = list(life_of(history, violation.task)) if violation.task else []
    if lines:
        first, last = min(lines)[0] - BEFORE, max(lines)[0] + 1
    elif violation.at is not None:
        first, last = violation.at - 2 * BEFORE, violation.at
    else:
        return ""
    lines = sorted(lines + faults_between(history, first, last), key=lambda line: line[0])
    shown = lines if len(lines) <= most else lines[:most * 2 // 3] + lines[-most // 3:]
    left_out = [f"  … {len(lines) - most} lines more …"] if len(lines) > most else []
    told = [f"  {moment(history, at)}  {text}" for at, text in shown]
    return "\n".join([f"history of {violation.task or 'the time before'}:"] + told + left_out)
