# SPDX-License-Identifier: Apache-2.0
"""Makes the faults of a schedule happen, one after the other, and notes when each began, and when what it
had done was undone. Runs on the main thread, which starts all processes.
"""
import signal
import threading
import time

from history import RECOVERY

READY = 90  # seconds until a replica that was started is ready, on a machine as busy as this


class Conductor:
    def __init__(self, replicas, postgres, pooler, balancer, journal, tell):
        self.replicas = {one.name: one for one in replicas}
        self.postgres, self.pooler, self.balancer = postgres, pooler, balancer
        self.journal, self.tell, self.count = journal, tell, 0
        self.never = threading.Event()
        self.kinds, self.quiet_since = {}, 0.0  # … the end of the last fault that was no drain

    def wait(self, seconds):
        self.never.wait(max(0, seconds))

    # --- a fault
    def begin(self, kind, replica=None, **more):
        self.count += 1
        self.kinds[self.count] = kind
        self.tell(f"{kind} {replica.name if replica else ''}")
        self.journal.put(e="begin", fault=self.count, kind=kind, boot=replica.boot if replica else None,
                         replica=replica.name if replica else None, **more)
        return self.count

    def end(self, number, **more):
        self.journal.put(e="end", fault=number, **more)
        if self.kinds[number] not in ("term", "rolling"):
            self.quiet_since = time.monotonic()

    def run(self, fault):
        """Returns when it is over."""
        self.wait(fault.pause)
        replica = self.replicas.get(fault.replica)
        if fault.kind == "rolling":
            return self.rolling(fault)
        if replica and (replica.down or not replica.process.alive()):
            self.revive(replica)
        if fault.kind == "kill":
            self.kill(replica, fault.seconds)
        elif fault.kind == "term":
            self.term(replica, fault.announced, fault.seconds)
        elif fault.kind == "crash":
            self.crash(fault.seconds)
        elif fault.kind == "pooler":
            self.restart_pooler(fault.seconds)
        else:
            self.lasting(fault, replica)

    def lasting(self, fault, replica):
        number = self.begin(fault.kind, replica, seconds=fault.seconds)
        if fault.kind == "freeze":
            replica.process.signal(signal.SIGSTOP)
        else:
            replica.proxy.set(fault.kind, fault.delay)
        over = time.monotonic() + fault.seconds
        for other in fault.beside:
            self.run(other)
        self.wait(over - time.monotonic())
        if fault.kind == "freeze":
            replica.process.signal(signal.SIGCONT)
        else:
            replica.proxy.set("open")
        self.end(number)

    def revive(self, replica):
        while not replica.start():
            self.tell(f"{replica.name} did not start: once more")
            self.wait(0.5)

    def kill(self, replica, seconds):
        number = self.begin("kill", replica)
        replica.end(signal.SIGKILL)
        self.wait(seconds)
        self.revive(replica)
        self.end(number)

    def term(self, replica, announced, seconds):
        if announced:
            self.balancer.take_out(replica)
            self.balancer.await_unused(replica, 5)
        number = self.begin("term", replica, announced=announced)
        code = replica.end(signal.SIGTERM)
        self.journal.put(e="exit", fault=number, boot=replica.boot, code=code)
        self.wait(seconds)
        self.revive(replica)
        self.balancer.put_back(replica)
        self.end(number)

    def rolling(self, fault):
        """From a fleet that is well, and feels no fault any more, one after the other, each ready again
        before the next goes."""
        self.wait(self.quiet_since + RECOVERY + 1 - time.monotonic())
        self.heal()
        number = self.begin("rolling", announced=fault.announced)
        for replica in self.replicas.values():
            self.term(replica, fault.announced, 0)
            if not self.balancer.await_ready([replica], READY):
                self.journal.put(e="trouble", text=f"{replica.boot} is not ready {READY} s after its start")
        self.end(number)

    def crash(self, seconds):
        number = self.begin("crash")
        self.postgres.stop(signal.SIGQUIT)
        self.wait(seconds)
        self.postgres.start()
        self.end(number)

    def restart_pooler(self, seconds):
        number = self.begin("pooler")
        self.pooler.stop(signal.SIGKILL)
        self.wait(seconds)
        self.pooler.start()
        self.end(number)

    # --- a fleet that is well
    def revive_the_ended(self):
        for replica in self.replicas.values():
            if not replica.process.alive():
                self.journal.put(e="trouble",
                                 text=f"{replica.boot} ended by itself: {replica.process.process.returncode}")
                self.revive(replica)

    def heal(self):
        """Waits until all are ready, those that were declared dead as well."""
        self.revive_the_ended()
        if not self.balancer.await_ready(self.replicas.values(), READY):
            self.journal.put(e="trouble", text=f"not all are ready {READY} s after all faults were undone")
