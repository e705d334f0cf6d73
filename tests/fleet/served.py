# SPDX-License-Identifier: Apache-2.0
"""The file that every replica serves, and what the checkers have to know of its tools."""
import dataclasses
import hashlib
import pathlib

PROGRAM = pathlib.Path(__file__).with_name("program.py")
OWNERS = ("ann", "bob", "cleo", "dan")
DRAIN_GRACE = 4  # seconds; no tool takes as long that is not `rerun`
STOP_GRACE = 1
LANES = ("north", "east", "south")


@dataclasses.dataclass(frozen=True)
class Tool:
    """What is promised of a tool, and how it is called."""
    name: str
    kind: str  # of the program
    keys: str = ""  # of its table
    rerun: bool = False
    max_attempts: int = 1
    retry_code: int | None = None
    at_once: int | None = None  # `concurrency`
    laned: bool = False
    unique: bool = False
    numbers: tuple = (0, 0)
    task: bool = True


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("quick", "quick", numbers=(0, 50)),
        Tool("plain", "quick", 'policy = "never"', numbers=(0, 100), task=False),
        Tool("nap", "nap", numbers=(500, 2000)),
        Tool("steps", "steps", "max_attempts = 4", rerun=True, max_attempts=4, numbers=(2, 20)),
        Tool("flaky",
             "flaky",
             'retry_on = [75]\nmax_attempts = 3',
             max_attempts=3,
             retry_code=75,
             numbers=(0, 3)),
        Tool("alone",
             "held",
             'concurrency = 1\nconcurrency_key = "{lane}"\nmax_attempts = 5',
             rerun=True,
             max_attempts=5,
             at_once=1,
             laned=True,
             numbers=(200, 2500)),
        # Outlasts a drain, and takes its time to stop.
    Tool("long", "held", 'concurrency = 1\nconcurrency_key = "{lane}"\nmax_attempts = 6', rerun=True,
         max_attempts=6, at_once=1, laned=True, numbers=(4000, 7000)),
    Tool("pair", "pair", "concurrency = 2", at_once=2, numbers=(200, 1500)),
        Tool("only",
             "only",
             'unique = "arguments"\nmax_attempts = 6',
             rerun=True,
             max_attempts=6,
             unique=True,
             numbers=(600, 2500)),
        Tool("asks", "asks", "max_attempts = 6", rerun=True, max_attempts=6),
    )
}


def table(tool):
    words = [f"{tool.kind}", "{tag}", "{number}"] + (["{lane}"] if tool.laned else [])
    command = ", ".join(f'"{word}"' for word in ["python3", "-I", "-S", str(PROGRAM), *words])
    text = f"""
[[tool]]
name = "{tool.name}"
description = "Of the fleet"
command = [{command}]
environment = ["PATH", "LONGHAUL_CENSUS", "FLEET_BOOT", "FLEET_RUNS"]
stop_grace = "{STOP_GRACE}s"
poll_interval = "200ms"
retry_backoff = "300ms"
on_crash = "{'rerun' if tool.rerun else 'fail'}"
{tool.keys}
"""
    for name, kind in [("tag", "string"),
                       ("number", "integer")] + ([("lane", "string")] if tool.laned else []):
        text += f'[tool.params.{name}]\ntype = "{kind}"\nrequired = true\n'
    return text


def config(state_dir):
    """The whole file; `state_dir`: one that all replicas share, or None."""
    text = f"""[server]
name = "fleet"
listen = "127.0.0.1:0"
retention = "48h"
drain_grace = "{DRAIN_GRACE}s"
max_running = 16
""" + (f'state_dir = "{state_dir}"\n' if state_dir else "")
    for owner in OWNERS:
        text += f'[[key]]\nname = "{owner}"\nsha256 = "{hashlib.sha256(owner.encode()).hexdigest()}"\n'
    return text + "".join(table(tool) for tool in TOOLS.values())
