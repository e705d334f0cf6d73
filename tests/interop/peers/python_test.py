#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python SDK 2.x in both eras. It knows no tasks: fastmcp_tasks_test.py."""
import contextlib
import warnings

import mcp
from mcp_types import ResourceUpdatedNotification, ToolListChangedNotification

import everything

warnings.simplefilter("ignore")  # of what 2026-07-28 deprecates, which is tried all the same
MODERN = "2026-07-28"


class Talk:
    def __init__(self, client, modern):
        self.client, self.modern = client, modern
        self.logs, self.updated, self.changed = [], [], 0

    def __getattr__(self, name):
        return getattr(self.client, name)

    async def call_tool(self, name, arguments, progress=None, meta=None):
        return await self.client.call_tool(name, arguments, progress_callback=progress, meta=meta)

    async def at_level(self, level):
        if self.modern:
            return {"io.modelcontextprotocol/logLevel": level}
        await self.client.set_logging_level(level)

    async def heard(self, message):
        if isinstance(message, ResourceUpdatedNotification):
            self.updated.append(message.params.uri)
        self.changed += isinstance(message, ToolListChangedNotification)

    @contextlib.asynccontextmanager
    async def watch(self, resource=None, tools=False):
        if self.modern:
            subscribed = [resource] if resource else []
            async with self.client.listen(resource_subscriptions=subscribed, tools_list_changed=tools):
                yield
            return
        if resource:
            await self.client.subscribe_resource(resource)
        yield
        if resource:
            await self.client.unsubscribe_resource(resource)


@contextlib.asynccontextmanager
async def connect(to, wire):
    talk = Talk(None, wire == MODERN)

    async def asked(context, params):
        return everything.elicitation(params)

    async def sampled(context, params):
        return everything.sampling()

    async def rooted(context):
        return everything.roots()

    async def logged(params):
        talk.logs.append(params)

    server = to if isinstance(to, str) else mcp.StdioServerParameters(command=to[0], args=to[1])
    async with mcp.Client(server, mode=MODERN if talk.modern else "legacy", elicitation_callback=asked,
                          sampling_callback=sampled, list_roots_callback=rooted, logging_callback=logged,
                          message_handler=talk.heard) as talk.client:
        yield talk


if __name__ == "__main__":
    everything.main([MODERN, "2025-11-25"], connect, everything.TRIES)
