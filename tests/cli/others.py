# SPDX-License-Identifier: Apache-2.0
"""Servers that are not ours: server-everything of the MCP project (TypeScript SDK 1.x, revision 2025-11-25), over a
pipe and over HTTP. scripts/npm-install.sh brings it, and the Node that runs it."""
import functools
import json
import socket
import subprocess
import threading

from cli import HERE, Server, equal, has, lacks, test, until
from terminal import Terminal

ROOT = HERE.parent.parent
EVERYTHING = ROOT / "tests/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
ONE_AT_A_TIME = threading.Lock()


@functools.cache
def installed():
    done = subprocess.run([ROOT / "scripts/npm-install.sh"], capture_output=True, text=True)
    assert done.returncode == 0, f"the npm packages cannot be installed: {done.stderr}"
    return done.stdout.strip()


def node():
    with ONE_AT_A_TIME:
        return installed()


def on_a_pipe():
    return "--", node(), EVERYTHING


def over_http(box):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = box.popen([node(), str(EVERYTHING), "streamableHttp"], kind=Server, env={"PORT": str(port)})
    server.says(f"listening on port {port}")
    return f"http://127.0.0.1:{port}/mcp"


def both(box):
    """What stands before and behind the words of a call, for each transport."""
    return (((), on_a_pipe()), ((over_http(box),), ()))


@test
def tools_of_another_server(box):
    for before, behind in both(box):
        table = box.run("tools", *before, *behind).out
        has(table, "echo", "get-sum", "simulate-research-query         always")
        page = box.run("tools", *before, "get-sum", *behind).out
        has(page, "parameters", "a  number; required", "b  number; required", "First number")
        names = [tool["name"] for tool in box.run("tools", *before, "--json", *behind).json["tools"]]
        equal(len(names), len(table.splitlines()) - 1)


@test
def plain_tools(box):
    equal(box.run("call", "echo", "message=a b", *on_a_pipe()).out, "Echo: a b\n")
    has(box.run("call", "get-sum", "a=two", "b=1", *on_a_pipe(), code=2).err, '"a": expected number, got "two"')
    url = over_http(box)

    def said(*words, code=0):
        return box.run("call", url, *words, code=code)
    equal(said("echo", "message=a b").out, "Echo: a b\n")
    equal(said("get-sum", "a=2", "b=0.5").out, "The sum of 2 and 0.5 is 2.5.\n")
    has(said("get-sum", "a=1", code=2).err, '"b"')
    has(said("get-annotated-message", "messageType=success").out, "completed successfully")
    has(said("get-annotated-message", "messageType=sucess", code=2).err, 'did you mean "success"?')
    has(said("get-env").out, '"PATH"')
    has(said("get-resource-reference").out, "Returning resource reference for Resource 1")
    has(said("toggle-simulated-logging").out, "logging")
    has(said("toggle-subscriber-updates").out, "updates")


@test
def structured_content_of_another_server(box):
    for before, behind in both(box):
        words = ("call", *before, "get-structured-content", "location=Chicago")
        equal(set(json.loads(box.run(*words, *behind).out)), {"temperature", "conditions", "humidity"})
        end = box.run(*words, "--json", *behind).json
        has(end["result"]["structuredContent"]["conditions"], "drizzle")
        equal(end["exit"], 0)


@test
def links_and_pictures(box):
    links = box.run("call", "get-resource-links", "count=2", *on_a_pipe())
    has(links.out, "2 resource links")
    has(links.err, "demo://resource/dynamic/")
    picture = box.run("call", "get-tiny-image", *on_a_pipe())
    has(picture.out, "MCP logo")
    has(picture.err, "image")
    content = box.run("call", "get-tiny-image", "--json", *on_a_pipe()).json["result"]["content"]
    has([item["type"] for item in content], "image")
    gzip = box.run("call", "gzip-file-as-resource", "name=a.gz", "data=data:text/plain,hello", "--json", *on_a_pipe())
    has(gzip.out, "a.gz")


@test
def progress_of_another_server(box):
    for before, behind in both(box):
        done = box.run("call", *before, "trigger-long-running-operation", "duration=0.4", "steps=2", *behind)
        has(done.out, "completed")
        has(done.err, "50 % (1 of 2)")


@test
def a_form_of_another_server(box):
    for before, behind in both(box):
        declined = box.run("call", *before, "trigger-elicitation-request", "--decline", *behind)
        has(declined.out, "declined")
        given = box.run("call", *before, "trigger-elicitation-request", "--answer", "name=Ada", "--answer",
                        "check=true", *behind)
        has(given.out, "Name: Ada", '"check": true')
        left = box.run("call", *before, "trigger-elicitation-request", "--no-input", *behind, code=None)
        assert left.code in (0, 5), left  # a plain call: it hears that nobody answers


@test
def a_page_of_another_server(box):
    words = ("call", "trigger-url-elicitation", "url=https://example.org/login")
    has(box.run(*words, "--decline", *on_a_pipe()).out, "declin")
    with Terminal(box, *words, *on_a_pipe()) as at:
        at.until("open this page", "https://example.org/login", "on the host example.org", "Go on? [y/N]")
        at.type("y")
        at.end(0)


@test
def roots_of_ours(box):
    has(box.run("call", "get-roots-list", "--root", box.folder, *on_a_pipe()).out, f"file://{box.folder}")


@test
def a_model_that_is_a_person(box):
    with Terminal(box, "call", "trigger-sampling-request", "prompt=Is it warm?", *on_a_pipe()) as at:
        at.until("Is it warm?", "a line with a single dot ends it")
        at.type("Rather")
        at.type(".")
        at.end(0)
        has(at.screen(), "Rather")


@test
def a_task_of_another_server(box):
    for before, behind in both(box):
        done = box.run("call", *before, "simulate-research-query", "topic=snow", *behind)
        has(done.out, "# Research Report: snow", "Stage 4: Generating report")
        has(done.err, "Gathering sources")
        equal(box.handles()[-1]["era"], "2025-11-25")
        end = box.run("call", *before, "simulate-research-query", "topic=python", "ambiguous=true", "--answer",
                      "interpretation=snake", "--json", *behind).json
        equal((end["status"], end["exit"]), ("completed", 0))
        has(end["result"]["content"][0]["text"], "python (snake)")


@test
def a_task_of_another_server_at_a_terminal(box):
    for before, behind in both(box):
        with Terminal(box, "call", *before, "simulate-research-query", "topic=python", "ambiguous=true", *behind,
                      rows=60) as at:
            at.until("Gathering sources")
            at.until("1) Python programming language", "3) Monty Python", "Clarification")
            at.type("3")
            at.end(0)
            has(at.screen(), "python (comedy)")


@test
def a_task_that_must_be_one(box):
    told = box.run("call", over_http(box), "simulate-research-query", "topic=x", "--no-task", code=None)
    assert told.code in (1, 2), told
    lacks(told.out, "Research Report")


@test
def a_server_that_is_gone_in_the_middle(box):
    url = over_http(box)
    call = box.start("call", url, "trigger-long-running-operation", "duration=60", "steps=6")
    server = box.started[-2]
    until(lambda: "POST" in server.out() and server.out().count("POST") >= 3, lambda: "the call is there")
    server.kill()
    done = call.wait()
    equal(done.code, 6, done)
