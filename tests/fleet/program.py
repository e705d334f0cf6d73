# SPDX-License-Identifier: Apache-2.0
"""The program behind every tool of the fleet: does what its first argument says, and notes each step
in the file $FLEET_RUNS, a line of JSON appended in one write: `begin`, `tick` every 100 ms, `end`.
Whoever reads that file knows at which moments it certainly ran, also if it was killed.

  program.py quick|nap|steps|flaky|held|only|asks TAG NUMBER [LANE]
"""
import json
import os
import select
import signal
import sys
import time

TICK = 0.1
kind, tag, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
lane = sys.argv[4] if len(sys.argv) > 4 else ""
runs = os.open(os.environ["FLEET_RUNS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
task, attempt = os.environ.get("LONGHAUL_TASK_ID", ""), int(os.environ.get("LONGHAUL_ATTEMPT", "1"))
told = []  # to stop


def note(event, **more):
    line = {"t": time.monotonic(), "event": event, "kind": kind, "tag": tag, "lane": lane, "task": task,
            "attempt": attempt, "boot": os.environ.get("FLEET_BOOT", ""), "pid": os.getpid(), **more}
    os.write(runs, (json.dumps(line) + "\n").encode())


def talk(message):
    os.write(int(os.environ["LONGHAUL_FD"]), (json.dumps(message) + "\n").encode())


def hear():
    channel, line = int(os.environ["LONGHAUL_FD"]), b""
    while not line.endswith(b"\n"):
        if not select.select([channel], [], [], TICK)[0]:
            note("tick")
        elif not (more := os.read(channel, 1)):
            raise SystemExit("nobody answers")
        else:
            line += more
    return json.loads(line)


def work(milliseconds):
    end = time.monotonic() + milliseconds / 1000
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(TICK, left))
        note("tick")
        if told and time.monotonic() - told[0] > 0.4:  # it takes its time, but ends
            done(143)


def done(code, said=""):
    note("end", code=code)
    if said:
        print(said)
        sys.stdout.flush()
    os._exit(code)


if kind in ("held", "pair"):
    signal.signal(signal.SIGTERM, lambda *_: told.append(time.monotonic()))
if kind == "steps":
    talk({"restore": True})
    found = hear()["checkpoint"] or 0
    note("begin", found=found)
    for step in range(found, number):
        work(250)
        note("saved", step=step + 1)
        talk({"checkpoint": step + 1})
        talk({"progress": {"done": step + 1, "total": number}})
    done(0, f"{tag} has {number} steps")
note("begin")
if kind == "flaky":
    work(100)
    done(75 if attempt <= number else 0, f"{tag} at last")
if kind == "asks":
    talk({"ask": {"key": "color", "message": "Which color?", "schema": {
        "type": "object", "properties": {"color": {"type": "string"}}, "required": ["color"]}}})
    answer = hear()
    note("heard", answer=answer)
    work(100)
    done(0, f"color: {answer.get('content', {}).get('color')}")
work(number)
done(0, f"said {tag}")
