# SPDX-License-Identifier: Apache-2.0
"""A client of the fleet: a thread that makes tasks, reads, answers, awaits and cancels them, each request
at any replica. What it asks is in its journal before it is sent, what came back as soon as it came.

A request that was certainly not carried out (no connection, 503) goes to the next replica, as a load
balancer does it. What was refused for now (31004), or has an unknown outcome, is repeated with its
idempotency key, as a client does it.
"""
import random
import threading

import wire
from journal import Journal
from served import LANES, OWNERS, TOOLS

REQUEST_PATIENCE = 25  # seconds: longer than a server waits for its database
MOST_OPEN = 10  # tasks of one client
PAUSES = (0.05, 0.4)  # seconds between two operations
REPEATS = 12
TASK_TOOLS = ("quick", "nap", "nap", "steps", "steps", "flaky", "alone", "alone", "pair", "only", "only",
              "asks")


def color_of(task):
    return "red green blue".split()[sum(task.encode()) % 3]


class Client:
    def __init__(self, number, seed, balancer, folder, sealed_sessions):
        self.name, self.owner = f"c{number}", OWNERS[number % len(OWNERS)]
        self.random = random.Random(f"{seed} client {number}")
        self.balancer, self.sealed = balancer, sealed_sessions
        self.journal = Journal(folder / f"{self.name}.jsonl")
        self.sessions, self.open, self.ended, self.count = {}, {}, [], 0
        self.settling, self.stopped = threading.Event(), threading.Event()
        self.failure = None
        self.calls = 0
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    # --- requests
    def ask(self, kind, send, **told):
        """One operation: tries replica after replica while it was certainly not carried out."""
        self.count += 1
        operation, excluded = f"{self.name}.{self.count}", []
        while True:
            replica = self.balancer.choose(excluded)
            if replica is None:
                if not excluded:
                    self.stopped.wait(0.2)
                return wire.Answer("nobody")
            boot, port = replica.boot, replica.port
            self.journal.put(e="ask", op=operation, kind=kind, owner=self.owner, boot=boot, **told)
            self.calls += 1
            brief = kind not in ("result", "listen")
            if brief:
                self.balancer.enter(replica)
            try:
                answer, more = send(boot, port)
            finally:
                if brief:
                    self.balancer.leave(replica)
            again = answer.kind in ("refused", "unavailable") and len(excluded) < 2
            self.journal.put(e="ack", op=operation, got=answer.kind, code=answer.code, status=answer.status,
                             message=answer.message[:200], again=again, **more)
            if not again:
                return answer
            excluded.append(replica)

    def in_session(self, boot, port, message, timeout=REQUEST_PATIENCE, on_event=None):
        """A request of a session: a replica that does not know it gets a new one."""
        place = "any" if self.sealed else boot
        for _ in range(2):
            if place not in self.sessions:
                begun = wire.open_session(port, self.owner, timeout)
                if begun.kind != "ok":
                    return begun
                self.sessions[place] = begun.session
            answer = wire.legacy(port, self.owner, self.sessions[place], message, timeout, on_event)
            if answer.status != 404:
                return answer
            del self.sessions[place]
            if self.sealed:
                return answer
        return answer

    def insist(self, kind, send, **told):
        """Repeats what was refused for now or has an unknown outcome."""
        for number in range(REPEATS):
            answer = self.ask(kind, send, repeat=number, **told)
            if answer.kind == "ok" or (answer.kind == "error" and answer.code != wire.BUSY):
                return answer
            pause = min((answer.retry_after or 300) / 1000, 2)
            if self.stopped.wait(pause):
                break
        return answer

    # --- what it does
    def arguments(self, tool):
        number = self.random.randint(*tool.numbers)
        if tool.unique:
            return {"tag": f"{tool.name}-{self.random.randrange(3)}", "number": 1200}
        arguments = {"tag": f"{self.name}-{self.count}", "number": number}
        if tool.laned:
            arguments["lane"] = self.random.choice(LANES)
        return arguments

    def create(self):
        tool = TOOLS[self.random.choice(TASK_TOOLS)]
        arguments, key = self.arguments(tool), f"{self.name}/{self.count}/{self.random.getrandbits(40)}"
        if tool.unique and self.random.random() < 0.5:
            key = None  # nothing but `unique` holds a repetition together
        meta = {"longhaul.dev/idempotency-key": key} if key else {}
        revision = self.random.choice((wire.MODERN, wire.MODERN, wire.LEGACY))

        def send(boot, port):
            if revision == wire.MODERN:
                answer = wire.modern(port,
                                     self.owner,
                                     "tools/call", {
                                         "name": tool.name,
                                         "arguments": arguments
                                     },
                                     REQUEST_PATIENCE,
                                     meta=meta)
                if answer.kind != "ok" or answer.result.get("resultType") != "task":
                    return answer, {}
                return answer, {"task": answer.result["taskId"], "state": wire.modern_state(answer.result)}
            answer = self.in_session(boot, port, {"method": "tools/call", "params": {
                "name": tool.name, "arguments": arguments, "task": {}, "_meta": meta}})
            if answer.kind != "ok" or "task" not in answer.result:
                return answer, {}
            task = answer.result["task"]
            return answer, {"task": task["taskId"], "state": wire.legacy_state(task)}

        answer = self.insist("create", send, wire=revision, tool=tool.name, arguments=arguments, key=key)
        if answer.kind == "ok":
            task = answer.result.get("taskId") or answer.result.get("task", {}).get("taskId")
            self.open[task] = tool.name

    def plain(self):
        """A call that waits for its result, of a tool that makes tasks or of one that never does."""
        tool = TOOLS[self.random.choice(("quick", "plain"))]
        arguments, revision = self.arguments(tool), self.random.choice((wire.MODERN, wire.LEGACY))

        def send(boot, port):
            params = {"name": tool.name, "arguments": arguments}
            if revision == wire.MODERN:
                answer = wire.modern(port, self.owner, "tools/call", params, REQUEST_PATIENCE, tasks=False)
            else:
                answer = self.in_session(boot, port, {"method": "tools/call", "params": params})
            return answer, {"text": wire.text_of(answer.result)[:300]} if answer.kind == "ok" else {}

        self.insist("plain", send, wire=revision, tool=tool.name, arguments=arguments, key=None)

    def read(self, task, revision=None):
        revision = revision or self.random.choice((wire.MODERN, wire.MODERN, wire.LEGACY))
        state = {}

        def send(boot, port):
            if revision == wire.MODERN:
                answer = wire.modern(port, self.owner, "tasks/get", {"taskId": task}, REQUEST_PATIENCE)
            else:
                answer = self.in_session(boot, port, {"method": "tasks/get", "params": {"taskId": task}})
            if answer.kind != "ok":
                return answer, {}
            state.update((wire.modern_state if revision == wire.MODERN else wire.legacy_state)(answer.result))
            return answer, {"state": dict(state)}

        self.ask("get", send, wire=revision, task=task)
        self.learn(task, state)
        return state

    def learn(self, task, state):
        if state.get("status") in wire.TERMINAL and self.open.pop(task, None):
            self.ended.append(task)
        if "color" in state.get("asked", []):
            self.answer(task)

    def answer(self, task):
        params = {"taskId": task, "inputResponses": {
            "color": {"action": "accept", "content": {"color": color_of(task)}}}}
        self.ask("answer", lambda _, port: (wire.modern(port, self.owner, "tasks/update", params,
                                                        REQUEST_PATIENCE), {}),
                 wire=wire.MODERN, task=task, answer=color_of(task))

    def await_result(self, task):
        """`tasks/result` on a stream; a question on it is answered at any replica."""
        def on_event(message):
            if message.get("method") != "elicitation/create":
                return
            reply = {
                "id": message["id"],
                "result": {
                    "action": "accept",
                    "content": {
                        "color": color_of(task)
                    }
                }
            }
            self.ask("answer", lambda boot, port: (self.in_session(boot, port, reply), {}), wire=wire.LEGACY,
                     task=task, answer=color_of(task))

        def send(boot, port):
            answer = self.in_session(boot, port, {"method": "tasks/result", "params": {"taskId": task}},
                                     on_event=on_event)
            state = wire.legacy_result(answer)
            if state:
                self.learn(task, state)
            return answer, {"state": state} if state else {}

        self.ask("result", send, wire=wire.LEGACY, task=task)

    def listen(self, task):
        """Follows a task to its end, or for a while."""
        states = []

        def on_event(message):
            if message.get("method") != "notifications/tasks":
                return False
            states.append(wire.modern_state(message["params"]))
            return states[-1]["status"] in wire.TERMINAL

        def send(_, port):
            answer = wire.modern(port,
                                 self.owner,
                                 "subscriptions/listen", {"notifications": {
                                     "taskIds": [task]
                                 }},
                                 6,
                                 on_event=on_event,
                                 number="s")
            return answer, {"states": list(states)}

        self.ask("listen", send, wire=wire.MODERN, task=task)
        for state in states[-1:]:
            self.learn(task, state)

    def cancel(self, task):
        revision = self.random.choice((wire.MODERN, wire.LEGACY))

        def send(boot, port):
            if revision == wire.MODERN:
                return wire.modern(port, self.owner, "tasks/cancel", {"taskId": task}, REQUEST_PATIENCE), {}
            return self.in_session(boot, port, {"method": "tasks/cancel", "params": {"taskId": task}}), {}

        self.insist("cancel", send, wire=revision, task=task)

    def foreign(self, task):
        """Somebody else's task: there is none."""
        other = OWNERS[(OWNERS.index(self.owner) + 1) % len(OWNERS)]
        self.ask("foreign", lambda _, port: (wire.modern(port, other, "tasks/get", {"taskId": task},
                                                         REQUEST_PATIENCE), {}), wire=wire.MODERN, task=task)

    # --- its life
    def step(self):
        draw, tasks = self.random.random(), sorted(self.open)
        if not tasks or (draw < 0.35 and len(tasks) < MOST_OPEN):
            return self.create()
        if draw < 0.50:
            return self.plain()
        task = self.random.choice(tasks)
        if draw < 0.56:
            return self.await_result(task)
        if draw < 0.60:
            return self.listen(task)
        if draw < 0.63:
            return self.cancel(task)
        if draw < 0.64:
            return self.foreign(task)
        if draw < 0.70 and self.ended:
            task = self.random.choice(self.ended)
        self.read(task)

    def _run(self):
        try:
            while not self.settling.is_set():
                self.step()
                self.settling.wait(self.random.uniform(*PAUSES))
            while self.open and not self.stopped.is_set():
                for task in sorted(self.open):
                    if self.stopped.is_set():
                        break
                    self.read(task, wire.MODERN)
                self.stopped.wait(0.3)
        except Exception as error:  # the driver tells, and fails
            self.failure = error
            raise
        finally:
            self.journal.close()
