# SPDX-License-Identifier: Apache-2.0
"""The end of a run: when nothing is open any more, every task is read at every replica on both wires, and
the books of the database are compared with its tasks.
"""
import concurrent.futures
import threading
import time

import wire
from served import OWNERS

PATIENCE = 25
READERS = 6
MOST_EVERYWHERE = 3000  # tasks that are read everywhere on both wires; of more only some


class Ending:
    def __init__(self, replicas, journal):
        self.replicas, self.journal, self.lock = replicas, journal, threading.Lock()
        self.sessions = {}

    def session(self, replica, owner):
        with self.lock:
            if (replica, owner) not in self.sessions:
                self.sessions[replica, owner] = wire.open_session(replica.port, owner, PATIENCE).session
            return self.sessions[replica, owner]

    def look(self, task, owner, replica, kind):
        operation = f"{task} {replica.name} {kind}"
        self.journal.put(e="ask", op=operation, kind=kind, owner=owner, boot=replica.boot, task=task,
                 wire=wire.MODERN if kind == "get" else wire.LEGACY)
        state = None
        if kind == "get":
            answer = wire.modern(replica.port, owner, "tasks/get", {"taskId": task}, PATIENCE)
            if answer.kind == "ok":
                state = wire.modern_state(answer.result)
        else:
            answer = wire.legacy(replica.port, owner, self.session(replica, owner),
                                 {"method": f"tasks/{'get' if kind == 'legacy get' else 'result'}",
                                  "params": {"taskId": task}}, PATIENCE)
            if kind == "result":
                state = wire.legacy_result(answer)
            elif answer.kind == "ok":
                state = wire.legacy_state(answer.result)
        self.journal.put(e="ack",
                         op=operation,
                         got="ok" if state else answer.kind,
                         code=answer.code,
                         status=answer.status,
                         message=answer.message[:200],
                         again=False,
                         **({
                             "state": state
                         } if state else {}))

    def read_all(self, tasks, still_open):
        """`tasks`: id → owner; of those that are open nobody awaits the result. On the 2026-07-28 wire
        each task at each replica, on the other everywhere or, of many, each at one replica."""
        jobs = []
        for number, (task, owner) in enumerate(sorted(tasks.items())):
            for place, replica in enumerate(self.replicas):
                jobs.append((task, owner, replica, "get"))
                if len(tasks) <= MOST_EVERYWHERE or number % len(self.replicas) == place:
                    jobs += [(task, owner, replica, "legacy get")]
                    jobs += [(task, owner, replica, "result")] if task not in still_open else []
        with concurrent.futures.ThreadPoolExecutor(READERS) as pool:
            for _ in pool.map(lambda job: self.look(*job), jobs):
                pass

    def list_all(self):
        """(owner, boot, ids): what `tasks/list` tells."""
        for replica in self.replicas:
            for owner in OWNERS:
                ids, cursor = [], None
                while True:
                    answer = wire.legacy(replica.port, owner, self.session(replica, owner), {
                        "method": "tasks/list", "params": {"cursor": cursor} if cursor else {}}, PATIENCE)
                    if answer.kind != "ok":
                        break
                    ids += [task["taskId"] for task in answer.result["tasks"]]
                    cursor = answer.result.get("nextCursor")
                    if not cursor:
                        break
                yield owner, replica.boot, ids


NUMBERS = {
    "working": "status = 0",
    "input_required": "status = 1",
    "completed": "status = 2",
    "failed": "status = 3",
    "cancelled": "status = 4"
}


def books(postgres):
    """name: (found, expected). Both by one statement, so of one moment: tasks are removed meanwhile."""
    kept = [f"(SELECT coalesce(sum({name}), 0) FROM fleet.counts)"
            for name in [*NUMBERS, "queued", "stored_bytes", "open_bytes"]]
    there = [
        *(f"count(*) FILTER (WHERE {rule})" for rule in NUMBERS.values()),
        "count(*) FILTER (WHERE status < 2 AND process IS NULL AND NOT external)",
        "coalesce(sum(bytes), 0)", "coalesce(sum(bytes) FILTER (WHERE status < 2), 0)"
    ]
    row = postgres.query(f"SELECT {', '.join(kept + there)} FROM fleet.states")[0]
    kept, there = row[:len(kept)], row[len(kept):]
    result = {name: (int(found), int(expected)) for name, found, expected in
              zip([*NUMBERS, "queued", "stored_bytes", "open_bytes"], kept, there)}
    claimed = postgres.query("SELECT count(process) FROM fleet.states")[0][0]
    return {**result, "places held": (places_held(postgres), 0), "tasks claimed": (int(claimed), 0)}


def places_held(postgres):
    """Those of a replica that was killed at the end are free when its lease is over, and somebody has looked."""
    held = 0
    for wait in [0] + 60 * [0.5]:
        time.sleep(wait)
        held = int(postgres.query("SELECT count(*) FROM fleet.places")[0][0])
        if not held:
            break
    return held
