# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share: a box for each test (a folder that is its home and its state,
with a copy of served/), servers in it that are stopped by their own pid, and commands that are run there.

A test is a function of one box that is marked with @test; it fails by an exception. Nothing sleeps to be in
time with something: `until` looks until it is so, or LIMIT is over.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 60  # seconds that anything may take on a busy machine
TESTS = []  # in the order of their files
WORKING_TOOLS = "/usr/local/bin:/usr/bin:/bin"


def test(function):
    TESTS.append(function)
    return function


class Done:
    """A command that has ended."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    def __str__(self):
        return f"{' '.join(self.words)}: exit {self.code}, stdout {self.out!r}, stderr {self.err!r}"

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(f"no JSON: {self}") from None

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Running:
    """A command that runs beside the test; what it prints goes into files."""

    def __init__(self, words, process, out, err):
        self.words, self.process, self._out, self._err = words, process, out, err

    def out(self):
        return self._out.read_text()

    def err(self):
        return self._err.read_text()

    def wait(self):
        code = self.process.wait(LIMIT)
        return Done(self.words, code, self.out(), self.err())

    def signal(self, number):
        self.process.send_signal(number)

    def says(self, part):
        """Waits until standard error has it."""
        until(lambda: part in self.err(), lambda: f"{part!r} in {self.err()!r}")


class Server(Running):
    url = None

    def kill(self):
        self.process.kill()
        self.process.wait(LIMIT)

    def stop(self):
        self.process.terminate()
        return self.process.wait(LIMIT)


class Box:
    def __init__(self, longhaul):
        self.longhaul = longhaul
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="longhaul-cli-")).resolve()
        shutil.copytree(HERE / "served", self.folder, dirs_exist_ok=True)
        self.started, self.count = [], 0
        self.environment = {
            "PATH": WORKING_TOOLS, "HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"),
            "LANG": "C.UTF-8", "TZ": "UTC", "TMPDIR": os.environ.get("TMPDIR", "/tmp")}

    # --- files

    def write(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def read(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def go(self, step, name="go"):
        """Lets a step of the tools `steps` and `again` be done."""
        self.write(f"{name}-{step}")

    def handles(self):
        """What is remembered."""
        return [json.loads(line) for line in self.read("state/longhaul/handles").splitlines()]

    def last_id(self):
        until(self.handles, lambda: "a task is remembered")
        return self.handles()[-1]["id"]

    # --- commands

    def run(self, *words, code=0, input="", env=None, cwd=None):
        """Runs longhaul to its end, whose code is checked (None: any)."""
        words = [str(word) for word in words]
        done = subprocess.run(
            [self.longhaul, *words], input=input, capture_output=True, text=True, timeout=LIMIT,
            cwd=cwd or self.folder, env={**self.environment, **(env or {})})
        done = Done(words, done.returncode, done.stdout, done.stderr)
        assert code is None or done.code == code, f"exit {code} was wanted: {done}"
        return done

    def popen(self, command, kind=Running, env=None, cwd=None):
        self.count += 1
        out, err = self.folder / f"{self.count}.out", self.folder / f"{self.count}.err"
        with out.open("w") as to, err.open("w") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=to, stderr=errors, cwd=cwd or self.folder,
                env={**self.environment, **(env or {})})
        running = kind(command[1:], process, out, err)
        self.started.append(running)
        return running

    def start(self, *words, env=None):
        return self.popen([self.longhaul, *[str(word) for word in words]], env=env)

    def serve(self, *options, address="127.0.0.1:0", file="tools.toml", store="sqlite:tasks.db", env=None):
        """A server over HTTP that listens; `url` is its address. Without an address: on a free port."""
        server = self.popen([self.longhaul, "serve", file, "--http", address, "--store", store, *options],
                            kind=Server, env=env)

        def listening():
            assert server.process.poll() is None, f"the server ended: {server.err()}"
            return re.search(r"listening on (https?://\S+)", server.err())
        until(listening, lambda: f"a server that listens; it says {server.err()}")
        server.url = listening()[1]
        return server

    def again(self, server, **more):
        """The same server at the same address, after it has ended."""
        return self.serve(**more, address=re.search(r"//([^/]+)/", server.url)[1])

    def until_status(self, id, status, *words):
        def fits():
            return self.run("tasks", "get", id, *words, "--json", code=None).json.get("status") == status
        until(fits, lambda: f"{status}: {self.run('tasks', 'get', id, *words, '--json', code=None)}")

    def close(self):
        for running in reversed(self.started):
            if running.process.poll() is None:
                running.process.terminate()
        for running in self.started:
            try:
                running.process.wait(10)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait(LIMIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def until(so, wanted):
    """Looks until `so()` is true, and gives what it gave."""
    end = time.monotonic() + LIMIT
    while not (found := so()):
        assert time.monotonic() < end, f"it never came to: {wanted()}"
        time.sleep(0.03)
    return found


def equal(got, wanted, more=""):
    assert got == wanted, f"got {got!r}, wanted {wanted!r} {more}"


def has(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def lacks(text, *parts):
    for part in parts:
        assert part not in text, f"{part!r} is in {text!r}"


def text_of(answer):
    return answer["result"]["content"][0]["text"]


INTERRUPT = signal.SIGINT
