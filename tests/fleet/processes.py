# SPDX-License-Identifier: Apache-2.0
"""The processes of a fleet: PostgreSQL, a pooler, replicas. Each is started, signalled and waited for by
its own id; its output goes into a file of the run's folder, and a line of it can be waited for.

They are started by one thread that outlives them (the main one): they are told by the kernel when it
goes, so that nothing is left if the driver itself is killed.
"""
import os
import pathlib
import pwd
import random
import re
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds for a process to start or to end on a machine as busy as this


def free_port(random_source=random.SystemRandom()):
    """One below those that the kernel gives to connections: it is bound again after a restart."""
    while True:
        port = random_source.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Process:
    """A child whose standard error is kept; `await_line` waits for what it says."""

    def __init__(self, name, command, log, environment=None):
        self.name, self.log = name, pathlib.Path(log)
        self.begun, self.ended, self.end_signal = time.monotonic(), None, None
        self.said, self.change, self.lease_lost_at = [], threading.Condition(), []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, errors="replace",
                                        env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with open(self.log, "a", encoding="utf-8") as log:
            for line in self.process.stderr:
                log.write(line)
                log.flush()
                with self.change:
                    self.said.append(line)
                    if "lease.lost" in line:
                        self.lease_lost_at.append(time.monotonic())
                    self.change.notify_all()
        with self.change:
            self.said.append(None)
            self.change.notify_all()

    def await_line(self, pattern):
        """The match of the first line that has the pattern; None if it ended without."""
        end, seen = time.monotonic() + PATIENCE, 0
        with self.change:
            while True:
                for line in self.said[seen:]:
                    if line is None:
                        return None
                    if found := re.search(pattern, line):
                        return found
                seen = len(self.said)
                if not self.change.wait(end - time.monotonic()) and time.monotonic() >= end:
                    return None

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def end(self, number, patience=PATIENCE):
        """Sends the signal and waits; its exit code. Killed if it does not go."""
        self.end_signal = number
        self.signal(number)
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
            self.process.wait(PATIENCE)
            code = None  # it did not go by itself
        self.ended = time.monotonic()
        self.reader.join(PATIENCE)
        return code


def as_postgres():
    """The command in front of one that refuses to be root."""
    if os.geteuid() != 0:
        return ["setpriv"]
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


class Postgres:
    """A server on one port and one folder, over all its restarts."""

    def __init__(self, folder, fsync=False):
        self.folder, self.port, self.process, self.count = folder / "postgres", free_port(), None, 0
        self.log = folder / "postgres.log"
        self.settings = ["max_connections=80", "log_min_messages=log", "log_checkpoints=off",
                         f"fsync={'on' if fsync else 'off'}"]

    def start(self):
        for _ in range(20):  # the shared memory of the one that was killed goes a moment later
            self.count += 1
            self.process = Process(f"postgres.{self.count}",
                                   [str(ROOT / "scripts/postgres.sh"), str(self.folder), str(self.port),
                                    *self.settings], self.log)
            if self.process.await_line("ready to accept connections"):
                return
            self.process.end(signal.SIGQUIT)
        raise RuntimeError(f"PostgreSQL does not start: {self.log}")

    def stop(self, number=signal.SIGINT):
        if self.process:
            self.process.end(number)

    def query(self, sql):
        """Rows of text, read with psql."""
        return [line.split("\t") for line in subprocess.run(
            ["psql", "-X", "-A", "-t", "-F", "\t", "-h", "127.0.0.1", "-p", str(self.port), "-U", "longhaul",
             "-d", "postgres", "-c", sql], check=True, capture_output=True, text=True,
            timeout=PATIENCE).stdout.splitlines()]


class Pooler:
    """pgbouncer in transaction mode."""

    def __init__(self, folder, target):
        self.folder, self.target, self.port, self.process, self.count = folder / "pooler", target, free_port(
        ), None, 0
        self.log = folder / "pooler.log"
        self.folder.mkdir(mode=0o755)
        self.file = self.folder / "pgbouncer.ini"
        self.file.write_text(f"""[databases]
* = host=127.0.0.1 port={target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 200
default_pool_size = 20
server_login_retry = 1
""")
        self.file.write_text(self.file.read_text().replace("* = host", "postgres = user=longhaul host"))
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        os.chmod(self.file, 0o644)

    def start(self):
        self.count += 1
        self.process = Process(f"pooler.{self.count}",
                               [*as_postgres(), "--pdeathsig", "KILL", "/usr/sbin/pgbouncer",
                                str(self.file)], self.log)
        if not self.process.await_line("process up"):
            raise RuntimeError(f"pgbouncer does not start: {self.log}")

    def stop(self, number=signal.SIGINT):
        if self.process:
            self.process.end(number)


class Replica:
    """One place of the fleet; each start of it is a boot, named r1.1, r1.2 …"""

    def __init__(self, name, binary, folder, config, proxy, url_options, census):
        self.name, self.binary, self.folder, self.config, self.proxy = name, binary, folder, config, proxy
        self.url = f"postgres://longhaul@127.0.0.1:{proxy.port}/postgres?schema=fleet" + url_options
        self.census = census
        self.boots, self.process, self.port, self.down = [], None, None, True

    @property
    def boot(self):
        return f"{self.name}.{len(self.boots)}"

    def start(self):
        """True when it listens; False if it gave up, as it does without a database."""
        name = f"{self.name}.{len(self.boots) + 1}"
        self.process = Process(
            name, [
                "setpriv", "--pdeathsig", "KILL", self.binary, "serve",
                str(self.config), "--http", "127.0.0.1:0", "--store", self.url
            ], self.folder / f"{self.name}.log", {
                "LONGHAUL_CENSUS": self.census,
                "FLEET_BOOT": name,
                "FLEET_RUNS": str(self.folder / "runs.jsonl"),
                "TMPDIR": str(self.folder / "tmp")
            })
        self.boots.append(self.process)
        found = self.process.await_line(r"http://127\.0\.0\.1:(\d+)/mcp")
        if not found:
            self.process.end(signal.SIGKILL)
            return False
        self.port, self.down = int(found.group(1)), False
        return True

    def end(self, number, patience=PATIENCE):
        self.down = number == signal.SIGKILL  # one that drains still answers
        code = self.process.end(number, patience)
        self.down = True
        return code


def marked(census):
    """Processes that carry the mark of this run, zombies aside."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (f"LONGHAUL_CENSUS={census}\0".encode() in (folder / "environ").read_bytes() and
                    "\nState:\tZ" not in (folder / "status").read_text()):
                found.append((int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0",
                                                                                          b" ").decode()))
        except OSError:
            continue
    return found
