// SPDX-License-Identifier: Apache-2.0
// A page of an allowed site in a real browser (headless Chromium) calls a tool of the server: preflight,
// headers that the page may read, a stream. A page of another site is refused.
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {once} from 'node:events';
import {after, before, test} from 'node:test';

import {chromium} from 'playwright-core';

import {serve} from './serving.mjs';

const limit = {timeout: 90_000};
const pages = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>page</title>');
});
let server, browser, allowed, other;

before(async () => {
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  const {port} = pages.address();
  allowed = `http://app.example:${port}`;
  other = `http://evil.example:${port}`;
  server = await serve({text: `
[server]
name = "browser"
allow_origins = ["${allowed}"]
[[key]]
name = "page"
sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # of "secret"
[[tool]]
name = "echo"
description = "Says it again"
command = ["echo", "{text}"]
  [tool.params.text]
  type = "string"
  required = true
`});
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1']});
});
after(async () => {
  await browser?.close();
  pages.close();
  await server?.stop();
});

async function inPage(site, work) {
  const page = await browser.newPage();
  try {
    await page.goto(site);
    return await page.evaluate(work, server.url);
  } finally {
    await page.close();
  }
}

test('2026-07-28 over HTTP: a page of an allowed site calls a tool', limit, async () => {
  const reply = await inPage(allowed, async (url) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json', 'accept': 'application/json, text/event-stream',
        'authorization': 'Bearer secret', 'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call', 'mcp-name': 'echo',
      },
      body: JSON.stringify({jsonrpc: '2.0', id: 1, method: 'tools/call', params: {
        name: 'echo', arguments: {text: 'from a page'}, _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {}}}}),
    });
    return {status: response.status, text: await response.text()};
  });
  assert.equal(reply.status, 200, reply.text);
  assert.match(reply.text, /from a page/);
});

test('2025-11-25 over HTTP: a page of an allowed site opens a session', limit, async () => {
  const seen = await inPage(allowed, async (url) => {
    const headers = {'content-type': 'application/json',
                     'accept': 'application/json, text/event-stream', 'authorization': 'Bearer secret'};
    const post = (more, message) => fetch(url, {method: 'POST', headers: {...headers, ...more},
                                                body: JSON.stringify({jsonrpc: '2.0', ...message})});
    const begun = await post({}, {id: 1, method: 'initialize', params: {
      protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {name: 'page', version: '1'}}});
    const session = begun.headers.get('mcp-session-id');
    const of = {'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25'};
    await post(of, {method: 'notifications/initialized'});
    const called = await post(of, {id: 2, method: 'tools/call', params: {
      name: 'echo', arguments: {text: 'in a session'}, _meta: {progressToken: 1}}});
    const text = await called.text();
    const ended = await fetch(url, {method: 'DELETE', headers: {...headers, ...of}});
    return {session, text, ended: ended.status};
  });
  assert.ok(seen.session, 'the page may read Mcp-Session-Id');
  assert.match(seen.text, /in a session/);
  assert.equal(seen.ended, 204);
});

test('2026-07-28 over HTTP: a page learns that its key is wrong', limit, async () => {
  const seen = await inPage(allowed, async (url) => {
    const response = await fetch(url, {method: 'POST', body: '{}', headers: {
      'content-type': 'application/json', 'authorization': 'Bearer wrong'}});
    return {status: response.status, challenge: response.headers.get('www-authenticate')};
  });
  assert.equal(seen.status, 401);
  assert.match(seen.challenge ?? '', /Bearer/);
});

test('2026-07-28 over HTTP: a page of another site is refused', limit, async () => {
  const refused = await inPage(other, async (url) => {
    try {
      await fetch(url, {method: 'POST', body: '{}', headers: {'content-type': 'application/json'}});
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused);
});
