// SPDX-License-Identifier: Apache-2.0
// mcpc, a command-line client of revision 2025-11-25 with tasks, against the quickstart.
import assert from 'node:assert/strict';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {command, here, serve, temporaryFolder} from './serving.mjs';

const limit = {timeout: 120_000};
const program = path.join(here, 'node_modules/@apify/mcpc/bin/mcpc');
const env = {...process.env, MCPC_HOME_DIR: temporaryFolder()};
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
const textOf = (result) => result.content.map((item) => item.text ?? '').join('');

before(async () => {
  server = await serve({file: 'examples/quickstart/longhaul.toml'});
  await succeeds('connect', server.url, '@longhaul');
});
after(async () => {
  await mcpc('close', '@longhaul');
  await server?.stop();
});

test('HTTP: tools', limit, async () => {
  const tools = await succeeds('@longhaul', 'tools-list');
  assert.ok(tools.some((tool) => tool.name === 'countdown'));
});
test('HTTP: call', limit, async () => {
  assert.match(textOf(await succeeds('@longhaul', 'tools-call', 'countdown', 'seconds:=1')), /Lift-off/);
});
test('HTTP: call as a task', limit, async () => {
  assert.match(textOf(await succeeds('@longhaul', 'tools-call', 'countdown', 'seconds:=2', '--task')),
               /Lift-off/);
});
test('HTTP: task, list, cancel', limit, async () => {
  const made = await succeeds('@longhaul', 'tools-call', 'countdown', 'seconds:=600', '--detach');
  assert.ok(made.taskId, JSON.stringify(made));
  const {tasks} = await succeeds('@longhaul', 'tasks-list');
  assert.ok(tasks.some((task) => task.taskId === made.taskId && task.status === 'working'),
            JSON.stringify(tasks));
  assert.equal((await succeeds('@longhaul', 'tasks-get', made.taskId)).status, 'working');
  await succeeds('@longhaul', 'tasks-cancel', made.taskId);
  assert.equal((await succeeds('@longhaul', 'tasks-get', made.taskId)).status, 'cancelled');
});
test('HTTP: wrong arguments', limit, async () => {
  const {code, reply} = await mcpc('@longhaul', 'tools-call', 'countdown', 'seconds:=-3');
  assert.ok(code !== 0 || reply.isError, JSON.stringify(reply));
  assert.match(JSON.stringify(reply), /seconds/);
});
