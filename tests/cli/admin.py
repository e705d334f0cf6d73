# SPDX-License-Identifier: Apache-2.0
"""`longhaul admin`: looking at a server as its operator, and acting on its tasks."""
import hashlib
import http.server
import json
import re
import shlex
import ssl
import subprocess
import threading
import urllib.request

from cli import INTERRUPT, equal, has, lacks, test, until
from keys import certificate
from terminal import Terminal

ACT, READ = "act-key-of-the-tests", "read-key-of-the-tests"


class Site:
    """A server with an operators' API, and the command against it."""

    def __init__(self, box, *options, env=None, **more):
        self.box, self.env = box, dict(env or {})
        self.server = box.serve(*options, *(() if "file" in more else ("--operator", "127.0.0.1:0")), **more)
        self.server.says("operators:")
        self.url = re.search(r"API at (\S+)", self.server.err())[1]
        self.env["LONGHAUL_OPERATOR_URL"] = self.url

    def run(self, *words, code=0, env=None, **more):
        return self.box.run("admin", *words, code=code, env={**self.env, **(env or {})}, **more)

    def json(self, *words, **more):
        return self.run(*words, "--json", **more).json

    def begin(self, *words):
        return self.box.run("call", self.server.url, *words, "--detach").out.strip()

    def until(self, id, status):
        until(lambda: self.json("show", id)["status"] == status, lambda: f"{status}: {self.run('show', id)}")
        return id

    def ended(self, *words, status="completed"):
        return self.until(self.begin(*words), status)

    def asking(self):
        return self.until(self.begin("order"), "input_required")

    def terminal(self, *words, **more):
        return Terminal(self.box, "admin", *words, env=self.env, **more)


def by_keys(box):
    """A site that has keys; `env` holds none."""
    keys = "".join(f'[[operator.key]]\nname = "{role}s"\nsha256 = "{hashlib.sha256(key.encode()).hexdigest()}"\n'
                   f'role = "{role}"\n' for role, key in (("act", ACT), ("read", READ)))
    box.write("keys.toml", box.read("tools.toml") + f'\n[operator]\nlisten = "127.0.0.1:0"\n{keys}')
    return Site(box, file="keys.toml")


# --- looking

@test
def status(box):
    site = Site(box)
    site.ended("args", "text=a")
    site.ended("limited", status="failed")
    site.asking()
    has(site.run("status").out, "cli 1.0", "serving", "tasks.db", "of 64", "1 waiting for an answer", "1 failed",
        "who may act", "limited", "3 created")
    said = site.json("status")
    equal((said["counts"]["completed"], said["state"], said["caller"]), (1, "serving", {"name": "local", "role": "act"}))
    equal(site.run("--json", "status").json["server"], said["server"])


@test
def the_list_of_tasks(box):
    site = Site(box)
    has(site.run("tasks").err, "no tasks")
    done, failed, asks = site.ended("args", "text=a"), site.ended("limited", status="failed"), site.asking()
    rows = site.run("tasks").out.splitlines()
    has(rows[0], "ID", "STATUS", "TOOL", "OWNER", "AGE", "RAN", "MESSAGE")
    equal([row.split()[1:4] for row in rows[1:]],
          [["asks", "order", "local"], ["failed", "limited", "local"], ["completed", "args", "local"]])
    for row, id in zip(rows[1:], (asks, failed, done)):
        assert id.startswith(row.split()[0]) and len(row.split()[0]) >= 14, row
    has(rows[1], "waiting for an answer")
    has(rows[2], "time limit")
    for words, wanted in ((("--until", "1h"), []), (("--status", "failed,completed"), [failed, done]), (("--tool", "order"), [asks]),
                          (("--owner", "nobody"), []), (("--since", "1h", "--q", "ORDER"), [asks]),
                          (("--since", "2020-01-01T00:00:00Z", "--limit", "1"), [asks]), (("--q", failed), [failed])):
        equal([one["id"] for one in site.json("tasks", *words)["tasks"]], wanted, words)
    has(site.run("tasks", "--tool", "none").err, "no task matches")
    has(site.run("tasks", "--limit", "2").err, "there may be more")
    equal(site.run("tasks").err, "")
    has(site.run("tasks", "--status", "odd", code=2).err, 'no status "odd"', "input_required")
    has(site.run("tasks", "--since", "soon", code=2).err, "since", "2h")
    has(site.run("tasks", "--limit", "0", code=2).err, "--limit")


@test
def more_than_one_page(box):
    site = Site(box, store="memory:")
    call = json.dumps({"arguments": {"mark": "m"}}).encode()
    for _ in range(503):
        urllib.request.urlopen(f"{site.url}api/v1/tools/note_always/call", data=call).read()
    site.run("cancel", "--filter", "--yes", code=None)
    equal(len(site.json("tasks", "--limit", "502")["tasks"]), 502)
    all = site.json("tasks", "--limit", "1000")
    equal((len(all["tasks"]), all["nextCursor"], all["complete"]), (503, None, True))
    equal(len({one["id"] for one in all["tasks"]}), 503)


@test
def one_task(box):
    site = Site(box)
    id = site.asking()
    has(site.run("show", id).out, id, "input_required", "created by local", "attempt 1 of 3 began", "asked meal: What may",
        "waits for an answer, for", "1 d after its end")
    for verb in ("show", "explain"):
        told = site.run(verb, id).out
        has(told, "waits for an answer", "meal: What may it be?", "plates", "required", f"longhaul admin answer {id}")
    # What to copy reaches the same server from anywhere.
    told = box.run("admin", "--url", site.url, "explain", id).out
    [words] = re.findall("or in words, with values of your own, as: longhaul admin (.*)", told)
    box.run("admin", *shlex.split(words))
    site.until(id, "completed")
    shown = site.run("show", id).out
    [question] = site.json("show", id)["questions"]
    equal(question["response"]["action"], "accept")
    dish = question["response"]["content"]["dish"]
    equal(question["askedAt"] <= question["answeredAt"], True)
    has(shown, "answered meal: What may it be? (accept)", "completed", "arguments\n  {}", "result\n", f'"{dish}"')
    points = [shown.index(part) for part in ("created by", "waited", "attempt 1", "ran", "answered", "\n\narguments")]
    equal(points, sorted(points))
    has(site.run("explain", id).out, "completed", " ago, after ")
    failed = site.ended("limited", status="failed")
    has(site.run("show", failed).out, "limit: attempt", "300 ms", "error\n", "31001", "failed: time limit")
    equal(site.json("show", failed)["error"]["code"], 31001)
    equal(site.json("explain", failed)["id"], failed)
    said = site.ended("fail", status="error")
    has(site.run("explain", said).out, "the tool says that it failed")
    has(site.run("tasks").out, "tool error")
    running = site.until(site.begin("steps", "steps=2", "name=ab"), "running")
    box.go(1, "ab")
    until(lambda: "step 1" in site.run("explain", running).out, lambda: "its progress")
    has(site.run("explain", running).out, "runs for", "50 % (1 of 2), step 1")


# A terminal without UTF-8 showed ’ as an apostrophe: what a tool wrote behind it was a command.
@test
def a_line_to_copy_runs_nothing_of_a_tool(box):
    site = Site(box)
    id = site.until(site.begin("quoted"), "input_required")
    folder = box.folder / "pasted"
    folder.mkdir()
    for locale in ("C", "C.UTF-8"):
        told = site.run("explain", id, env={"LC_ALL": locale}).out
        [line] = re.findall("as: longhaul admin (.*)", told)
        paste = ["bash", "-c", f'printf "%s\\0" {line}']
        words = subprocess.run(paste, cwd=folder, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
        equal(list(folder.iterdir()), [])
        equal((words[:3], len(words)), (["answer", id, "--answer"], 4))
    site.run(*words)
    site.until(id, "completed")
    [question] = site.json("show", id)["questions"]
    equal(question["key"], "a=b;touch key")
    equal(question["response"]["content"]["one"], "x’;touch choice;’ 'y'; touch plain; '")


@test
def by_the_beginning_of_an_id(box):
    site = Site(box)
    first, second = site.ended("args", "text=a"), site.ended("args", "text=b")
    both = next(first[:n] for n in range(len(first), 0, -1) if second.startswith(first[:n]))
    told = site.run("show", both, code=2)
    has(told.err, "several ids", first, second)
    for id in (first, second):
        equal(site.json("show", id[:len(both) + 1])["id"], id)
    has(site.run("show", "zzz", code=2).err, "begins with 'zzz'", "longhaul admin tasks")
    has(site.run("show", "zzz", "--url", site.url, code=2).err, f"longhaul admin tasks --url {site.url} lists them")
    for word in ("count", "", "%"):
        site.run("show", word, code=2)
    equal([one["id"] for one in site.json("tasks", "--id", first[:len(both) + 1])["tasks"]], [first])
    equal(site.json("tasks", "--id", "count")["tasks"], [])
    equal(site.json("show", "zzz", code=2)["code"], "not_found")
    site.run("show", "a/../b?c", code=2)
    site.run("show", code=2)


@test
def what_a_program_printed(box):
    site = Site(box)
    id = site.ended("fail", status="error")
    equal(site.run("tail", id[:20]).out, "half of it\n")
    equal(site.run("tail", id, "--stderr").out, "no space left on the moon\n")
    equal(site.run("tail", id, "--bytes", "3").out, "it\n")
    equal(site.json("tail", id), {"text": "half of it\n"})
    equal(site.run("tail", "-f", id).out, "half of it\n")
    equal("".join(one["text"] for one in site.run("tail", "-f", "--json", id).lines), "half of it\n")
    has(site.run("tail", "--bytes", "9999999999", id, code=2).err, "tail must be")
    runs = site.until(site.begin("steps", "steps=2", "name=cd"), "running")
    follows = box.start("admin", "tail", "-f", runs, env=site.env)
    box.go(1, "cd")
    until(lambda: follows.out() == "1/2 step 1\n", follows.out)
    box.go(2, "cd")
    equal((follows.wait().code, follows.out()), (0, "1/2 step 1\n2/2 step 2\nall 2 steps are done\n"))
    left = site.begin("steps", "steps=2", "name=gh")
    box.go(1, "gh")
    follows = box.start("admin", "tail", "-f", left, env=site.env)
    until(follows.out, follows.err)
    follows.signal(INTERRUPT)
    equal(follows.wait().code, 0, follows.err())


@test
def the_other_tables(box):
    site = Site(box)
    has(site.run("audit").err, "no operator has acted")
    site.ended("fail", status="error")
    has(site.run("tools").out, "RUN AT ONCE", "FAILURES", "1x fail ended with exit code 3", "P95")
    has(site.run("owners").out, "local", "10000", "256.0 MiB")
    has(site.run("processes").out, "answers you", str(site.server.process.pid))
    site.run("pause", "args")
    has(site.run("audit").out, "local", "pause", "args", "applied")
    for name, member in (("tools", "tools"), ("owners", "owners"), ("processes", "processes"), ("audit", "actions")):
        assert site.json(name)[member], name


@test
def what_others_said_is_made_plain(box):
    site = Site(box)
    id = site.ended("args", "text=a‮b​c\x1b[31md\x9b5me")
    for words in (("show", id), ("tasks", "--q", "text"), ("explain", id)):
        lacks(site.run(*words).out, "‮", "​", "\x1b", "\x9b")
    with site.terminal("show", id, "--json", columns=250) as at:
        at.end(0)
        has(at.screen(), r"a\u202eb\u200bc")
        lacks(at.screen(), "‮")
    with site.terminal("tail", id) as at:
        at.end(0)
        has(at.screen(), "text=abcde")


# --- acting

@test
def cancel_retry_delete(box):
    site = Site(box)
    id = site.asking()
    has(site.run("delete", id, code=2).err, "has not ended", "cancel it first")
    has(site.run("retry", id, code=2).err, "longhaul: ")
    told = site.run("cancel", id[:20])
    equal((told.out, told.err), ("", f"cancelled: {id}\n"))
    has(site.run("show", id).out, "cancelled")
    equal(site.json("cancel", id, code=2)["code"], "conflict")
    again = site.run("retry", id).out.strip()
    assert again != id, again
    has(site.run("show", again).out, f"created by local, to retry {id}")
    has(site.run("delete", id).err, f"removed: {id}")
    equal(site.json("cancel", again)["outcome"], "applied")
    both = [site.asking(), again]
    told = site.run("cancel", *both, code=2)
    has(told.err, "cancelled: 1", "refused: 1", again, "has ended")
    equal(site.json("delete", *both), {"applied": 2, "unchanged": 0, "refused": 0, "failures": [], "made": []})
    has(site.run("cancel", code=2).err, "which task?")


@test
def many_by_a_filter(box):
    site = Site(box)
    for _ in range(3):
        site.asking()
    kept = site.until(site.begin("steps", "name=never"), "running")
    told = site.run("cancel", "--filter", "--tool", "order", code=2)
    has(told.err, "cancel 3 tasks", "--yes")
    has(site.run("cancel", "--tool", "order", code=2).err, "--filter")
    has(site.run("cancel", "--filter", kept, code=2).err, "exclude each other")
    has(site.run("cancel", "--filter", "--tool", "order", "--yes", "--reason", "no stew").err, "cancelled: 3", "refused: 0")
    equal({task["message"] for task in site.json("tasks", "--status", "cancelled")["tasks"]}, {"The task was cancelled: no stew"})
    has(site.run("cancel", "--filter", "--tool", "order", "--yes").err, "no task matches")
    equal(site.json("cancel", "--filter", "--tool", "order")["applied"], 0)
    equal(site.json("retry", "--filter", "--yes")["applied"], 3)
    equal(site.json("delete", "--filter", "--yes")["applied"], 3)
    equal(site.json("show", kept)["status"], "running")


@test
def a_number_that_changes_before_the_answer(box):
    site = Site(box)
    site.asking()
    with site.terminal("cancel", "--filter", "--tool", "order") as at:
        at.until("cancel 1 task? [y/N]")
        site.asking()
        at.type("y")
        at.end(0)
        has(at.screen(), "cancelled: 1")
    equal(site.json("status")["counts"]["input_required"], 1, "what has come meanwhile was not meant")
    gone = site.asking()
    with site.terminal("cancel", "--filter", "--tool", "order") as at:
        at.until("cancel 2 tasks? [y/N]")
        site.run("cancel", gone)
        at.type("y")
        at.end(2)
        has(at.screen(), "matches 1 task by now, not 2", "nothing was done", "look again")
    site.asking()
    with site.terminal("cancel", "--filter", "--tool", "order") as at:
        at.until("cancel 2 tasks? [y/N]")
        at.type("")
        at.end(4)
        has(at.screen(), "nothing was done")
    with site.terminal("cancel", "--filter", "--tool", "order") as at:
        at.until("cancel 2 tasks? [y/N]")
        at.type("y")
        at.end(0)
        has(at.screen(), "cancelled: 2")


@test
def wrong_use_in_json(box):
    for words in (("frob",), ("tasks", "--bogus"), ("show",), ("tasks", "--limit", "many")):
        refused = box.run("admin", *words, "--json", code=2)
        equal((refused.json["code"], refused.err), ("invalid", ""), words)
    has(box.run("admin", "frob", code=2).err, "unknown command")
    has(box.run("admin", "tasks", "--json", "--help").out, "--status")


@test
def retain(box):
    site = Site(box)
    id = site.ended("args", "text=a")
    has(site.run("retain", id, "7d").err, "kept for 7 d after its end")
    equal(site.json("show", id)["retentionMs"], 7 * 86_400_000)
    has(site.run("retain", id, "forever").err, "kept for 30 d after its end (the server keeps nothing longer)")
    equal(site.json("retain", id, "1h")["outcome"], "applied")
    has(site.run("retain", id, "long", code=2).err, "'long' is no duration", "forever")
    has(site.run("retain", id, "0s").err, "kept no longer", id)
    has(site.run("show", id, code=2).err, "no task")


@test
def answers(box):
    site = Site(box)
    with site.terminal("answer", site.asking()) as at:
        at.until("Dish")
        at.type("2")
        at.until("Plates")
        at.type("4")
        at.until("Hot")
        at.type("")
        at.until("Note")
        at.type("")
        at.end(0)
        has(at.screen(), "answered: ")
    [id] = [one["id"] for one in site.json("tasks", "--tool", "order")["tasks"]]
    site.until(id, "completed")
    equal(site.json("show", id)["questions"][0]["response"]["content"]["plates"], 4)
    has(site.run("answer", id, code=2).err, "asks nothing now: it is completed")
    id = site.asking()
    told = site.run("answer", id, code=5)
    has(told.err, "meal: What may it be?", "--answer KEY=JSON")
    equal(site.json("answer", id, code=5)["code"], "waits")
    has(site.run("answer", id, "--answer", "odd={}", code=2).err, "open are: meal")
    has(site.run("answer", id, "--answer", "meal={", code=2).err, "no JSON")
    has(site.run("answer", id, "--answer", 'meal={"dish": "stone", "plates": 1}', code=2).err, '"meal" does not fit')
    has(site.run("answer", id, "--decline").err, f"answered: {id}")
    equal(site.json("show", id)["questions"][0]["response"]["action"], "decline")


@test
def pause_and_resume(box):
    site = Site(box)
    has(site.run("pause", "order").err, "paused: order")
    has(site.run("pause", "order").err, "paused already")
    id = site.until(site.begin("order"), "waiting")
    has(site.run("explain", id).out, "waits for", "paused")
    has(site.run("status").out, "longest waiting", id)
    has(site.run("tools").out, "  paused ")
    equal(site.json("resume", "order"), {"outcome": "applied"})
    site.until(id, "input_required")


# --- top

@test
def top(box):
    site = Site(box)
    asks = site.asking()
    has(site.run("top").out, "serving", "1 ask", "order", asks[:14])
    equal([one["id"] for one in site.json("top")["tasks"]], [asks])
    with site.terminal("top", columns=110) as at:
        at.until("1 ask", asks[:14], "q ends")
        runs = site.begin("steps", "name=ef")
        at.until("1 ask", "1 run", runs[:14])
        box.go(1, "ef")
        at.until("1 completed", without=(runs[:14],))
        at.type("q", enter=False)
        at.end(0)
    with site.terminal("top") as at:
        at.until("q ends")
        site.server.stop()
        at.until("does not answer")
        at.key("C-c")
        at.end(0)


# --- who may, and who answers

@test
def by_a_key(box):
    site = by_keys(box)
    told = site.run("status", code=2)
    has(told.err, "LONGHAUL_OPERATOR_KEY", "[[operator.key]]", "--key-env")
    equal(site.json("status", code=2)["code"], "unauthorized")
    site.run("status", code=2, env={"LONGHAUL_OPERATOR_KEY": "wrong"})
    may_read = {"LONGHAUL_OPERATOR_KEY": READ}
    has(site.run("status", env=may_read).out, "reads, who may read")
    id = site.begin("order")
    until(lambda: site.json("show", id, env=may_read)["status"] == "input_required", lambda: "it asks")
    for words in (("cancel", id), ("cancel", "--filter", "--yes"), ("retain", id, "1d"), ("pause", "order"),
                  ("answer", id, "--decline")):
        told = site.run(*words, code=2, env=may_read)
        has(told.err, "longhaul: ", "act")
        equal(site.json(*words, code=2, env=may_read)["code"], "forbidden")
    has(site.run("--key-env", "OPS", "status", env={"OPS": ACT}).out, "acts, who may act")
    has(site.run("status", "--key-env", "OPS", code=2).err, "OPS, which is not set")
    site.run("cancel", id, "--key-env", "OPS", env={"OPS": ACT})
    has(site.run("audit", env=may_read).out, "acts", "cancel", id, "applied")


@test
def nobody_there(box):
    site = Site(box)
    wrong = site.run("status", "--url", site.server.url, code=2)
    has(wrong.err, "no operators' API at", "--url")
    site.server.stop()
    told = site.run("status", code=6)
    has(told.err, "cannot connect", "--operator 127.0.0.1:8081", "--url URL")
    equal(site.json("status", code=6)["code"], "unreachable")
    has(site.run("status", "--url", "ftp://here", code=2).err, "http://")
    for words in (("tasks",), ("top",), ("cancel", "abc"), ("tail", "-f", "abc")):
        site.run(*words, code=6)


@test
def the_server_that_runs_here(box):
    first = Site(box)
    equal(box.run("admin", "status", "--json").json["server"]["name"], "cli")
    second = Site(box, store="sqlite:other.db")
    told = box.run("admin", "status", code=2)
    has(told.err, "several servers run here", first.url, second.url, "--url")
    second.server.kill()
    equal(box.run("admin", "status", "--json").json["server"]["name"], "cli")
    equal(len(list((box.folder / "state/longhaul/running").iterdir())), 1, "what the killed one left is removed")
    equal(first.server.stop(), 0)
    equal(list((box.folder / "state/longhaul/running").iterdir()), [])
    has(box.run("admin", "status", code=None).err, "127.0.0.1:8081")
    third = Site(box)
    (box.folder / "state/longhaul/running").chmod(0o777)
    has(box.run("admin", "status", code=None).err, "127.0.0.1:8081")
    third.run("status")


@test
def words_that_are_wrong(box):
    site = Site(box)
    has(box.run("admin", code=2).err, "subcommand")
    has(box.run("admin", "stauts", code=2).err, "unknown command", "status")
    for verb in ("status", "tasks", "show", "explain", "tail", "cancel", "retry", "delete", "retain", "answer", "pause",
                 "resume", "tools", "owners", "processes", "audit", "top"):
        has(site.run(verb, "--help").out, "--url", "--json", "--key-env")
        has(box.run("__complete", "--", "admin", verb[:3]).out.splitlines(), verb)


@test
def a_tail_that_outlives_its_server(box):
    site = Site(box)
    id = site.begin("steps", "steps=2", "name=ij")
    box.go(1, "ij")
    follows = box.start("admin", "tail", "-f", id, env=site.env)
    until(follows.out, follows.err)
    site.server.kill()
    follows.says("does not answer")
    box.serve("--operator", site.url.split("/")[2], address=site.server.url.split("/")[2])
    equal((follows.wait().code, follows.out()), (0, "1/2 step 1\n"), follows.err())
    site.until(id, "failed")


@test
def behind_a_proxy_with_a_prefix(box):
    """Over https, under a path that the proxy strips."""
    site = by_keys(box)
    seen = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            asked = urllib.request.Request(site.url.rstrip("/") + self.path.removeprefix("/longhaul"),
                                           headers={"Authorization": self.headers["Authorization"]})
            with urllib.request.urlopen(asked) as reply:
                body = reply.read()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    certificate(box)
    front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(box.folder / "tls.pem", box.folder / "tls.key")
    front.socket = context.wrap_socket(front.socket, server_side=True)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    key = {"LONGHAUL_OPERATOR_KEY": READ}
    try:
        for end in ("", "/"):
            url = f"https://127.0.0.1:{front.server_port}/longhaul{end}"
            has(site.run("status", "--url", url, "--ca", "tls.pem", env=key).out, "serving")
        equal(set(seen), {"/longhaul/api/v1/status"})
        has(site.run("status", "--url", url, code=6, env=key).err, "--ca")
    finally:
        front.shutdown()
        front.server_close()
