# SPDX-License-Identifier: Apache-2.0
"""The arguments of `longhaul call`: typed by the schema, from files, as JSON; and what is told when they do
not fit."""
from cli import equal, has, lacks, test


def called(box, *words, **more):
    return box.run("call", "tools.toml", "args", *words, **more)


@test
def words_by_their_type(box):
    equal(called(box, "text=5", "count=3", "ratio=0.5", "loud=true", "colour=blue", "tag=a", "tag=b c").out,
          "text=5\ncount=3\nratio=0.5\nloud\ncolour=blue\ntag=a\ntag=b c\n")
    equal(called(box, "text=a=b").out.splitlines()[0], "text=a=b")
    equal(called(box, "text=").out.splitlines()[0], "text=")


@test
def words_as_json(box):
    equal(called(box, 'text:="x y"', "count:=4", 'tag:=["p","q"]').out,
          "text=x y\ncount=4\ntag=p\ntag=q\n")


@test
def words_from_files(box):
    box.write("words.txt", "from a file")
    box.write("all.json", '{"text": "all", "count": 7, "tag": ["t"]}')
    box.write("tags.json", '["u", "v"]')
    equal(called(box, "text=@words.txt").out.splitlines()[0], "text=from a file")
    equal(called(box, "@all.json").out, "text=all\ncount=7\ntag=t\n")
    equal(called(box, "@all.json", "count=2", "tag:=@tags.json").out, "text=all\ncount=2\ntag=u\ntag=v\n")
    equal(called(box, "text=@-", input="by a pipe").out.splitlines()[0], "text=by a pipe")
    equal(called(box, "text=@@x").out.splitlines()[0], "text=@x")
    has(called(box, "text=@gone.txt", code=2).err, "gone.txt", "No such file")
    has(called(box, "@words.txt", code=2).err, "@words.txt", "no JSON")


@test
def all_that_is_wrong_at_once(box):
    told = called(box, "txt=a", "count=12x", "colour=gren", "loud=maybe", "ratio=big", code=2)
    has(told.err, '"txt"; did you mean "text"?', '"count": expected integer 1 to 9, got "12x"',
        'did you mean "green"?', '"loud": expected true or false, got "maybe"', '"ratio": expected', '"big"',
        '"text"')
    equal(told.out, "")
    equal(box.handles(), [])


@test
def what_is_missing(box):
    told = called(box, code=2)
    has(told.err, '"text"', "longhaul tools")
    told = called(box, "--json", code=2).json
    has(told["error"]["message"], '"text"')


@test
def what_only_the_server_refuses(box):
    told = called(box, "text=a", "count=12", code=1)
    has(told.err, "count", "9")
    lacks(told.err, "\x1b")


@test
def words_that_are_no_arguments(box):
    has(called(box, "text", code=2).err, '"text" is no argument', "key=value")
    has(called(box, "count=1", "count=2", "text=a", code=2).err, '"count" is given twice')
    has(called(box, "text:=nonsense", code=2).err, "no JSON")
