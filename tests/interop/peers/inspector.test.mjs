// SPDX-License-Identifier: Apache-2.0
// The Inspector's command line in both eras, over HTTP and over a pipe. It asks nobody anything; in 2026-07-28 it
// follows tasks to their end.
import assert from 'node:assert/strict';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {textOf} from './everything.mjs';
import {command, example, here, serveExample, temporaryFolder} from './serving.mjs';

const limit = {timeout: 120_000};
const program =
    path.join(here, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const folder = temporaryFolder();
const env = {...process.env, HOME: folder, XDG_STATE_HOME: folder};
let server;

before(async () => (server = await serveExample('everything')));
after(async () => server?.stop());

const {command: everything, args} = example('everything');
// Behind a command everything is the command's: options come first there.
const ways = {
  stdio: (options) => [...options, '--', everything, ...args],
  HTTP: (options) => [server.url, '--transport', 'http', ...options],
};

const tries = {
  'tools': async (inspect) => {  // with its strict look at their schemas
    const {tools} = await inspect('tools/list', '--strict');
    assert.ok(tools.some((tool) => tool.name === 'weather' && tool.outputSchema));
  },
  'call': async (inspect) =>
      assert.equal(textOf(await inspect('tools/call', '--tool-name', 'echo', '--tool-arg', 'text=grüezi')), 'grüezi'),
  'structured result': async (inspect) => {
    const {structuredContent} =
        await inspect('tools/call', '--tool-name', 'weather', '--tool-arg', 'city=Oslo', 'days=3');
    assert.equal(structuredContent.days.length, 3);
  },
  'wrong arguments': async (inspect) => {
    const {code, out} = await inspect.fails('tools/call', '--tool-name', 'weather', '--tool-arg', 'city=Oslo', 'days=99');
    assert.equal(code, 5);
    assert.match(out, /days/);
  },
  'task and poll': async (inspect) => {
    const result = await inspect('tools/call', '--tool-name', 'wait', '--tool-arg', 'steps=2', 'step_ms=50');
    assert.equal(textOf(result), 'waited 2 steps');
  },
  'resources': async (inspect) => assert.equal((await inspect('resources/list')).resources.length, 2),
  'text': async (inspect) => {
    const {contents: [about]} = await inspect('resources/read', '--uri', 'every://about');
    assert.equal(about.text, 'A server that shows every feature');
  },
  'bytes': async (inspect) => {
    const {contents: [dot]} = await inspect('resources/read', '--uri', 'every://dot');
    assert.deepEqual(Buffer.from(dot.blob, 'base64'), Buffer.from('P5 1 1 255\n\x80', 'latin1'));
  },
  'templates': async (inspect) => {
    const {resourceTemplates: [item]} = await inspect('resources/templates/list');
    assert.equal(item.uriTemplate, 'every://item/{number}');
    assert.equal((await inspect('resources/read', '--uri', 'every://item/7')).contents[0].text, 'item 7');
  },
  'prompts': async (inspect) => assert.equal((await inspect('prompts/list')).prompts[0].name, 'letter'),
  'prompt': async (inspect) => {
    const {messages} = await inspect('prompts/get', '--prompt-name', 'letter', '--prompt-args', 'to=Ada');
    assert.deepEqual(messages.map(({content}) => content.text), ['Write a letter to Ada.', 'Dear Ada,']);
  },
};

for (const [revision, era] of [['2026-07-28', 'modern'], ['2025-11-25', 'legacy']]) {
  for (const [way, line] of Object.entries(ways)) {
    const run = (method, ...options) =>
        command(process.execPath, [program, '--cli', ...line(['--protocol-era', era, '--method', method, ...options])],
                {env, cwd: folder});
    const inspect = async (...given) => {
      const done = await run(...given);
      assert.equal(done.code, 0, done.out + done.error);
      return JSON.parse(done.out);
    };
    inspect.fails = run;
    for (const [name, attempt] of Object.entries(tries)) {
      if (name === 'task and poll' && era === 'legacy') continue;
      test(`${revision} over ${way}: ${name}`, limit, () => attempt(inspect));
    }
  }
}
