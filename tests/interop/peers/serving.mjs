// SPDX-License-Identifier: Apache-2.0
// Starts `longhaul serve`, or an example, on a free port with a state folder of its own, for the time of
// a test file.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '../../..');
const binary = path.resolve(process.env.LONGHAUL ?? path.join(root, 'build/release/longhaul'));
const states = [];
process.on('exit', () => states.forEach((folder) => rmSync(folder, {recursive: true, force: true})));

/** A folder that is removed when this process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhaul-peers-'));
  states.push(folder);
  return folder;
}

/** Serves a file of the repository, or a text. Gives `url` and `stop`. */
export async function serve({file, text}) {
  const folder = temporaryFolder();
  let config = file && path.join(root, file);
  if (text) {
    config = path.join(folder, 'tools.toml');
    writeFileSync(config, text);
  }
  return listening(binary, ['serve', config], {...process.env, XDG_STATE_HOME: folder});
}

/** How to start an example over stdio. */
export function example(name) {
  return {
    command: path.join(path.dirname(binary), `longhaul-${name}`),
    args: ['--stdio'],
    env: {...process.env, XDG_STATE_HOME: temporaryFolder()},
  };
}

/** Serves an example. Gives `url` and `stop`. */
export async function serveExample(name) {
  const {command: program, env} = example(name);
  return listening(program, [], env);
}

async function listening(program, args, env) {
  const child = spawn(program, [...args, '--http', '127.0.0.1:0'], {stdio: ['ignore', 'ignore', 'pipe'], env});
  const exited = once(child, 'exit');
  const said = [];
  let url;
  for await (const line of createInterface({input: child.stderr})) {
    said.push(line);
    url = /(http:\/\/127\.0\.0\.1:\d+\/mcp)/.exec(line)?.[1];
    if (url) break;
  }
  if (!url) throw new Error(`the server does not listen; it said: ${said.join('\n')}`);
  child.stderr.resume();
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      child.kill('SIGTERM');  // hurry: what is left of a test is of no interest
      const [code] = await exited;
      if (code !== 0) throw new Error(`the server exited with ${code} after SIGTERM`);
    },
  };
}

/** Runs a command; what it printed, its exit code. */
export async function command(program, args, options = {}) {
  const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, ...options});
  let out = '', error = '';
  child.stdout.on('data', (bytes) => (out += bytes));
  child.stderr.on('data', (bytes) => (error += bytes));
  const [code] = await once(child, 'close');
  return {code, out, error};
}
