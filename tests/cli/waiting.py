# SPDX-License-Identifier: Apache-2.0
"""Why a task does not move, as operators are told: one test a cause."""
from admin import Site
from cli import equal, has, test, until

TOOLS = """
[[tool]]
name = "alone"
description = "Ends when there is a file NAME-1; one at once."
command = ["tools/steps.sh", "1", "{name}"]
max_running = 1
  [tool.params.name]
  type = "string"

[[tool]]
name = "by_name"
description = "The same; one at once for each name."
command = ["tools/steps.sh", "1", "{name}"]
concurrency = 1
concurrency_key = "film {name}"
  [tool.params.name]
  type = "string"

[[tool]]
name = "later"
description = "Fails, and is made again much later."
command = ["sh", "-c", "exit 75"]
retry_on = [75]
max_attempts = 3
retry_backoff = "1h"
"""


def site_of(box, server="", **more):
    served = box.read("tools.toml").replace("single_user = true\n", f"single_user = true\n{server}\n", 1)
    box.write("waiting.toml", served + TOOLS + '\n[operator]\nlisten = "127.0.0.1:0"\n')
    return Site(box, file="waiting.toml", **more)


def explained(site, id, *parts):
    """Both forms say it, and so does the caller's own view of the task."""
    until(lambda: (site.json("show", id)["why"] or "").startswith(parts[0]),
          lambda: f"{parts} of {site.json('show', id)}")
    has(site.json("show", id)["why"], *parts)
    has(site.run("explain", id).out.replace("waits for", "waiting for"), *parts)


@test
def an_answer(box):
    site = site_of(box)
    explained(site, site.asking(), "waiting for an answer")


@test
def a_paused_tool(box):
    site = site_of(box)
    site.run("pause", "alone")
    explained(site, site.begin("alone", "name=a"), "paused by the operator")


@test
def the_next_attempt(box):
    site = site_of(box)
    explained(site, site.begin("later"), "attempt 2 of 3 in ", "exit code 75")


@test
def a_full_tool(box):
    site = site_of(box)
    site.until(site.begin("alone", "name=a"), "running")
    ids = [site.begin("alone", "name=a") for _ in range(3)]
    explained(site, ids[0], "waiting: 1 of 1 running")
    explained(site, ids[2], "waiting: 1 of 1 running", ", 2 before it")


@test
def a_full_key(box):
    site = site_of(box)
    site.until(site.begin("by_name", "name=a"), "running")
    second = site.begin("by_name", "name=a")
    explained(site, second, "waiting for film name=a")
    site.until(site.begin("by_name", "name=b"), "running")
    equal(site.json("show", second)["status"], "waiting")


@test
def a_full_server(box):
    site = site_of(box, "max_running = 2")
    for name in "ab":
        site.until(site.begin("steps", f"name={name}"), "running")
    explained(site, site.begin("steps", "name=c"), "waiting: 2 of 2 running")


@test
def a_tool_that_is_gone(box):
    site = site_of(box)
    site.until(site.begin("alone", "name=a"), "running")
    id = site.begin("alone", "name=a")
    equal(site.server.stop(), 0)
    explained(Site(box), id, "waiting for the tool to be served again")
