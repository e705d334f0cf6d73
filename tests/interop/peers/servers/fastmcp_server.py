#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of FastMCP 4 with fastmcp-tasks, whose tools become tasks of 2026-07-28.

  servers/fastmcp_server.py [--http]     over stdio, or over HTTP on a free port, which it prints
"""
import asyncio
import datetime
import socket
import sys

import mcp_types
import pydantic
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.utilities.tasks import TaskConfig
from fastmcp_tasks import TasksExtension
from mcp.shared.exceptions import MCPError

TASK = TaskConfig(mode="optional", poll_interval=datetime.timedelta(milliseconds=200))
ALWAYS = TaskConfig(mode="required", poll_interval=datetime.timedelta(milliseconds=200))
server = FastMCP("tasks of FastMCP")
server.add_extension(TasksExtension())


class Day(pydantic.BaseModel):
    day: int
    what: str


class Forecast(pydantic.BaseModel):
    city: str
    days: list[Day]


class Meal(pydantic.BaseModel):
    dish: str
    dessert: bool = False


@server.tool(task=TASK)
async def steps(ctx: Context, count: int, seconds: float = 0.3) -> str:
    """Takes its time, and says at each step how far it is."""
    for done in range(count):
        await ctx.report_progress(done, count, f"step {done + 1} of {count}")
        await asyncio.sleep(seconds)
    return f"took {count} steps"


@server.tool(task=ALWAYS)
async def forecast(city: str, days: int = 3) -> Forecast:
    """A structured result; callers that know no tasks are refused."""
    return Forecast(city=city, days=[Day(day=day + 1, what=("clear", "rain")[day % 2]) for day in range(days)])


@server.tool(task=TASK)
async def order(ctx: Context) -> str | mcp_types.InputRequiredResult:
    """Asks what there is to eat; it runs again with the answer."""
    given = (ctx.input_responses or {}).get("meal")
    if given is None:
        asked = mcp_types.ElicitRequest(params=mcp_types.ElicitRequestFormParams(
            message="What will it be?", requested_schema=Meal.model_json_schema()))
        return mcp_types.InputRequiredResult(input_requests={"meal": asked})
    if given.action != "accept":
        return f"nothing: {given.action}"
    meal = Meal(**given.content)
    return f"{meal.dish}{' and dessert' if meal.dessert else ''}"


@server.tool(task=TASK)
async def burn() -> str:
    """Fails as a tool fails: a completed task whose result is an error."""
    raise ToolError("the pan is on fire")


@server.tool(task=TASK)
async def refuse() -> str:
    """Fails as a request fails: a failed task."""
    raise MCPError(code=-32050, message="the kitchen is closed")


@server.tool
async def echo(text: str) -> str:
    """Never a task."""
    return text


if __name__ == "__main__":
    if "--http" in sys.argv:
        listening = socket.create_server(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
        asyncio.run(server.run_http_async(show_banner=False, sockets=[listening]))
    else:
        server.run(transport="stdio", show_banner=False)
