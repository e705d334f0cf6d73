# SPDX-License-Identifier: Apache-2.0
"""The load balancer of the fleet, as it lives in the clients: asks each replica's /readyz five times a
second, and gives each request to any replica that said it is ready, never twice to the same on purpose.
One thread a replica asks; `choose` may be called by any thread.
"""
import collections
import http.client
import threading

ASK_EVERY, ASK_PATIENCE = 0.2, 1.0  # seconds


def says_ready(port):
    """The status of /readyz; 0 without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Balancer:
    def __init__(self, replicas, random):
        self.replicas, self.random = replicas, random
        self.ready, self.out, self.change = set(), set(), threading.Condition()
        self.stopped = threading.Event()
        self.in_use = collections.Counter()  # requests under way that do not wait for something
        self.threads = [threading.Thread(target=self._ask, args=(one,), daemon=True) for one in replicas]
        for thread in self.threads:
            thread.start()

    def _ask(self, replica):
        while not self.stopped.is_set():
            good = not replica.down and says_ready(replica.port) == 200
            with self.change:
                if good != (replica in self.ready):
                    (self.ready.add if good else self.ready.discard)(replica)
                    self.change.notify_all()
            self.stopped.wait(ASK_EVERY)

    def choose(self, excluded=()):
        """A replica that is ready; else one that may be; None: there is nobody."""
        with self.change:
            for those in (self.ready - self.out, {one for one in self.replicas if not one.down} - self.out):
                if there := sorted(those - set(excluded), key=lambda one: one.name):
                    return self.random.choice(there)
        return None

    def take_out(self, replica):
        """As who operates it does before he stops a replica: no new request goes there."""
        with self.change:
            self.out.add(replica)

    def put_back(self, replica):
        with self.change:
            self.out.discard(replica)

    def await_ready(self, replicas, patience):
        """True when all of these are ready."""
        with self.change:
            return self.change.wait_for(lambda: set(replicas) <= self.ready, patience)

    def enter(self, replica):
        with self.change:
            self.in_use[replica] += 1

    def leave(self, replica):
        with self.change:
            self.in_use[replica] -= 1
            self.change.notify_all()

    def await_unused(self, replica, patience):
        with self.change:
            return self.change.wait_for(lambda: not self.in_use[replica], patience)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(10)
