// SPDX-License-Identifier: Apache-2.0
// mcpc, a command-line client of revision 2025-11-25 with tasks, over HTTP and over a pipe.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {textOf} from './everything.mjs';
import {command, example, here, serveExample, temporaryFolder} from './serving.mjs';

const limit = {timeout: 120_000};
const program = path.join(here, 'node_modules/@apify/mcpc/bin/mcpc');
const env = {...process.env, MCPC_HOME_DIR: temporaryFolder()};
const config = path.join(temporaryFolder(), 'mcp.json');
writeFileSync(config, JSON.stringify({mcpServers: {everything: example('everything')}}));
let server;

async function mcpc(...args) {
  const {code, out, error} = await command(process.execPath, [program, '--json', ...args], {env});
  return {code, error, reply: out.trim() ? JSON.parse(out) : undefined};
}
async function succeeds(...args) {
  const done = await mcpc(...args);
  assert.equal(done.code, 0, `${args.join(' ')}: ${JSON.stringify(done.reply)} ${done.error}`);
  return done.reply;
}

// It gives its bridge five seconds to start, which on a busy machine are few.
async function connect(to, session) {
  for (let left = 5; left > 0; --left) {
    if ((await mcpc('connect', to, session)).code === 0) return;
  }
  await succeeds('connect', to, session);
}

before(async () => {
  server = await serveExample('everything');
  await connect(server.url, '@HTTP');
  await connect(`${config}:everything`, '@stdio');
});
after(async () => {
  await mcpc('close', '@HTTP');
  await mcpc('close', '@stdio');
  await server?.stop();
});

const tries = {
  'tools': async (ask) => assert.ok((await ask('tools-list')).some((tool) => tool.name === 'weather' && tool.outputSchema)),
  'call': async (ask) => assert.equal(textOf(await ask('tools-call', 'echo', 'text:=grüezi')), 'grüezi'),
  'structured result': async (ask) => {
    const {structuredContent} = await ask('tools-call', 'weather', 'city:=Oslo', 'days:=3');
    assert.equal(structuredContent.days.length, 3);
  },
  'wrong arguments': async (ask, session) => {
    const {code, reply} = await mcpc(session, 'tools-call', 'weather', 'city:=Oslo', 'days:=99');
    assert.ok(code !== 0 || reply.isError, JSON.stringify(reply));
    assert.match(JSON.stringify(reply), /days/);
  },
  'resources': async (ask) => assert.equal((await ask('resources-list')).length, 2),
  'text': async (ask) => {
    const {contents: [about]} = await ask('resources-read', 'every://about');
    assert.equal(about.text, 'A server that shows every feature');
  },
  'bytes': async (ask) => {
    const {contents: [dot]} = await ask('resources-read', 'every://dot');
    assert.deepEqual(Buffer.from(dot.blob, 'base64'), Buffer.from('P5 1 1 255\n\x80', 'latin1'));
  },
  'templates': async (ask) => {
    assert.equal((await ask('resources-templates-list'))[0].uriTemplate, 'every://item/{number}');
    assert.equal((await ask('resources-read', 'every://item/7')).contents[0].text, 'item 7');
  },
  'prompts': async (ask) => assert.equal((await ask('prompts-list'))[0].name, 'letter'),
  'prompt': async (ask) => {
    const {messages} = await ask('prompts-get', 'letter', 'to:=Ada');
    assert.deepEqual(messages.map(({content}) => content.text), ['Write a letter to Ada.', 'Dear Ada,']);
  },
  'task and poll': async (ask) =>
      assert.equal(textOf(await ask('tools-call', 'wait', 'steps:=2', 'step_ms:=100', '--task')), 'waited 2 steps'),
  'cancelled task': async (ask) => {
    const {taskId} = await ask('tools-call', 'wait', 'steps:=1000', '--detach');
    assert.equal((await ask('tasks-get', taskId)).status, 'working');
    await ask('tasks-cancel', taskId);
    assert.equal((await ask('tasks-get', taskId)).status, 'cancelled');
  },
};

// Over HTTP nobody tells callers without a key apart, so they are not offered a list of tasks.
const listed = async (ask) => {
  const {taskId} = await ask('tools-call', 'wait', 'steps:=1000', '--detach');
  const {tasks} = await ask('tasks-list');
  assert.ok(tasks.some((task) => task.taskId === taskId && task.status === 'working'), JSON.stringify(tasks));
  await ask('tasks-cancel', taskId);
};

for (const way of ['stdio', 'HTTP']) {
  const all = way === 'stdio' ? {...tries, 'list of tasks': listed} : tries;
  for (const [name, attempt] of Object.entries(all)) {
    test(`2025-11-25 over ${way}: ${name}`, limit,
         () => attempt((...args) => succeeds(`@${way}`, ...args), `@${way}`));
  }
}
