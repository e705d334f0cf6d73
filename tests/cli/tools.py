# SPDX-License-Identifier: Apache-2.0
"""`longhaul tools`, and how a server is named: URL, file, name in a file of names, $LONGHAUL_SERVER, command."""
import json

from cli import equal, has, lacks, test


@test
def a_table_of_tools(box):
    for server in ("tools.toml", box.serve().url):
        table = box.run("tools", server).out.splitlines()
        equal(table[0].split(), ["NAME", "WHAT", "IT", "DOES"])
        equal([row.split()[0] for row in table[1:]],
              ["args", "object", "steps", "fail", "limited", "again", "order", "quoted", "two", "note", "note_always", "held"])
        has(table[1], "Arguments")
        lacks("\n".join(table), "\x1b")


@test
def a_page_of_one_tool(box):
    page = box.run("tools", "tools.toml", "args").out
    has(page, "args – Arguments", "Prints the arguments that it got, one a line.", "text    text; required",
        "Any words", "integer 1 to 9; default 1", "number", "true or false; default false",
        "one of red, green, blue", "only reads", "longhaul call tools.toml args text=")


@test
def tools_as_json(box):
    every = box.run("tools", "tools.toml", "--json").json["tools"]
    one = box.run("tools", "tools.toml", "args", "--json").json
    equal(every[0], one)
    equal(one["inputSchema"]["required"], ["text"])


@test
def an_unknown_tool(box):
    told = box.run("tools", "tools.toml", "arg", code=2)
    has(told.err, 'tools.toml has no tool "arg"; did you mean "args"?')
    equal(told.out, "")
    told = box.run("tools", "tools.toml", "arg", "--json", code=2).json
    has(told["error"]["message"], 'did you mean "args"?')
    equal(told["exit"], 2)


@test
def more_words_than_a_tool(box):
    told = box.run("tools", "tools.toml", "args", "steps", code=2)
    has(told.err, "steps")


def names(box, environment=None, cwd=None):
    return lambda *words, code=0: box.run("tools", *words, code=code, env=environment, cwd=cwd)


@test
def names_of_mcp_json(box):
    served = {"mcpServers": {"mine": {"command": box.longhaul, "args": ["serve", "tools.toml", "--stdio"]},
                             "far": {"type": "http", "url": box.serve().url}}}
    box.write(".mcp.json", json.dumps(served))
    below = box.folder / "a/b"
    below.mkdir(parents=True)
    for name in ("mine", "far"):
        for folder in (box.folder, below):
            has(box.run("tools", name, cwd=folder).out, "args")
        equal(box.run("call", name, "args", "text=hi").out.splitlines()[0], "text=hi")
    told = box.run("tools", "mien", code=2)
    has(told.err, '"mien"', 'did you mean "mine"?')


@test
def names_of_vscode(box):
    commented = f"""{{
      // as VS Code has it
      "servers": {{"vs": {{"type": "http", "url": "{box.serve().url}"}},}}
    }}"""
    box.write(".vscode/mcp.json", commented)
    has(box.run("tools", "vs").out, "args")


@test
def names_of_servers_toml(box):
    box.write(".config/longhaul/servers.toml",
              f'[servers.farm]\nurl = "{box.serve().url}"\n\n'
              f'[servers.near]\ncommand = ["{box.longhaul}", "serve", "{box.folder}/tools.toml", "--stdio"]\n')
    for name in ("farm", "near"):
        has(box.run("tools", name).out, "args")
        equal(box.run("call", name, "object").out, '{"sum":3,"words":["a","b"]}\n')


@test
def the_server_of_the_environment(box):
    there = {"LONGHAUL_SERVER": box.serve().url}
    has(box.run("tools", env=there).out, "args")
    has(box.run("tools", "args", env=there).out, "Any words")
    equal(box.run("call", "args", "text=x", env=there).out.splitlines()[0], "text=x")
    has(box.run("tools", "tools.toml", "args", env=there).out, "Any words")
    has(box.run("tools", code=2).err, "LONGHAUL_SERVER")


@test
def a_command_as_server(box):
    command = ("--", box.longhaul, "serve", "tools.toml", "--stdio")
    has(box.run("tools", *command).out, "args")
    equal(box.run("call", "args", "text=x", *command).out.splitlines()[0], "text=x")
    told = box.run("tools", "--", "/no/such/program", code=6)
    has(told.err, "/no/such/program")
    has(box.run("tools", "--", "false", code=6).err, "false")


@test
def a_file_with_a_fault(box):
    box.write("faulty.toml", '[server]\nname = "x"\n[[tool]]\nname = "t"\n')
    told = box.run("tools", "faulty.toml", code=None)
    has(told.err, "faulty.toml", "command")
    assert told.code in (2, 6), told
    has(box.run("tools", "absent.toml", code=2).err, "absent.toml")


@test
def commands_that_are_none(box):
    for words, nearest in ((("cal",), "call"), (("tasks", "lst"), "list"), (("completoin",), "completion")):
        has(box.run(*words, code=2).err, f'"{nearest}"')
    has(box.run("call", "tools.toml", code=2).err, "which tool?")
    has(box.run("call", "tools.toml", "args", "--jsn", code=2).err, "--jsn")
    for words in ((), ("call",), ("tools",), ("tasks",), ("tasks", "watch"), ("completion",)):
        has(box.run(*words, "--help").out, "Usage")


@test
def completion_of_words(box):
    for shell in ("bash", "zsh", "fish"):
        has(box.run("completion", shell).out, "longhaul")
    has(box.run("completion", "csh", code=2).err, "csh")

    def complete(*words):
        return [line.split("\t")[0] for line in box.run("__complete", "--", *words).out.splitlines()]
    url = box.serve().url
    has(complete("ca"), "call")
    equal(complete("call", url, "ar"), ["args"])
    equal(complete("call", "-q", "--timeout", "5s", url, "ar"), ["args"])
    equal(complete("call", url, "args", "colour="), ["colour=red", "colour=green", "colour=blue"])
    has(complete("call", url, "args", ""), "text=", "colour=")
    has(complete("tasks", ""), "list", "watch", "answer")
    id = box.run("call", url, "object", "--json").json["task"]["id"]
    assert id.startswith(complete("tasks", "get", id[:4])[0])
    has(complete("tasks", "get", "la"), "last")
