#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of sessions over pipes that misbehaves as its arguments say."""
import json
import os
import signal
import subprocess
import sys
import time

HOW = set(sys.argv[1:])
INITIALISED = False


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def text(words):
    return {"content": [{"type": "text", "text": words}]}


def call(request):
    name = request["params"]["name"]
    if name == "die":
        sys.stderr.write("out of cheese\n")
        sys.stderr.flush()
        os._exit(3)
    if name == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "hold":
        sys.stderr.write("holding\n")
        sys.stderr.flush()
        return
    if name == "long":
        sys.stdout.write("x" * 100_000 + "\n")
        sys.stdout.flush()
        return
    if name == "where":
        words = os.getcwd() + " " + os.environ.get("COLOUR", "")
        return say({"id": request["id"], "result": text(words)})
    if name == "orphan":  # what it starts holds the output, and stays
        subprocess.Popen(["sleep", "1000"])
        os._exit(0)
    if name == "deaf":  # reads no more, and lives on
        os.close(0)
        say({"id": request["id"], "result": text("deaf")})
        time.sleep(1000)
    if name == "nobody":
        return say({"id": None, "error": {"code": -32700, "message": "what?"}})
    if name == "ask":
        say({"id": "q", "method": "elicitation/create", "params": {"message": "?"}})
        answer = json.loads(sys.stdin.readline())
        return say({"id": request["id"], "result": text(json.dumps(answer["result"]))})
    say({"id": request["id"], "result": text("ok")})


def handle_modern(request):
    """2026-07-28 as well; but in a session its tools do not work."""
    if request.get("method") == "server/discover":
        say({"id": request["id"], "result": {
            "supportedVersions": ["2026-07-28", "2025-11-25"], "capabilities": {"tools": {}}}})
    elif request.get("method") == "tools/call" and INITIALISED:
        say({"id": request["id"], "error": {
            "code": -32021, "message": "Missing required client capability",
            "data": {"requiredCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}}})
    elif request.get("method") == "tools/call":
        say({"id": request["id"], "result": {"resultType": "complete", **text("modern")}})
    elif request.get("method") == "tools/list":
        say({"id": request["id"], "result": {"tools": []}})


def handle(request):
    global INITIALISED
    method = request.get("method")
    if "log" in HOW:
        sys.stderr.write(json.dumps(request) + "\n")
        sys.stderr.flush()
    if method == "initialize":
        INITIALISED = True
        version = request["params"]["protocolVersion"]
        return say({"id": request["id"], "result": {"protocolVersion": version, "capabilities": {},
                                                    "serverInfo": {"name": "py", "version": "1"}}})
    if "modern" in HOW:
        return handle_modern(request)
    if not INITIALISED:
        if "exits" in HOW:
            sys.exit(1)
        return None  # ignored, as some do
    if method == "tools/call":
        return call(request)
    if method == "tools/list":
        return say({"id": request["id"], "result": {"tools": []}})
    return None


if "stubborn" in HOW:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "1000"])
if "slow" in HOW:
    time.sleep(1)
if "garbage" in HOW:
    print("Listening…\n{\n[]\n\n\x00\nnull", flush=True)
while line := sys.stdin.readline():
    handle(json.loads(line))
if "stubborn" in HOW:
    time.sleep(1000)
sys.stderr.write("the end\n")
