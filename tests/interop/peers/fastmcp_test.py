#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FastMCP 4 in both eras. It does not listen for changes in 2026-07-28; fastmcp_tasks_test.py has its tasks."""
import contextlib
import warnings

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from mcp_types import ToolListChangedNotification

import everything

warnings.simplefilter("ignore")  # of what 2026-07-28 deprecates, which is tried all the same
MODERN = "2026-07-28"
# What is called alike in the SDK's client.
ALIKE = {"list_tools": "list_tools_mcp", "list_resources": "list_resources_mcp", "read_resource": "read_resource_mcp",
         "list_resource_templates": "list_resource_templates_mcp", "list_prompts": "list_prompts_mcp",
         "get_prompt": "get_prompt_mcp", "complete": "complete_mcp"}


class Talk:
    def __init__(self, modern):
        self.modern, self.logs, self.changed = modern, [], 0

    def __getattr__(self, name):
        return getattr(self.client, ALIKE[name])

    async def call_tool(self, name, arguments, progress=None, meta=None):
        return await self.client.call_tool_mcp(name, arguments, progress_handler=progress, meta=meta)

    async def at_level(self, level):
        if self.modern:
            return {"io.modelcontextprotocol/logLevel": level}
        await self.client.set_logging_level(level)

    async def heard(self, message):
        self.changed += isinstance(message, ToolListChangedNotification)

    @contextlib.asynccontextmanager
    async def watch(self, tools):
        yield


@contextlib.asynccontextmanager
async def connect(to, wire):
    talk = Talk(wire == MODERN)

    async def asked(message, response_type, params, context):
        return everything.elicitation(params)

    async def sampled(messages, params, context):
        return everything.sampling()

    async def logged(params):
        talk.logs.append(params)

    talk.client = Client(to if isinstance(to, str) else StdioTransport(*to, keep_alive=False),
                         mode=MODERN if talk.modern else "legacy", elicitation_handler=asked, sampling_handler=sampled,
                         roots=["file:///srv/project"], log_handler=logged, message_handler=talk.heard)
    async with talk.client:
        yield talk


def able(wire, name):
    return name != "updated" and not (wire == MODERN and name == "lists that change")


if __name__ == "__main__":
    everything.main([MODERN, "2025-11-25"], connect, everything.TRIES, able)
