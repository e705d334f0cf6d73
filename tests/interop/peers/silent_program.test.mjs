// SPDX-License-Identifier: Apache-2.0
// A host whose calls give up after 12 s unless progress comes (`resetTimeoutOnProgress`), and a program
// that says nothing for 26 s: the server's own progress keeps the call alive.
import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';

import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {StdioClientTransport} from '@modelcontextprotocol/sdk/client/stdio.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {writeFileSync} from 'node:fs';

import {root, serve, temporaryFolder} from './serving.mjs';

const text = `
[server]
name = "silent"
[[tool]]
name = "silent"
description = "Says nothing for a while"
command = ["sleep", "{seconds}"]
  [tool.params.seconds]
  type = "integer"
  required = true
`;
const longhaul = path.resolve(process.env.LONGHAUL ?? path.join(root, 'build/release/longhaul'));

async function outlastsTheLimit(transport) {
  const client = new Client({name: 'impatient', version: '1.0.0'});
  await client.connect(transport);
  const seen = [];
  const result = await client.callTool({name: 'silent', arguments: {seconds: 26}}, undefined, {
    timeout: 12_000, resetTimeoutOnProgress: true, onprogress: (progress) => seen.push(progress)});
  await client.close();
  assert.ok(!result.isError, JSON.stringify(result));
  assert.ok(seen.length >= 2, `${seen.length} notifications`);
  for (let i = 1; i < seen.length; ++i) assert.ok(seen[i].progress > seen[i - 1].progress);
  assert.match(seen.at(-1).message, /running for/);
}

test('2025-11-25 over HTTP: a silent program outlasts resetTimeoutOnProgress', {timeout: 90_000}, async () => {
  const server = await serve({text});
  try {
    await outlastsTheLimit(new StreamableHTTPClientTransport(new URL(server.url)));
  } finally {
    await server.stop();
  }
});
test('2025-11-25 over stdio: a silent program outlasts resetTimeoutOnProgress', {timeout: 90_000}, async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'tools.toml'), text);
  await outlastsTheLimit(new StdioClientTransport({
    command: longhaul, args: ['serve', path.join(folder, 'tools.toml'), '--stdio'],
    env: {...process.env, XDG_STATE_HOME: folder}, stderr: 'inherit'}));
});
