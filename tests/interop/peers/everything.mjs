// SPDX-License-Identifier: Apache-2.0
// What the TypeScript SDKs try with examples/everything, whichever of them and in whichever era. A peer gives
// `connect(talk, transport)`, which fills `talk`: `client`, the handlers that answer the server's
// questions and take its notifications, and where the eras differ `atLevel` and `watch`.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {example, serveExample} from './serving.mjs';

const limit = {timeout: 60_000};

/** Resolves once `holds` does; fails after ten seconds. */
export async function until(holds, what) {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never: ${what}`);
}

export const textOf = (result) => result.content.map((item) => item.text ?? '').join('');

/** What the user, the model and the host of every client answer. */
export const answers = {
  elicitation: async ({params}) =>
      params.mode === 'url' ? {action: 'accept'} : {action: 'accept', content: {dish: 'soup', dessert: true}},
  sampling: async () => ({role: 'assistant', model: 'test', content: {type: 'text', text: 'forty-two'}}),
  roots: async () => ({roots: [{uri: 'file:///srv/project', name: 'work'}]}),
};
export const capabilities = {elicitation: {form: {}, url: {}}, sampling: {}, roots: {listChanged: true}};

const call = ({client}, name, args = {}, options) => client.callTool({name, arguments: args}, options);

/** Tools, and what a call hears while it runs. */
export const tools = {
  'tools': async ({client}) => {
    const found = (await client.listTools()).tools;
    for (const name of ['echo', 'wait', 'weather', 'ask_form']) assert.ok(found.some((tool) => tool.name === name));
    assert.ok(found.find((tool) => tool.name === 'weather').outputSchema);
  },
  'call': async (talk) => assert.equal(textOf(await call(talk, 'echo', {text: 'grüezi'})), 'grüezi'),
  'structured result': async (talk) => {
    const {structuredContent} = await call(talk, 'weather', {city: 'Oslo', days: 3});
    assert.equal(structuredContent.city, 'Oslo');
    assert.deepEqual(structuredContent.days.map((day) => day.what), ['clear', 'rain', 'clear']);
  },
  'every type of content': async (talk) => {
    const {content} = await call(talk, 'contents');
    assert.deepEqual(content.map((item) => item.type), ['text', 'image', 'audio', 'resource', 'resource_link']);
  },
  'failed tool': async (talk) => assert.equal((await call(talk, 'fail')).isError, true),
  'wrong arguments': async (talk) => {
    const result = await call(talk, 'weather', {city: 'Oslo', days: 99});
    assert.equal(result.isError, true);
    assert.match(textOf(result), /days/);
  },
  'unknown tool': async (talk) => assert.rejects(call(talk, 'no_such_tool'), {code: -32602}),
  'progress': async (talk) => {
    const seen = [];
    await call(talk, 'wait', {steps: 3, step_ms: 100}, {onprogress: (progress) => seen.push(progress)});
    await until(() => seen.length >= 3, 'three notifications');
    assert.deepEqual(seen.slice(-1).map(({progress, total}) => [progress, total]), [[3, 3]]);
  },
  'log messages by level': async (talk) => {
    const steps = (_meta) =>
        talk.client.callTool({name: 'wait', arguments: {steps: 2, step_ms: 10}, ...(_meta && {_meta})});
    await talk.atLevel('error', steps);
    assert.deepEqual(talk.logs, []);
    await talk.atLevel('info', steps);
    await until(() => talk.logs.length >= 2, 'two log messages');
    assert.match(JSON.stringify(talk.logs[0]), /step 1 is done/);
  },
  'cancel': async (talk) => {
    const stop = new AbortController();
    await assert.rejects(call(talk, 'wait', {steps: 1000, step_ms: 50},
                              {signal: stop.signal, onprogress: () => stop.abort()}));
    assert.equal(textOf(await call(talk, 'echo', {text: 'still there'})), 'still there');
  },
};

/** What the server asks in the middle of a call. */
export const questions = {
  'form': async (talk) => assert.match(textOf(await call(talk, 'ask_form')), /soup.*dessert/),
  'page': async (talk) => assert.equal(textOf(await call(talk, 'ask_page')), 'Logged in.'),
  'sampling': async (talk) => assert.match(textOf(await call(talk, 'ask_model', {text: '6 × 7?'})), /forty-two/),
  'roots': async (talk) => assert.match(textOf(await call(talk, 'ask_roots')), /file:\/\/\/srv\/project/),
};

/** Resources, prompts, completion, and what changes meanwhile. */
export const others = {
  'resources': async ({client}) => {
    const {resources} = await client.listResources();
    assert.deepEqual(resources.map((resource) => resource.uri).sort(), ['every://about', 'every://dot']);
  },
  'text': async ({client}) => {
    const {contents: [about]} = await client.readResource({uri: 'every://about'});
    assert.equal(about.text, 'A server that shows every feature');
  },
  'bytes': async ({client}) => {
    const {contents: [dot]} = await client.readResource({uri: 'every://dot'});
    assert.deepEqual(Buffer.from(dot.blob, 'base64'), Buffer.from('P5 1 1 255\n\x80', 'latin1'));
  },
  'templates': async ({client}) => {
    const {resourceTemplates: [item]} = await client.listResourceTemplates();
    assert.equal(item.uriTemplate, 'every://item/{number}');
    assert.equal((await client.readResource({uri: 'every://item/7'})).contents[0].text, 'item 7');
  },
  'unknown resource': async ({client}) => assert.rejects(client.readResource({uri: 'every://nothing'})),
  'updated': async (talk) => {
    const stop = await talk.watch({resource: 'every://dot'});
    await until(async () => {
      await call(talk, 'touch');  // again: a session may listen (GET) a little after it began
      return talk.updated.includes('every://dot');
    }, 'the resource is said to be updated');
    await stop();
  },
  'lists that change': async (talk) => {
    const stop = await talk.watch({tools: true});
    await until(async () => {
      await call(talk, 'toggle');
      return talk.changed > 0;
    }, 'the list is said to have changed');
    await stop();
  },
  'prompts': async ({client}) => {
    const {prompts: [letter]} = await client.listPrompts();
    assert.deepEqual([letter.name, letter.arguments.map((given) => given.name)], ['letter', ['to']]);
  },
  'prompt': async ({client}) => {
    const {messages} = await client.getPrompt({name: 'letter', arguments: {to: 'Ada'}});
    assert.deepEqual(messages.map(({role, content}) => [role, content.text]),
                     [['user', 'Write a letter to Ada.'], ['assistant', 'Dear Ada,']]);
  },
  'completion': async ({client}) => {
    const completed = async (ref, name, value) =>
        (await client.complete({ref, argument: {name, value}})).completion.values;
    assert.deepEqual(await completed({type: 'ref/prompt', name: 'letter'}, 'to', 'A'), ['Ada', 'Alan']);
    assert.deepEqual(await completed({type: 'ref/resource', uri: 'every://item/{number}'}, 'number', '1'),
                     ['1', '12']);
  },
};

/** Makes a test of each, over stdio and HTTP. `transports` makes those of the SDK. */
export function tryAll(wire, transports, connect, tries) {
  let server;
  before(async () => (server = await serveExample('everything')));
  after(async () => server?.stop());
  const ways = {stdio: () => transports.stdio(example('everything')), HTTP: () => transports.http(new URL(server.url))};
  for (const [way, transport] of Object.entries(ways)) {
    for (const [name, attempt] of Object.entries(tries)) {
      test(`${wire} over ${way}: ${name}`, limit, async () => {
        const talk = {logs: [], updated: [], changed: 0};
        await connect(talk, transport());
        try {
          await attempt(talk);
        } finally {
          await talk.client.close();
        }
      });
    }
  }
}
