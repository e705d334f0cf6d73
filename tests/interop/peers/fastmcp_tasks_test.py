#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FastMCP 4 with fastmcp-tasks: calls of 2026-07-28 become tasks that it polls, whose questions it answers with
tasks/update, and which it cancels."""
import contextlib

import fastmcp_tasks
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

import everything


@contextlib.asynccontextmanager
async def connect(to, wire):
    async def asked(message, response_type, params, context):
        return everything.elicitation(params)

    async with Client(to if isinstance(to, str) else StdioTransport(*to, keep_alive=False),
                      elicitation_handler=asked) as client:
        yield client


async def made(client, name, arguments):
    return await fastmcp_tasks.call_tool_task(client, name, arguments)


async def call(client):
    result = await client.call_tool("wait", {"steps": 1, "step_ms": 10})  # polls behind the scenes
    assert result.content[0].text == "waited 1 steps", result


async def structured_result(client):
    result = await client.call_tool("weather", {"city": "Oslo", "days": 3})
    assert len(result.structured_content["days"]) == 3, result


async def wrong_arguments(client):
    error = await everything.raises("wrong arguments", client.call_tool("wait", {"steps": "many"}))
    assert isinstance(error, ToolError) and "steps" in str(error), error


async def unknown_tool(client):
    assert "no_such_tool" in str(await everything.raises("unknown tool", client.call_tool("no_such_tool", {})))


async def form(client):
    assert "soup" in (await client.call_tool("ask_form", {})).content[0].text


async def task_and_poll(client):
    task = await made(client, "wait", {"steps": 2, "step_ms": 200})
    assert (await task.status()).status == "working"
    assert (await task.wait(timeout=everything.LIMIT)).status == "completed"
    assert (await task.result()).content[0].text == "waited 2 steps"


async def question_in_a_task(client):
    task = await made(client, "ask_form", {})
    await task.wait(state="input_required", timeout=everything.LIMIT)
    assert "soup" in (await task.result()).content[0].text


async def cancelled_task(client):
    task = await made(client, "wait", {"steps": 1000})
    await task.cancel()
    assert (await task.wait(timeout=everything.LIMIT)).status == "cancelled"
    error = await everything.raises("cancelled", task.result())
    assert isinstance(error, ToolError) and "cancelled" in str(error), error


if __name__ == "__main__":
    everything.main(["2026-07-28 with tasks"], connect, {
        "call": call, "structured result": structured_result, "wrong arguments": wrong_arguments,
        "unknown tool": unknown_tool, "form": form, "task and poll": task_and_poll,
        "question in a task": question_in_a_task, "cancelled task": cancelled_task})
