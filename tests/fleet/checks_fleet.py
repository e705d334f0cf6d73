# SPDX-License-Identifier: Apache-2.0
"""What operators rely on: a rolling restart that no caller notices, replicas that do not grow, books in the
database that are right, and nothing left behind.
"""
import signal

from checks_tasks import INTERNAL, Violation, expected_error
from history import RECOVERY
from wire import BUSY

WAITS = ("result", "listen")
MOST_MIB, MOST_DESCRIPTORS = 300, 300
GROWTH = 1.2  # of the last third of a boot's life against its middle, beyond GROWTH_MIB
GROWTH_MIB, GROWTH_DESCRIPTORS = 30, 40
LONG_LIFE = 30  # samples


def rolling_is_unnoticed(history):
    """During a rolling restart no operation of a client fails. What a client, or the load balancer in front
    of it, may do: go to the next replica without a connection or after a 503; after a drain that nobody
    announced repeat what was refused as busy (31004), which the last repetition must not be. What waits for
    the end of a task (`tasks/result`, subscriptions) may lose its connection when its replica ends."""
    created = history.created()
    for window in history.windows:
        if window.kind != "rolling":
            continue
        inside = [one for one in history.requests if window.t0 <= one.t0 and one.t1 <= window.t1]
        if any(other is not window and other.kind not in ("term", "rolling") and other.t0 < window.t1 and
               other.t1 + RECOVERY > window.t0 for other in history.windows):
            continue
        last = {}
        for one in inside:
            last[one.op] = one
        stops = [other for other in history.windows if other.kind == "term"]
        for one in last.values():
            told = one.got == "error" and expected_error(history, one, created)
            if one.got in ("ok", "left") or one.kind == "foreign" or told:
                continue
            if one.kind == "plain" and one.code == INTERNAL:
                continue  # told by plain_results_are_kept
            if one.kind in WAITS and any(other.boot == one.boot for other in stops):
                continue
            if one.got == "error" and one.code == BUSY and not window.announced and any(
                    other.boot == one.boot for other in stops):
                continue
            yield Violation(
                "rolling_is_unnoticed", f"{one.kind} at {one.boot} ({one.t0:.3f} to {one.t1:.3f}): {one.got} "
                f"{one.status} {one.code} {one.message}", one.task, one.t1)
        for task, seen in history.sightings().items():
            first = created.get(task)
            if not first or not window.t0 <= first.t1 <= window.t1:
                continue
            for _, told, state, boot, _ in seen:
                lost = state["status"] == "failed" and "executor lost" in state.get("text", "")
                if told <= window.t1 and lost:
                    yield Violation("rolling_is_unnoticed", f"{first.tool} failed: {state['text']}", task)
                    break


def drains_end(history):
    """A replica that is told to stop ends by itself, with 0, within its grace."""
    for window in history.windows:
        if window.kind != "term" or window.code == 0:
            continue
        if not any(other.kind not in ("term", "rolling") and other.t0 < window.t1 and
                   other.t1 + RECOVERY > window.t0 for other in history.windows):
            yield Violation("drains_end", f"{window.boot}: exit code {window.code}")


def replicas_do_not_grow(history):
    """Memory and descriptors stay within bounds, and reach a plateau: that of the replica that had most in the middle
    of its life, as one that was cut off then had next to none."""
    lives = {}
    for _, boot, *values in history.samples:
        lives.setdefault(boot, []).append(values)
    for index, most, growth, unit in ((0, MOST_MIB, GROWTH_MIB, "MiB"),
                                      (1, MOST_DESCRIPTORS, GROWTH_DESCRIPTORS, "descriptors")):
        plateau, ends = 0, {}
        for boot, samples in lives.items():
            values = [one[index] for one in samples]
            if max(values) > most:
                yield Violation("replicas_do_not_grow", f"{boot}: {max(values):.0f} {unit}, of {most}")
            if len(values) >= LONG_LIFE:
                third = len(values) // 3
                plateau = max(plateau, *values[third:2 * third])
                ends[boot] = max(values[2 * third:])
        for boot, last in ends.items():
            if last > plateau * GROWTH + growth:
                yield Violation("replicas_do_not_grow", f"{boot}: from {plateau:.0f} to {last:.0f} {unit}")


def replicas_live(history):
    """No replica ends by itself."""
    for boot in history.boots.values():
        if boot.signal is None and boot.t1 < history.faults_over:
            yield Violation("replicas_live", f"{boot.name} ended by itself")
        if boot.signal in (signal.SIGSEGV, signal.SIGABRT):
            yield Violation("replicas_live", f"{boot.name} crashed")
    for text in history.troubles:
        yield Violation("replicas_live", text)


def books_balance(history):
    """At the end the numbers that replicas keep are those of the tasks, and nothing is held any more."""
    for name, (found, expected) in history.books.items():
        if found != expected:
            yield Violation("books_balance", f"{name}: {found}, not {expected}")
