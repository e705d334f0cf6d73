#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fleet: three replicas of the real executable on one PostgreSQL, clients on all of them, and a seeded
schedule of faults: kills, freezes, drains, rolling restarts, bad networks, a database that dies. At the end
everything that clients were told and programs did is held against what is promised (checks.py).

  fleet.py [SECONDS] [--seed N] [--clients N] [--server FILE] [--json] [--keep] [--sealed-sessions] [--fsync]

SECONDS (45) of faults; then until all tasks have ended, then every task is read at every replica. What was
seen lies in a folder that is kept on failure; `fleet.py --judge FOLDER` judges it again. The last line is
`N passed, M failed`, counting the checks.
"""
import argparse
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time

import checks
import ending
import history as histories
import plan
import report
import served
from balancer import Balancer
from client import Client
from conductor import Conductor
from journal import Journal
from processes import ROOT, Pooler, Postgres, Replica, free_port, marked
from proxy import Network

SETTLE = 120  # seconds after the last fault until all tasks have ended: a lease, the backlog, a busy machine
LEFT = 10  # seconds for what is ending to be gone
SAMPLE_EVERY = 1.0


class Fleet:
    """Everything that runs. `close` stops all of it, whatever happened."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.census = f"fleet-{secrets.token_hex(8)}"
        self.journal = Journal(folder / "fleet.jsonl")
        self.progress = report.Progress(options.seconds)
        self.shape = plan.shape_of(options.seed)
        self.journal.put(e="shape",
                         seed=options.seed,
                         pooled=sorted(self.shape.pooled),
                         silent=sorted(self.shape.silent),
                         wall=time.time() - time.monotonic())
        self.network, self.balancer, self.clients, self.replicas = None, None, [], []
        self.postgres, self.pooler = Postgres(folder, options.fsync), None
        self.stopped = threading.Event()

    def start(self):
        (self.folder / "tmp").mkdir()
        self.postgres.start()
        if self.shape.pooled:
            self.pooler = Pooler(self.folder, self.postgres.port)
            self.pooler.start()
        self.network = Network()
        config = self.folder / "fleet.toml"
        config.write_text(served.config(self.folder / "state" if self.shape.shared_state_dir else None))
        for name in plan.REPLICAS:
            target = self.pooler.port if name in self.shape.pooled else self.postgres.port
            self.replicas.append(Replica(name, self.options.server, self.folder, config,
                                         self.network.add(free_port(), target),
                                         "&notify=off" if name in self.shape.silent else "", self.census))
        self.balancer = Balancer(self.replicas, random.Random(f"{self.options.seed} balancer"))
        self.conductor = Conductor(self.replicas, self.postgres, self.pooler, self.balancer, self.journal,
                                   self.progress.tell)
        for replica in self.replicas:
            self.conductor.revive(replica)
        if not self.balancer.await_ready(self.replicas, 60):
            raise RuntimeError("the fleet does not become ready")
        self.sampler = threading.Thread(target=self._sample, daemon=True)
        self.sampler.start()
        self.clients = [
            Client(number, self.options.seed, self.balancer, self.folder, self.options.sealed_sessions)
            for number in range(self.options.clients)
        ]
        for client in self.clients:
            client.thread.start()

    def _sample(self):
        while not self.stopped.wait(SAMPLE_EVERY):
            for replica in self.replicas:
                boot, proc = replica.boot, pathlib.Path(f"/proc/{replica.process.pid}")
                try:
                    mib = int(re.search(r"VmRSS:\s+(\d+) kB", (proc / "status").read_text())[1]) / 1024
                    descriptors = len(list((proc / "fd").iterdir()))
                except (OSError, TypeError):
                    continue
                self.journal.put(e="sample", boot=boot, mib=mib, descriptors=descriptors)

    def trouble(self, schedule):
        end = time.monotonic() + self.options.seconds
        for fault in schedule:
            if time.monotonic() >= end:
                break
            self.conductor.run(fault)
        self.journal.put(e="over")

    def open_tasks(self):
        return [row[0] for row in self.postgres.query("SELECT id FROM fleet.states WHERE status < 2")]

    def settle(self):
        """Until no task is open any more, or the patience is over."""
        self.conductor.heal()
        for client in self.clients:
            client.settling.set()
        end = time.monotonic() + SETTLE
        while time.monotonic() < end:
            self.conductor.revive_the_ended()
            waiting = [client for client in self.clients if client.thread.is_alive()]
            if not waiting and not self.open_tasks():
                break
            self.progress.tell(f"{len(waiting)} clients wait for the end of their tasks")
            self.conductor.wait(0.5)
        self.stop_clients()

    def stop_clients(self):
        for client in self.clients:
            client.settling.set()
            client.stopped.set()
        for client in self.clients:
            client.thread.join(60)
            if client.failure or client.thread.is_alive():
                self.journal.put(e="trouble", text=f"client {client.name}: {client.failure!r}")

    def read_everything(self):
        self.progress.tell("reading every task everywhere")
        tasks = {one.task: one.owner for one in histories.load(self.folder).created().values()}
        with_journal = Journal(self.folder / "finals.jsonl")
        last = ending.Ending(self.replicas, with_journal)
        last.read_all(tasks, set(self.open_tasks()))
        for owner, boot, ids in last.list_all():
            self.journal.put(e="list", owner=owner, boot=boot, ids=ids)
        self.journal.put(e="books", books=ending.books(self.postgres))
        with_journal.close()

    def end_replicas(self):
        for replica in self.replicas:
            if replica.process and replica.process.alive() and replica.end(signal.SIGTERM) != 0:
                self.journal.put(
                    e="trouble",
                    text=f"{replica.boot} does not end well: {replica.process.process.returncode}")

    def close(self):
        self.stopped.set()
        self.stop_clients()
        if self.balancer:
            self.balancer.stop()
        for replica in self.replicas:
            if replica.process and replica.process.alive():
                replica.process.signal(signal.SIGCONT)
                replica.end(signal.SIGKILL)
        for each in (self.pooler, self.postgres):
            if each:
                each.stop(signal.SIGINT)
        if self.network:
            self.network.stop()
        for replica in self.replicas:
            for boot in replica.boots:
                self.journal.put(e="boot",
                                 name=boot.name,
                                 t0=boot.begun,
                                 t1=boot.ended,
                                 signal=boot.end_signal,
                                 lost=boot.lease_lost_at)
        end = time.monotonic() + LEFT
        while (left := marked(self.census)) and time.monotonic() < end:
            self.conductor.wait(0.1)
        for pid, command in left:
            self.journal.put(e="trouble", text=f"a process is left: {pid} {command}")
            kill_by_id(pid)
        self.journal.close()


def kill_by_id(pid):
    """Ends one that carries our mark."""
    try:
        signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)
    except OSError:
        pass


def tell(folder, options, seconds):
    history = histories.load(folder)
    verdicts = checks.judge(history)
    numbers = {"seed": options.seed, "seconds": round(seconds), **report.figures(history, verdicts)}
    if options.json:
        print(json.dumps(numbers))
    else:
        print(report.table(numbers))
    failed = 0
    for name, found in verdicts.items():
        if not found:
            continue
        failed += 1
        print(f"FAILED {name}: {len(found)} times")
        for violation in found[:options.show]:
            print(f"  {violation.task or ''} {violation.text}")
        print(report.history_of(history, found[0]))
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=str(ROOT / "build/release/longhaul"))
    parser.add_argument("seconds", nargs="?", type=float, default=45)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--show", type=int, default=5, help="violations of each check that are printed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the folder in any case")
    parser.add_argument("--sealed-sessions", action="store_true", help="any replica serves any session")
    parser.add_argument("--fsync",
                        action="store_true",
                        help="PostgreSQL with fsync: slower, and nothing here needs it")
    parser.add_argument("--judge", metavar="FOLDER", help="only judge what a run has left")
    options = parser.parse_args()
    if options.judge:
        return 1 if tell(pathlib.Path(options.judge), options, 0) else 0
    begun = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="longhaul-fleet-"))
    folder.chmod(0o711)
    print(f"fleet: seed {options.seed}, {options.seconds:.0f} s of faults, {folder}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    fleet, failed = Fleet(options, folder), 1
    try:
        try:
            fleet.start()
            fleet.trouble(plan.schedule(options.seed))
            fleet.settle()
            fleet.read_everything()
            fleet.end_replicas()
        finally:
            fleet.close()
            fleet.progress.end()
        failed = tell(folder, options, time.monotonic() - begun)
    finally:
        if failed or options.keep:
            print(
                f"fleet: scripts/fleet.sh {options.seconds:.0f} --seed {options.seed}; logs are in {folder}",
                file=sys.stderr)
        else:
            shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
