# SPDX-License-Identifier: Apache-2.0
"""What programs did must be what was promised of their tools, as they noted it themselves.

A program under a replica that was killed ends with it. A replica that does not run, or does not reach the
database, for as long as its lease is declared dead while its programs may go on: docs/fleet.md promises
then that no write of them counts, and not that a `rerun` task, or a concurrency key, is in one place only.
That, and nothing else, is excused here (`declared_dead`): from 10 s after the fault began (a lease of 15 s
was renewed up to 5 s before) until the replica must have heard of it.
"""
from checks_tasks import Violation
from plan import ISOLATING, LEASE, RENEW_EVERY
from served import STOP_GRACE, TOOLS

HEARS = 15  # seconds until a replica that is back knows what it lost, and its programs have ended
SLACK = 5  # seconds that a busy machine may add
HEARD = 0.2  # seconds, between a line of a replica's log and its note


def declared_dead(history, boot):
    """Times in which this boot may be dead for the others while its programs run."""
    return [(begun + LEASE - RENEW_EVERY, over + HEARS) for begun, over, own in history.away(boot)
            if own and over - begun > LEASE - RENEW_EVERY - 1]


def excused(history, runs, moment):
    return any(begun <= moment <= over for run in runs for begun, over in declared_dead(history, run.boot))


def fail_runs_once(history):
    """A tool that is not `rerun` never runs twice for one task, but for the failures it wants retried."""
    for task, runs in history.runs_of().items():
        tool = tool_of(history, runs[0])
        if not task or tool is None or tool.rerun:
            continue
        for before, run in zip(runs, runs[1:]):
            if tool.retry_code is None or before.code != tool.retry_code:
                yield Violation(
                    "fail_runs_once",
                    f"{tool.name}: attempt {run.attempt} at {run.boot} began at {run.t0:.3f} "
                    f"although attempt {before.attempt} at {before.boot} ended with "
                    f"{before.code}", task)


def tool_of(history, run):
    """By what was asked: the tag is in both. (Not by the task: one may run that nobody was told of.)"""
    if not history.tools_by_tag:
        history.tools_by_tag = {one.arguments["tag"]: TOOLS[one.tool] for one in history.requests
                                if one.kind in ("create", "plain")}
    return history.tools_by_tag.get(run.tag)


def attempts_within_budget(history):
    """No task runs more often than `max_attempts`, what a drain handed back aside, and no attempt runs
    twice."""
    drains = [window for window in history.windows if window.kind == "term"]
    for task, runs in history.runs_of().items():
        tool = tool_of(history, runs[0])
        if not task or tool is None or not tool.task:
            continue
        numbers = [run.attempt for run in runs]
        handed_back = sum(run.code != 0 and any(drain.boot == run.boot and run.t1 >= drain.t0
                                                for drain in drains) for run in runs)
        if max(len(runs), max(numbers)) - handed_back > tool.max_attempts:
            yield Violation("attempts_within_budget",
                            f"{tool.name}: attempts {numbers} of {tool.max_attempts}, of which drains handed "
                            f"back {handed_back}", task)
        if len(set(numbers)) < len(numbers):
            yield Violation("attempts_within_budget", f"{tool.name}: an attempt began twice: {numbers}", task)


def one_place(history):
    """A task runs in one place at a time, unless its replica was declared dead meanwhile."""
    for task, runs in history.runs_of().items():
        if not task:
            continue
        for before, run in zip(runs, runs[1:]):
            if run.t0 < before.t1 and not excused(history, (before, run), run.t0):
                yield Violation(
                    "one_place",
                    f"attempt {run.attempt} at {run.boot} began {before.t1 - run.t0:.3f} s before "
                    f"attempt {before.attempt} at {before.boot} was last there", task)


def concurrency_holds(history):
    """No more run at once with one concurrency key than may, also while a program still ends whose task
    was cancelled, unless a replica was declared dead."""
    lines = {}
    for run in history.runs:
        tool = tool_of(history, run)
        if tool and tool.at_once:
            lines.setdefault((tool.name, run.lane if tool.laned else ""), []).append(run)
    for (name, lane), runs in lines.items():
        there = []
        for run in sorted(runs, key=lambda run: run.t0):
            there = [other for other in there if other.t1 > run.t0] + [run]
            if len(there) > TOOLS[name].at_once and not excused(history, there, run.t0):
                yield Violation(
                    "concurrency_holds", f"{name} {lane}: at {run.t0:.3f} " +
                    ", ".join(f"{one.task} attempt {one.attempt} at {one.boot} ({one.t0:.3f} to {one.t1:.3f})"
                              for one in there), there[0].task)


def checkpoints_hold(history):
    """An attempt finds what an earlier one saved, or nothing, and never less than what one found before."""
    for task, runs in history.runs_of().items():
        saved, most = {0}, 0
        for run in runs:
            if run.kind != "steps":
                break
            if run.found not in saved or run.found < most:
                yield Violation(
                    "checkpoints_hold",
                    f"attempt {run.attempt} found {run.found}; saved were {sorted(saved)}, "
                    f"found before {most}", task)
            saved.update(run.saved)
            most = max(most, run.found)


def completed_ran(history):
    """What completed was done: an attempt came to its end."""
    runs = history.runs_of()
    created = history.created()
    for one in history.finals:
        if one.task not in created or not any(state["status"] == "completed" for state in one.states):
            continue
        if not any(run.code == 0 for run in runs.get(one.task, [])):
            yield Violation("completed_ran", "completed, but no attempt came to its end", one.task)


def programs_end_with_replicas(history):
    """Nothing of a program outlives its replica by more than its time to stop."""
    for run in history.runs:
        boot = history.boots.get(run.boot)
        if boot and run.t1 > boot.t1 + STOP_GRACE + SLACK:
            yield Violation("programs_end_with_replicas",
                            f"{run.tag} was there {run.t1 - boot.t1:.3f} s after {run.boot}", run.task)


def cancel_reaches_programs(history):
    """A program ends soon after its task was cancelled at any replica, faults aside."""
    told = {}
    for one in history.requests:
        if one.kind == "cancel" and one.got == "ok" and (one.task not in told or one.t1 < told[one.task].t1):
            told[one.task] = one
    runs = history.runs_of()
    for task, cancel in told.items():
        for run in runs.get(task, []):
            if run.t1 - cancel.t1 > STOP_GRACE + SLACK and not history.felt(run.boot, cancel.t1, run.t1):
                yield Violation(
                    "cancel_reaches_programs",
                    f"attempt {run.attempt} at {run.boot} was there {run.t1 - cancel.t1:.3f} s after the "
                    f"cancel at {cancel.boot}", task)


def the_dead_begin_nothing(history):
    """A replica that could not renew for 12 s begins nothing that was asked for since, until it knows that it was
    declared dead and goes on under a new id; but calls of tools that make no tasks."""
    asked = {one.arguments["tag"]: one for one in history.requests if one.kind in ("create", "plain")}
    for boot in history.boots.values():
        for before, lost_at in zip([0, *boot.lost], boot.lost):
            # That of which it died: the last one that was long enough, before it said so; not that of which it
            # had said so before.
            long = [(window.t0, window.t1) for window in history.windows
                    if window.kind in ISOLATING and window.boot == boot.name and
                    before < window.t1 and window.t0 < lost_at and
                    window.t1 - window.t0 > LEASE - RENEW_EVERY]
            if not long:
                continue
            begun, over = long[-1]
            for run in history.runs:
                request = asked.get(run.tag)
                if run.boot == boot.name and begun + LEASE < run.t0 < lost_at - HEARD and request and \
                        request.t0 > begun and TOOLS[request.tool].task and not TOOLS[request.tool].unique:
                    yield Violation(
                        "the_dead_begin_nothing",
                        f"{request.tool} {run.tag} began at {boot.name} at {run.t0:.3f}, which was away from "
                        f"{begun:.3f} to {over:.3f} and was told at {lost_at:.3f} that it is dead", run.task)


def nobody_is_robbed(history):
    """Only who was away by itself for a lease is declared dead, and "executor lost" has a cause."""
    for name, boot in history.boots.items():
        if boot.lost_lease and not any(own and over - begun > LEASE - RENEW_EVERY - 1
                                       for begun, over, own in history.away(name)):
            yield Violation("nobody_is_robbed", f"{name} was declared dead; away were {history.away(name)}")
    runs, told = history.runs_of(), set()
    for one in history.finals:
        for state in one.states:
            if state["status"] != "failed" or "executor lost" not in state.get("text",
                                                                               "") or one.task in told:
                continue
            told.add(one.task)
            # One that was lost before its program noted its beginning is known by nobody.
            ended = [history.boots.get(run.boot) for run in runs.get(one.task, [])]
            if ended and not any(boot is None or boot.signal is not None or boot.lost_lease
                                 for boot in ended):
                yield Violation("nobody_is_robbed",
                                f"{state['text']!r}, but {[boot.name for boot in ended]} live", one.task)
