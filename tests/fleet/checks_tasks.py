# SPDX-License-Identifier: Apache-2.0
"""What clients were told must be true, and stay so: checks of a history, each a function that yields what
contradicts the promise in its first line. A request that was asked after another was answered came later;
of those that overlap in time nothing is concluded.
"""
import dataclasses
import datetime

from served import TOOLS
from wire import BUSY, TERMINAL

UNKNOWN_TASK, INTERNAL, EXECUTOR_LOST = -32602, -32603, 31002
HEARD_WITHIN = 3  # seconds: a look each second, and a busy machine


@dataclasses.dataclass
class Violation:
    check: str
    text: str
    task: str | None = None
    at: float | None = None  # when, if it is of no task


def named(name, violations):
    return (one for one in violations if one.check == name)


def acknowledged_exist(history):
    """A task that was acknowledged is found by its owner, at once and at the end, at every replica."""
    created = history.created()
    for one in history.requests + history.finals:
        first = created.get(one.task)
        if first and one.kind != "foreign" and one.got == "error" and \
                one.code == UNKNOWN_TASK and "not found" in one.message and one.t0 > first.t1:
            yield Violation("acknowledged_exist", f"{one.kind} at {one.boot}: {one.message}", one.task)
    looked = {one.task for one in history.finals}
    for task in created:
        if task not in looked:
            yield Violation("acknowledged_exist", "nobody looked for it at the end", task)
    for owner, boot, ids in history.lists:
        missing = {task for task, one in created.items() if one.owner == owner} - set(ids)
        for task in sorted(missing):
            yield Violation("acknowledged_exist", f"tasks/list of {owner} at {boot} does not have it", task)


def agree(one, other):
    """Whether two terminal states may be of one task: `failed` of tasks/get on the older wire may be a
    tool's error, and what one of them does not tell is not compared."""
    statuses = {one["status"], other["status"]}
    if len(statuses) > 1 and statuses != {"failed", "tool_error"}:
        return False
    if len(statuses) > 1 and one.get("digest") and other.get("digest"):
        return False
    return all(one[name] == other[name] for name in ("digest", "created", "updated", "ttl")
               if one.get(name) is not None and other.get(name) is not None)


def terminal_stays(history):
    """A state that was seen terminal is the state for ever, at every replica and on both wires."""
    for task, seen in history.sightings().items():
        final = None
        for asked, told, state, boot, wire in seen:
            if state["status"] not in TERMINAL:
                continue
            if final is None:
                final = (told, state, boot, wire)
            elif not agree(final[1], state):
                yield Violation("terminal_stays",
                                f"{state} at {boot} on {wire}, and {final[1]} at {final[2]} on {final[3]}",
                                task)
        if final is None:
            continue
        for asked, told, state, boot, wire in seen:
            if asked > final[0] and state["status"] not in TERMINAL:
                yield Violation(
                    "terminal_stays", f"{state} at {boot} on {wire}, asked {asked - final[0]:.3f} s after "
                    f"{final[1]} at {final[2]} was told", task)


def all_end(history):
    """Every acknowledged task ends, once there are no faults any more."""
    for one in history.finals:
        for state in one.states:
            if state["status"] not in TERMINAL:
                yield Violation("all_end", f"{state} at {one.boot} at the end", one.task)


def keys_hold(history):
    """One idempotency key is one task; a tag that nobody repeats without a key is one task."""
    by_key = {}
    for one in history.requests:
        if one.kind == "create" and one.got == "ok" and one.key:
            by_key.setdefault((one.owner, one.key), set()).add(one.task)
    for key, tasks in by_key.items():
        if len(tasks) > 1:
            yield Violation("keys_hold", f"{key}: {sorted(tasks)}", sorted(tasks)[0])
    asked = {}
    for one in history.requests:
        if one.kind in ("create", "plain"):
            tag = one.arguments["tag"]
            asked[tag] = one if tag not in asked or one.t0 < asked[tag].t0 else asked[tag]
    by_tag = {}
    for run in history.runs:
        request = asked.get(run.tag)
        if request is None:
            yield Violation("keys_hold", f"{run.tag} ran, which nobody asked for", run.task)
        elif request.t0 > run.t0:
            yield Violation("keys_hold", f"{run.tag} ran before it was asked for", run.task)
        elif request.kind == "create" and not TOOLS[request.tool].unique:
            by_tag.setdefault(run.tag, set()).add(run.task)
    for tag, tasks in by_tag.items():
        if len(tasks) > 1:
            yield Violation("keys_hold", f"{tag}: {sorted(tasks)} ran for one key", sorted(tasks)[0])


def unique_holds(history):
    """What is unique is open once: no two tasks of one owner and the same arguments are open together."""
    groups = {}
    for task, first in history.created().items():
        if TOOLS[first.tool].unique:
            groups.setdefault((first.owner, first.arguments["tag"]), []).append((task, first.t1))
    last_open = {
        task: max((asked for asked, _, state, _, _ in seen if state["status"] not in TERMINAL), default=0)
        for task, seen in history.sightings().items()
    }
    for group, tasks in groups.items():
        # It was there when its creation was acknowledged, and not ended when it was last asked for.
        spans = sorted((begun, last_open.get(task, 0), task) for task, begun in tasks)
        for index, (begun, over, task) in enumerate(spans):
            for later, until, other in spans[index + 1:]:
                if max(begun, later) < min(over, until):
                    yield Violation(
                        "unique_holds", f"{group}: {task} and {other} were open together from "
                        f"{max(begun, later):.3f} to {min(over, until):.3f}", task)


def cancel_holds(history):
    """Who was told that a task is cancelled never sees it open again, and it ended once."""
    sightings = history.sightings()
    for one in history.requests:
        if one.kind != "cancel" or one.got != "ok":
            continue
        for asked, _, state, boot, _ in sightings.get(one.task, []):
            if asked > one.t1 and state["status"] not in TERMINAL:
                yield Violation("cancel_holds",
                                f"{state} at {boot}, asked {asked - one.t1:.3f} s after its cancel", one.task)
                break


def results_are_right(history):
    """What completed says what its tool says for these arguments and this answer; answers are those given."""
    created, answers = history.created(), {}
    for one in history.requests:
        if one.kind == "answer":
            answers.setdefault(one.task, set()).add(one.answer)
        if one.kind == "plain" and one.got == "ok" and one.text != f"said {one.arguments['tag']}\n":
            yield Violation("results_are_right",
                            f"{one.tool} of {one.arguments} at {one.boot} said {one.text!r}")
    for task, seen in history.sightings().items():
        first = created.get(task)
        for _, _, state, boot, wire in seen:
            if first is None or state["status"] != "completed" or "text" not in state:
                continue
            tag, number = first.arguments["tag"], first.arguments["number"]
            expected = {
                "steps": {f"{tag} has {number} steps"},
                "flaky": {f"{tag} at last"},
                "asks": {f"color: {color}"
                         for color in answers.get(task, ())}
            }.get(first.tool, {f"said {tag}"})
            if state["text"].split("\n")[0] not in expected:
                yield Violation("results_are_right", f"{state['text']!r} at {boot} on {wire}, not {expected}",
                                task)


def strangers_see_nothing(history):
    """A task of somebody else does not exist."""
    for one in history.requests:
        if one.kind == "foreign" and one.got == "ok":
            yield Violation("strangers_see_nothing", f"{one.owner}'s task was shown at {one.boot}", one.task)


def followers_hear(history):
    """Who follows a task at a replica hears within a second or two that it ended at another one."""
    runs = {task: those[-1] for task, those in history.runs_of().items()}
    ended = {}
    for one in history.finals:
        for state in one.states:
            if state["status"] in TERMINAL and state.get("updated"):
                ended[one.task] = datetime.datetime.fromisoformat(state["updated"]).timestamp() - history.wall
    for one in history.requests:
        if one.kind != "listen" or one.got != "left" or one.task not in ended or not one.states:
            continue
        late = one.t1 - max(ended[one.task], one.t0)
        if late > HEARD_WITHIN and one.states[-1]["status"] not in TERMINAL and not history.felt(
                one.boot, one.t0, one.t1):
            yield Violation(
                "followers_hear",
                f"who listened at {one.boot} was not told in {late:.3f} s that it ended "
                f"({'at ' + runs[one.task].boot if one.task in runs else 'without a run'})", one.task)


def unclean_errors(history):
    """Every error that has no excuse, under the name of the check that it breaks."""
    created = history.created()
    for one in history.requests + history.finals:
        if one.got in ("ok", "left", "none") or one.again or one.kind == "foreign":
            continue
        if one.got == "error" and expected_error(history, one, created):
            continue
        excused = history.felt(one.boot, one.t0, one.t1)
        if excused and (one.got in ("unavailable", "refused", "broken", "timeout", "nobody") or
                        (one.got == "error" and one.code == BUSY)):
            continue
        name = "errors_are_clean"
        if one.code == INTERNAL and "task store" in one.message and excused:
            name = "unknown_outcomes_are_repeated"
        elif one.kind == "plain" and (one.code == INTERNAL or one.message.endswith('"error":}')):
            name = "plain_results_are_kept"
        yield Violation(
            name, f"{one.kind} of {one.tool or one.task} at {one.boot} ({one.t0:.3f} to {one.t1:.3f}): "
            f"{one.got} {one.status} {one.code} {one.message}", one.task, one.t1)


def errors_are_clean(history):
    """Without a fault nothing fails; with one callers are told "busy", or nothing."""
    yield from named("errors_are_clean", unclean_errors(history))


def plain_results_are_kept(history):
    """… nor does a plain call whose replica learns late that another one did its work."""
    yield from named("plain_results_are_kept", unclean_errors(history))


def unknown_outcomes_are_repeated(history):
    """… nor one whose connection to the database is lost again and again, as behind a pooler."""
    yield from named("unknown_outcomes_are_repeated", unclean_errors(history))


def expected_error(history, one, created):
    if one.code == 31003 or (one.kind == "result" and one.code in (31001, EXECUTOR_LOST)):
        return True  # the task's own end
    if one.kind == "plain" and one.code == EXECUTOR_LOST:
        ran = [run.boot for run in history.runs if run.tag == one.arguments["tag"]]
        return not ran or any(history.boots[boot].signal is not None for boot in ran if boot in history.boots)
    if one.kind in ("get", "answer", "cancel", "result") and one.code == UNKNOWN_TASK:
        # An answer that comes late, a cancel of what has ended; unknown tasks are another check's.
        return "task not found" not in one.message or one.task in created
    return False
