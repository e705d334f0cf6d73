# SPDX-License-Identifier: Apache-2.0
"""What the Python clients try with examples/everything, and how it is run and reported.

A peer gives `connect(to, wire)`, an asynchronous context that yields a `talk`: its methods are those of
the SDK's Client that the tries below call, `logs`, `updated` and `changed` what it heard, and
`at_level` and `watch` what differs between eras. A method that its client lacks leaves out the tries
that need it.
"""
import asyncio
import base64
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import traceback

from mcp_types import (CreateMessageResult, ElicitResult, ListRootsResult, PromptReference,
                       ResourceTemplateReference, Root, TextContent)

LIMIT = 60  # seconds: for a server that says nothing


@contextlib.asynccontextmanager
async def over_stdio(server, state):
    yield server, ["--stdio", "--store", f"sqlite:{state}/stdio.db"]


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
        process.terminate()  # hurry: what is left of a test is of no interest
        if process.wait(timeout=LIMIT) != 0:
            raise AssertionError(f"the server exited with {process.returncode} after SIGTERM")
    await drain


async def until(holds, what):
    """Returns once `await holds()`; fails after ten seconds."""
    for _ in range(1000):
        if await holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never: {what}")


# What the user, the model and the host of every client answer.
def elicitation(params):
    return ElicitResult(action="accept", content=None if params.mode == "url" else {"dish": "soup", "dessert": True})


def sampling():
    return CreateMessageResult(role="assistant", model="test", content=TextContent(type="text", text="forty-two"))


def roots():
    return ListRootsResult(roots=[Root(uri="file:///srv/project", name="work")])


async def raises(what, awaited):
    try:
        await awaited
    except Exception as error:
        return error
    raise AssertionError(f"no error: {what}")


async def text_of(called):
    return "".join(item.text for item in (await called).content)


async def tools(talk):
    found = {tool.name: tool for tool in (await talk.list_tools()).tools}
    assert {"echo", "wait", "weather", "ask_form"} <= set(found), found
    assert found["weather"].output_schema


async def call(talk):
    assert await text_of(talk.call_tool("echo", {"text": "grüezi"})) == "grüezi"


async def structured_result(talk):
    given = (await talk.call_tool("weather", {"city": "Oslo", "days": 3})).structured_content
    assert [day["what"] for day in given["days"]] == ["clear", "rain", "clear"], given


async def every_type_of_content(talk):
    types = [item.type for item in (await talk.call_tool("contents", {})).content]
    assert types == ["text", "image", "audio", "resource", "resource_link"], types


async def failed_tool(talk):
    assert (await talk.call_tool("fail", {})).is_error


async def wrong_arguments(talk):
    result = await talk.call_tool("weather", {"city": "Oslo", "days": 99})
    assert result.is_error and "days" in result.content[0].text, result


async def unknown_tool(talk):
    assert "no_such_tool" in str(await raises("unknown tool", talk.call_tool("no_such_tool", {})))


async def progress(talk):
    seen = []

    async def told(done, total, message):
        seen.append((done, total))

    async def whole():
        return len(seen) >= 3

    await talk.call_tool("wait", {"steps": 3, "step_ms": 100}, progress=told)
    await until(whole, "three notifications")
    assert seen[-1] == (3, 3), seen


async def log_messages_by_level(talk):
    async def two():
        return len(talk.logs) >= 2

    steps = ("wait", {"steps": 2, "step_ms": 10})
    await talk.call_tool(*steps, meta=await talk.at_level("error"))
    assert not talk.logs, talk.logs
    await talk.call_tool(*steps, meta=await talk.at_level("info"))
    await until(two, "two log messages")
    assert "step 1 is done" in str(talk.logs[0]), talk.logs


async def cancel(talk):
    begun = asyncio.Event()

    async def told(done, total, message):
        begun.set()

    running = asyncio.create_task(talk.call_tool("wait", {"steps": 1000, "step_ms": 50}, progress=told))
    await begun.wait()
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert await text_of(talk.call_tool("echo", {"text": "still there"})) == "still there"


async def form(talk):
    assert re.search("soup.*dessert", await text_of(talk.call_tool("ask_form", {})))


async def page(talk):
    assert await text_of(talk.call_tool("ask_page", {})) == "Logged in."


async def samples(talk):
    assert "forty-two" in await text_of(talk.call_tool("ask_model", {"text": "6 × 7?"}))


async def lists_roots(talk):
    assert "file:///srv/project" in await text_of(talk.call_tool("ask_roots", {}))


async def resources(talk):
    uris = sorted(str(one.uri) for one in (await talk.list_resources()).resources)
    assert uris == ["every://about", "every://dot"], uris


async def text(talk):
    assert (await talk.read_resource("every://about")).contents[0].text == "A server that shows every feature"


async def blob(talk):
    assert base64.b64decode((await talk.read_resource("every://dot")).contents[0].blob) == b"P5 1 1 255\n\x80"


async def templates(talk):
    listed = (await talk.list_resource_templates()).resource_templates
    assert [one.uri_template for one in listed] == ["every://item/{number}"], listed
    assert (await talk.read_resource("every://item/7")).contents[0].text == "item 7"


async def unknown_resource(talk):
    await raises("unknown resource", talk.read_resource("every://nothing"))


async def updated(talk):
    async def heard():
        await talk.call_tool("touch", {})  # again: a session may listen (GET) a little after it began
        return "every://dot" in talk.updated

    async with talk.watch(resource="every://dot"):
        await until(heard, "the resource is said to be updated")


async def lists_that_change(talk):
    async def heard():
        await talk.call_tool("toggle", {})
        return talk.changed

    async with talk.watch(tools=True):
        await until(heard, "the list is said to have changed")


async def prompts(talk):
    (letter,) = (await talk.list_prompts()).prompts
    assert (letter.name, [given.name for given in letter.arguments]) == ("letter", ["to"]), letter


async def prompt(talk):
    messages = (await talk.get_prompt("letter", {"to": "Ada"})).messages
    assert [one.content.text for one in messages] == ["Write a letter to Ada.", "Dear Ada,"], messages


async def completion(talk):
    async def completed(ref, name, value):
        return (await talk.complete(ref, {"name": name, "value": value})).completion.values

    assert await completed(PromptReference(type="ref/prompt", name="letter"), "to", "A") == ["Ada", "Alan"]
    item = ResourceTemplateReference(type="ref/resource", uri="every://item/{number}")
    assert await completed(item, "number", "1") == ["1", "12"]


TRIES = {
    "tools": tools, "call": call, "structured result": structured_result,
    "every type of content": every_type_of_content, "failed tool": failed_tool,
    "wrong arguments": wrong_arguments, "unknown tool": unknown_tool, "progress": progress,
    "log messages by level": log_messages_by_level, "cancel": cancel, "form": form, "page": page,
    "sampling": samples, "roots": lists_roots, "resources": resources, "text": text, "bytes": blob,
    "templates": templates, "unknown resource": unknown_resource, "updated": updated,
    "lists that change": lists_that_change, "prompts": prompts, "prompt": prompt, "completion": completion,
}


async def try_all(wires, connect, tries, able=lambda wire, name: True):
    """Runs them over stdio and HTTP, prints TAP. The exit code."""
    server = os.path.join(os.path.dirname(os.environ["LONGHAUL"]), "longhaul-everything")
    failed = number = 0
    for wire in wires:
        for way, opening in (("stdio", over_stdio), ("HTTP", over_http)):
            with tempfile.TemporaryDirectory(prefix="longhaul-peers-") as state:
                async with opening(server, state) as to:
                    for name, attempt in tries.items():
                        if not able(wire, name):
                            continue
                        number += 1
                        label = f"{number} - {wire} over {way}: {name}"
                        try:
                            async with connect(to, wire) as talk:
                                await asyncio.wait_for(attempt(talk), LIMIT)
                            print(f"ok {label}", flush=True)
                        except Exception:
                            failed += 1
                            print(f"not ok {label}", flush=True)
                            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    print(f"1..{number}")
    return 1 if failed else 0


def main(*given, **options):
    sys.exit(asyncio.run(try_all(*given, **options)))
