#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
"""A program that fights its helper: fighter.py FOLDER HOW.

Every process that it starts adds a line "PID START" to FOLDER/pids, by which a test finds it, whatever
it does to its environment, parents, group and session; FOLDER/ready-HOW says that it has struck. None
of them obeys SIGTERM. Each lives for five minutes at most, if a test fails.
"""
import ctypes
import os
import resource
import shutil
import signal
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 16, 0x4206, 0x4207
PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36
FOLDER, HOW = sys.argv[1:3]
HELPER = os.getppid()
END = time.monotonic() + 300
STARTED, STARTING = os.pipe()  # a byte of each child that is on its own


def note():
    with open("/proc/self/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    line = f"{os.getpid()} {fields[19]}\n".encode()
    out = os.open(FOLDER + "/pids", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(out, line)
    os.close(out)


def ready():
    os.close(os.open(FOLDER + "/ready-" + HOW, os.O_WRONLY | os.O_CREAT, 0o600))


def deaf():
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass


def wait():
    while time.monotonic() < END:
        time.sleep(1)
    os._exit(1)


def child(work, *, session=False, daemon=False, clean=False):
    """A process that does `work` and then waits; `clean`: it forgets its environment."""
    if os.fork():
        return
    if session or daemon:
        os.setsid()
    if daemon:
        if os.fork():
            os._exit(0)
    os.write(STARTING, b"x")
    if daemon:
        os.closerange(0, 64)
    if clean:
        os.execve("/usr/bin/python3", ["longhaul-run", "-IS", __file__, FOLDER, "clean"], {})
    note()
    work()
    wait()


def nothing():
    pass


def output_folder():
    with open(f"/proc/{HELPER}/cmdline") as text:
        words = text.read().split("\0")
    return words[words.index("--dir") + 1]


def stop_for_ever():
    while time.monotonic() < END:
        os.kill(HELPER, signal.SIGSTOP)
        time.sleep(0.001)


def trace(request, *then):
    LIBC.ptrace(request, HELPER, 0, 0)
    for more in then:
        LIBC.ptrace(more, HELPER, 0, 0)


def kill_helper():
    # Without PR_SET_PDEATHSIG, which only the program itself has.
    child(nothing, daemon=True)
    child(nothing, daemon=True, clean=True)
    child(nothing, session=True)
    for _ in range(3):
        os.read(STARTED, 1)
    ready()
    os.kill(HELPER, signal.SIGKILL)


def hop():
    """From process to process and session to session; no walk through /proc finds the one that lives."""
    while time.monotonic() < END:
        if os.fork():
            os._exit(0)
        os.setsid()


def kill_helper_and_hop():
    child(hop, daemon=True)
    ready()
    os.kill(HELPER, signal.SIGKILL)


def kill_helper_after_the_server():
    def lie_in_wait():
        with open(f"/proc/{HELPER}/stat") as stat:
            server = stat.read().rpartition(")")[2].split()[1]
        ready()
        while time.monotonic() < END:
            with open(f"/proc/{HELPER}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[1] != server:
                    break
            time.sleep(0.001)
        os.kill(HELPER, signal.SIGKILL)
    child(lie_in_wait, daemon=True)
    wait()


def flood(fd, what):
    while time.monotonic() < END:
        try:
            os.write(fd, what)
        except OSError:
            return


def bomb(depth=5):
    for _ in range(2):
        if os.fork() == 0:
            note()
            if depth:
                bomb(depth - 1)
            wait()


def move_folder():
    folder = output_folder()
    os.rename(folder, folder + "moved")
    os.mkdir(folder)
    for name in ("status", "stdout", "stderr"):
        with open(folder + "/" + name, "w") as forged:
            forged.write('{"exit":0}\n' * 1000)
    os.mkfifo(folder + "/stdin")


def lock_up_folder():
    folder = output_folder()
    os.mkdir(folder + "/inner")
    open(folder + "/inner/file", "w").close()
    os.chmod(folder + "/inner", 0)
    os.chmod(folder, 0)


def forge_files():
    folder = output_folder()
    os.unlink(folder + "/stdout")
    os.symlink("/etc/passwd", folder + "/stdout")
    os.truncate(folder + "/stderr", 10)


def signal_helper():
    for number in sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}):
        os.kill(HELPER, number)


def reap_ourselves():
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    child(lambda: child(nothing, daemon=True))


def exhaust_processes():
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
    resource.prlimit(HELPER, resource.RLIMIT_NPROC, (1, 1))


def take_descriptors():
    child(nothing, daemon=True)
    resource.prlimit(HELPER, resource.RLIMIT_NOFILE, (0, 0))


def take_time():
    resource.prlimit(HELPER, resource.RLIMIT_CPU, (0, 0))


def become_idle():
    os.sched_setscheduler(HELPER, os.SCHED_IDLE, os.sched_param(0))


def join_group():
    child(lambda: os.setpgid(0, HELPER))
    child(lambda: os.setpgid(0, 0))


def stop_and_exit():
    child(stop_for_ever, daemon=True)
    os.read(STARTED, 1)
    ready()
    os.kill(HELPER, signal.SIGSTOP)
    os._exit(0)


def stop_ourselves():
    child(lambda: os.kill(os.getpid(), signal.SIGSTOP), session=True)
    ready()
    os.kill(os.getpid(), signal.SIGSTOP)


FIGHTS = {
    "nothing": lambda: os._exit(0),
    "clean": wait,
    "stop_once": lambda: os.kill(HELPER, signal.SIGSTOP),
    "stop_for_ever": lambda: child(stop_for_ever, session=True),
    "stop_for_ever_clean": lambda: child(stop_for_ever, daemon=True),
    "stop_and_exit": stop_and_exit,
    "attach": lambda: trace(PTRACE_ATTACH),
    "seize": lambda: child(lambda: trace(PTRACE_SEIZE, PTRACE_INTERRUPT), session=True),
    "kill_helper": kill_helper,
    "kill_helper_and_hop": kill_helper_and_hop,
    "kill_helper_after_the_server": kill_helper_after_the_server,
    "signal_helper": signal_helper,
    "take_descriptors": take_descriptors,
    "take_time": take_time,
    "exhaust_processes": exhaust_processes,
    "become_idle": become_idle,
    "flood_output": lambda: (ready(), flood(1, b"x" * 100000)),
    "flood_channel": lambda: (ready(), flood(int(os.environ["LONGHAUL_FD"]), b"{" * 100000)),
    "close_all": lambda: (ready(), os.closerange(0, 64)),
    "remove_folder": lambda: shutil.rmtree(output_folder()),
    "move_folder": move_folder,
    "lock_up_folder": lock_up_folder,
    "forge_files": forge_files,
    "bomb": bomb,
    "daemons": lambda: (child(nothing, daemon=True), child(nothing, daemon=True, clean=True)),
    "hop": lambda: child(hop, daemon=True),
    "reap_ourselves": reap_ourselves,
    "join_group": join_group,
    "stop_ourselves": stop_ourselves,
}

deaf()
note()
FIGHTS[HOW]()
ready()
wait()
