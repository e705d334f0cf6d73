# SPDX-License-Identifier: Apache-2.0
"""What a seed stands for: the shape of the fleet, and the schedule of faults. Pure.

  kill     SIGKILL, and a new start after a while          freeze   SIGSTOP, SIGCONT after a while
  term     SIGTERM: it drains; then a new start            rolling  all of them, one after the other
  cut slow stall drop   what proxy.py does to the network of one replica
  crash    SIGQUIT to PostgreSQL (as if its machine failed), and a new start
  pooler   pgbouncer is stopped and started
A fault that outlasts the lease is called long; others may happen beside it, to other replicas.
"""
import dataclasses
import random

REPLICAS = ("r1", "r2", "r3")
LEASE = 15  # seconds, with what belongs to it in docs/fleet.md
RENEW_EVERY = 5
LONG = (18.0, 23.0)
SHORT = {"kill": (0, 4), "term": (0, 1), "freeze": (1, 7), "cut": (0.5, 8), "slow": (3, 8), "stall": (1, 8),
         "drop": (1, 8), "crash": (0, 5), "pooler": (0, 3), "rolling": (0, 0)}
ISOLATING = ("freeze", "cut", "stall", "drop")


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    replica: str | None  # None: all, or none of them
    seconds: float  # how long it lasts, or until the new start
    pause: float  # before it
    delay: float = 0.0  # of `slow`
    announced: bool = False  # the balancer is told before a drain
    beside: tuple = ()  # faults of others while it lasts

    @property
    def long(self):
        return self.kind in ISOLATING and self.seconds > LEASE


@dataclasses.dataclass(frozen=True)
class Shape:
    pooled: frozenset  # replicas behind the pooler
    silent: frozenset  # with notify=off
    shared_state_dir: bool


def shape_of(seed):
    draw = random.Random(f"{seed} shape")
    pooled = frozenset(draw.sample(REPLICAS, draw.choice((0, 1, 1, 2))))
    direct = [name for name in REPLICAS if name not in pooled]
    # Through a pooler notifications do not come; one in four tries all the same.
    silent = frozenset(name for name in pooled if draw.random() < 0.75) | frozenset(
        name for name in direct if draw.random() < 0.25)
    return Shape(pooled, silent, draw.random() < 0.5)


def fault_of(draw, kind, replica, long=False, beside=()):
    seconds = draw.uniform(*(LONG if long else SHORT[kind]))
    return Fault(kind, None if kind in ("crash", "pooler", "rolling") else replica, round(seconds, 2),
                 round(draw.uniform(0.3, 2.5), 2), round(draw.uniform(0.02, 0.3), 3), draw.random() < 0.5,
                 tuple(beside))


def long_fault(draw, kind, beside_kinds):
    target, *others = draw.sample(REPLICAS, 3)
    beside = [fault_of(draw, each, draw.choice(others)) for each in beside_kinds]
    return fault_of(draw, kind, target, True, beside)


def one_round(draw, pooler):
    """Every kind once, that of which a short run must not be without at first: a rolling restart, then one
    that is long, with a kill and a crash beside it."""
    first, second = draw.sample(ISOLATING, 2)
    beside, others = ["kill", "crash"], ["term", "slow"] + (["pooler"] if pooler else [])
    draw.shuffle(beside)
    draw.shuffle(others)
    rest = [long_fault(draw, second, others)]
    rest += [fault_of(draw, kind, draw.choice(REPLICAS)) for kind in ("kill", *ISOLATING)
             if kind not in (first, second)]
    draw.shuffle(rest)
    return [fault_of(draw, "rolling", None), long_fault(draw, first, beside), *rest]


def schedule(seed):
    """Faults without end; the caller stops when its time is over."""
    draw, pooler = random.Random(f"{seed} faults"), bool(shape_of(seed).pooled)
    yield from one_round(draw, pooler)
    kinds = ["kill", "kill", "term", "crash", "rolling", "slow", *ISOLATING] + (["pooler"] if pooler else [])
    while True:
        if draw.random() < 0.25:
            others = draw.choices([kind for kind in kinds if kind != "rolling"], k=draw.randint(0, 2))
            yield long_fault(draw, draw.choice(ISOLATING), others)
        else:
            yield fault_of(draw, draw.choice(kinds), draw.choice(REPLICAS))
