# SPDX-License-Identifier: Apache-2.0
"""Servers that ask who calls, and that speak TLS."""
import hashlib
import subprocess

from cli import equal, has, lacks, test

KEY = "a-long-and-random-key"


def with_key(box):
    served = box.read("tools.toml").replace("single_user = true\n", "")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    box.write("keyed.toml", f'{served}\n[[key]]\nname = "alice"\nsha256 = "{digest}"\n')
    box.write("key", KEY + "\n")
    box.write("wrong", "another-key\n")
    return box.serve(file="keyed.toml")


@test
def a_key(box):
    server = with_key(box)
    for words in (("tools",), ("call", "args", "text=a"), ("tasks",)):
        there = [server.url] if words[0] != "tasks" else []
        box.run(words[0], *there, *words[1:], "--key-file", "key")
    told = box.run("tools", server.url, "--key-file", "wrong", code=None)
    has(told.err, "uthorized", "--key-file")
    equal(told.code, 2, told)
    told = box.run("tools", server.url, code=2)
    has(told.err, "uthorized", "--key-file")
    lacks(told.err, KEY, "another-key")
    has(box.run("tools", server.url, "--key-file", "gone", code=2).err, "gone")
    box.run("tools", server.url, "--header", f"Authorization: Bearer {KEY}")
    has(box.run("tools", server.url, "--header", "nonsense", code=2).err, "Name: value")


@test
def tasks_of_a_key(box):
    server = with_key(box)
    id = box.run("call", server.url, "steps", "--detach", "--key-file", "key").out.strip()
    lacks(box.read("state/longhaul/handles"), KEY)
    box.go(1)
    has(box.run("tasks", "result", id, code=2).err, "uthorized", "--key-file")
    has(box.run("tasks", "result", id, "--key-file", "key").out, "all 1 steps are done")


@test
def tasks_that_were_started_elsewhere(box):
    server = with_key(box)
    there = ("--server", server.url, "--key-file", "key")
    elsewhere = {"XDG_STATE_HOME": str(box.folder / "elsewhere")}
    begun = {}
    for era in ("2025-11-25", "2026-07-28"):
        begun[era] = box.run("call", server.url, "order", "--detach", "--key-file", "key", "--protocol", era,
                             env=elsewhere).out.strip()
    box.until_status(begun["2026-07-28"], "input_required", *there)
    # 2025-11-25 has a list, and 2026-07-28 none: whole ids do.
    equal(box.run("tasks", *there, "--json").json, {"tasks": []})
    old = (*there, "--protocol", "2025-11-25")
    listed = box.run("tasks", *old, "--json").json["tasks"]
    equal({(one["id"], one["tool"]) for one in listed}, {(id, "") for id in begun.values()})
    has(box.run("tasks", "cancel", "01", *old, code=2).err, "not found")
    has(box.run("tasks", "cancel", "", *old, code=2).err, "no task")
    rows = [row.split() for row in box.run("tasks", *old).out.splitlines()[1:]]
    equal([row[1] for row in rows], ["-", "-"])
    for row in rows:
        box.run("tasks", "cancel", row[0], *old)
    for id in begun.values():
        equal(box.run("tasks", "get", id, *there, "--json", code=4).json["status"], "cancelled")
    has(box.run("tasks", "get", "nosuchtask", *there, code=2).err, "nosuchtask")
    equal(box.run("tasks", "--json").json, {"tasks": []})
    has(box.run("tasks", "http://127.0.0.1:9/mcp", code=6).err, "127.0.0.1:9")


@test
def a_key_in_servers_toml(box):
    server = with_key(box)
    box.write(".config/longhaul/servers.toml",
              f'[servers.farm]\nurl = "{server.url}"\nbearer_env = "FARM_KEY"\n'
              f'[servers.yard]\nurl = "{server.url}"\nheaders = {{ Authorization = "Bearer {KEY}" }}\n')
    box.go(1)
    for name, there in (("farm", {"FARM_KEY": KEY}), ("yard", {})):
        id = box.run("call", name, "steps", "--detach", env=there).out.strip()
        has(box.run("tasks", "result", id, env=there).out, "all 1 steps are done")
        equal(box.run("tasks", "--json").json["tasks"][0]["server"], name)
    has(box.run("tools", "farm", code=2).err, "FARM_KEY")
    lacks(box.read("state/longhaul/handles"), KEY)


def certificate(box):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2",
         "-keyout", box.folder / "tls.key", "-out", box.folder / "tls.pem"],
        check=True, capture_output=True)
    return "--tls-certificate", "tls.pem", "--tls-key", "tls.key"


@test
def tls(box):
    server = box.serve(*certificate(box))
    has(server.url, "https://")
    told = box.run("tools", server.url, code=6)
    has(told.err, "certificate")
    has(box.run("tools", server.url, "--ca", "tls.pem").out, "args")
    box.go(1)
    has(box.run("call", server.url, "steps", "--ca", "tls.pem").out, "all 1 steps are done")
    has(box.run("tools", server.url, "--ca", "gone.pem", code=None).err, "gone.pem")
    told = box.run("tools", server.url.replace("https", "http"), code=6)
    has(told.err, "http://")
