#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FastMCP 4 with fastmcp-tasks as client of revision 2026-07-28, over stdio and over HTTP.

Its client takes the tasks extension: a call of a tool becomes a task that it polls, whose questions
it answers with tasks/update, and which it cancels. Prints TAP; exit code 1 if anything failed.

  fastmcp_test.py SERVER       an executable like examples/handlers
"""
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
import traceback

import fastmcp_tasks
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

LIMIT = 60  # seconds: for a server that says nothing


@contextlib.asynccontextmanager
async def over_stdio(server, state):
    yield StdioTransport(server, ["--stdio", "--store", f"sqlite:{state}/stdio.db"])


@contextlib.asynccontextmanager
async def over_http(server, state):
    process = subprocess.Popen(
        [server, "--http", "127.0.0.1:0", "--store", f"sqlite:{state}/http.db"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        url = next(found.group(1) for line in process.stderr
                   if (found := re.search(r"(http://127\.0\.0\.1:\d+/mcp)", line)))
        drain = asyncio.create_task(asyncio.to_thread(process.stderr.read))
        yield url
    finally:
        process.terminate()
        if process.wait(timeout=LIMIT) != 0:
            raise AssertionError(f"the server exited with {process.returncode} after SIGTERM")
    await drain


class Conversation:
    """A connected client whose user wants to go to Oslo."""

    def __init__(self, transport):
        self.questions = []
        self.client = Client(transport, elicitation_handler=self.answer)

    async def answer(self, message, response_type, params, context):
        self.questions.append(message)
        return {"destination": "Oslo"}


async def lists_tools(talk):
    names = sorted(tool.name for tool in await talk.client.list_tools())
    assert names == ["countdown", "hash_tree", "plan_trip"], names


async def call(talk):
    result = await talk.client.call_tool("countdown", {"seconds": 1})
    assert "Counted down from 1" in result.content[0].text, result


async def structured_result(talk):
    with tempfile.TemporaryDirectory() as empty:
        result = await talk.client.call_tool("hash_tree", {"path": empty})
    assert result.structured_content["files"] == 0, result


async def task_and_poll(talk):
    task = await fastmcp_tasks.call_tool_task(talk.client, "countdown", {"seconds": 2})
    first = await task.status()
    assert first.status == "working", first
    last = await task.wait(timeout=LIMIT)
    assert last.status == "completed", last
    assert "Counted down from 2" in (await task.result()).content[0].text


async def question(talk):
    result = await talk.client.call_tool("plan_trip", {"days": 2})
    assert len(talk.questions) == 1, talk.questions
    assert "Oslo" in result.content[0].text, result


async def question_in_a_task(talk):
    task = await fastmcp_tasks.call_tool_task(talk.client, "plan_trip", {"days": 1})
    await task.wait(state="input_required", timeout=LIMIT)
    assert "Oslo" in (await task.result()).content[0].text
    assert len(talk.questions) == 1, talk.questions


async def cancel(talk):
    task = await fastmcp_tasks.call_tool_task(talk.client, "countdown", {"seconds": 600})
    await task.cancel()
    assert (await task.wait(timeout=LIMIT)).status == "cancelled"
    with_error = None
    try:
        await task.result()
    except ToolError as error:
        with_error = str(error)
    assert with_error and "cancelled" in with_error, with_error


async def wrong_arguments(talk):
    try:
        await talk.client.call_tool("countdown", {"seconds": "many"})
    except ToolError as error:
        assert "seconds" in str(error), error
        return
    raise AssertionError("no error")


async def unknown_tool(talk):
    try:
        await talk.client.call_tool("no_such_tool", {})
    except Exception as error:
        assert "no_such_tool" in str(error), error
        return
    raise AssertionError("no error")


TESTS = [lists_tools, call, structured_result, task_and_poll, question, question_in_a_task, cancel,
         wrong_arguments, unknown_tool]


async def main(server):
    failed = number = 0
    for transport, opening in (("stdio", over_stdio), ("HTTP", over_http)):
        with tempfile.TemporaryDirectory(prefix="longhaul-fastmcp-") as state:
            async with opening(server, state) as to:
                for test in TESTS:
                    number += 1
                    name = f"{transport}: {test.__name__.replace('_', ' ')}"
                    talk = Conversation(to)
                    try:
                        async with talk.client:
                            await asyncio.wait_for(test(talk), LIMIT)
                        print(f"ok {number} - {name}", flush=True)
                    except Exception:
                        failed += 1
                        print(f"not ok {number} - {name}", flush=True)
                        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()),
                              end="", flush=True)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
