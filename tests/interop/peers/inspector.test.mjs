// SPDX-License-Identifier: Apache-2.0
// The Inspector's command line against the quickstart, over HTTP and over a pipe.
import assert from 'node:assert/strict';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {command, here, root, serve, temporaryFolder} from './serving.mjs';

const limit = {timeout: 120_000};
const program =
    path.join(here, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const folder = temporaryFolder();
const env = {...process.env, HOME: folder, XDG_STATE_HOME: folder};
const longhaul = path.resolve(process.env.LONGHAUL ?? path.join(root, 'build/release/longhaul'));
let server;

before(async () => (server = await serve({file: 'examples/quickstart/longhaul.toml'})));
after(async () => server?.stop());

const ways = {
  HTTP: () => [server.url, '--transport', 'http'],
  stdio: () => [longhaul, 'serve', path.join(root, 'examples/quickstart/longhaul.toml'), '--stdio'],
};

for (const [name, to] of Object.entries(ways)) {
  const inspect = async (...args) => {
    const options = args.splice(0, args.length);
    const target = to();
    // Behind a command everything is the command's: options come first there.
    const line = name === 'HTTP' ? [...target, ...options] : [...options, '--', ...target];
    const done = await command(process.execPath, [program, '--cli', ...line], {env, cwd: folder});
    assert.equal(done.code, 0, done.out + done.error);
    return JSON.parse(done.out);
  };
  test(`${name}: tools, with the strict look at their schemas`, limit, async () => {
    const {tools} = await inspect('--method', 'tools/list', '--strict');
    assert.ok(tools.length >= 7, `${tools.length} tools`);
  });
  test(`${name}: call`, limit, async () => {
    const result = await inspect('--method', 'tools/call', '--tool-name', 'countdown', '--tool-arg',
                                 'seconds=1');
    assert.match(JSON.stringify(result), /Lift-off/);
  });
  test(`${name}: resource templates`, limit, async () => {
    const {resourceTemplates} = await inspect('--method', 'resources/templates/list');
    assert.equal(resourceTemplates.length, 2);
  });
}
