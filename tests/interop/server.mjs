// SPDX-License-Identifier: Apache-2.0
// Starts the server under test for an interop test, over stdio or on a free port.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {once} from 'node:events';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

import {StdioClientTransport} from '@modelcontextprotocol/sdk/client/stdio.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary =
    path.resolve(process.env.LONGHAUL_SERVER ?? path.join(root, 'build/release/longhaul-handlers'));

/** The SDK starts the server itself and stops it when the client is closed. */
export async function overStdio() {
  return {
    transport: new StdioClientTransport({command: binary, args: ['--stdio', '--store', freshStore()], stderr: 'inherit'}),
    stop: async () => {},
  };
}

/** The address that the server says it listens on; what it writes after that is passed on. */
// A store of its own for each server, removed at the end of the tests.
const state = mkdtempSync(path.join(tmpdir(), 'longhaul-interop-'));
process.on('exit', () => rmSync(state, {recursive: true, force: true}));
let servers = 0;
function freshStore() {
  servers += 1;
  return `sqlite:${state}/${servers}.db`;
}

async function listening(child) {
  const lines = createInterface({input: child.stderr});
  const said = [];
  for await (const line of lines) {
    const url = /^.*listening on (http:\S+)$/.exec(line)?.[1];
    if (url) {
      child.stderr.resume();
      return url;
    }
    said.push(line);
  }
  throw new Error(`the server does not listen; it said: ${said.join('\n')}`);
}

export async function overHttp() {
  const child = spawn(binary, ['--http', '127.0.0.1:0', '--store', freshStore()], {stdio: ['ignore', 'ignore', 'pipe']});
  const exited = once(child, 'exit');
  const url = await listening(child);
  return {
    transport: new StreamableHTTPClientTransport(new URL(url)),
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      if (code !== 0) throw new Error(`the server exited with ${code} after SIGTERM`);
    },
  };
}
