// SPDX-License-Identifier: Apache-2.0
// The TypeScript SDK 1.x: revision 2025-11-25, with its core tasks.
import assert from 'node:assert/strict';

import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {StdioClientTransport} from '@modelcontextprotocol/sdk/client/stdio.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema, CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema,
  LoggingMessageNotificationSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

import {answers, capabilities, others, questions, textOf, tools, tryAll} from './everything.mjs';

/** The callTool of 2.x, which takes no schema. */
class Client2 extends Client {
  callTool(params, options) {
    return super.callTool(params, undefined, options);
  }
}

async function connect(talk, transport) {
  const client = new Client2({name: 'typescript-1', version: '1.0.0'}, {capabilities});
  client.setRequestHandler(ElicitRequestSchema, answers.elicitation);
  client.setRequestHandler(CreateMessageRequestSchema, answers.sampling);
  client.setRequestHandler(ListRootsRequestSchema, answers.roots);
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({params}) => void talk.logs.push(params));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({params}) => void talk.updated.push(params.uri));
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (talk.changed += 1));
  talk.client = client;
  talk.atLevel = async (level, work) => {
    await client.setLoggingLevel(level);
    await work();
  };
  talk.watch = async ({resource}) => {
    if (resource) await client.subscribeResource({uri: resource});
    return async () => resource && client.unsubscribeResource({uri: resource});
  };
  await client.connect(transport);
}

/** The messages of a call as a task. */
async function* asTask({client}, name, args) {
  yield* client.experimental.tasks.callToolStream({name, arguments: args}, CallToolResultSchema,
                                                  {task: {ttl: 600_000}});
}

const tasks = {
  'task and poll': async (talk) => {
    const seen = [];
    for await (const message of asTask(talk, 'wait', {steps: 2, step_ms: 100})) seen.push(message);
    assert.equal(seen[0].type, 'taskCreated');
    assert.equal(textOf(seen.at(-1).result), 'waited 2 steps');
  },
  'question in a task': async (talk) => {
    let last;
    for await (const message of asTask(talk, 'ask_form', {})) last = message;
    assert.match(textOf(last.result), /soup/);
  },
  'cancelled task': async (talk) => {
    const running = asTask(talk, 'wait', {steps: 1000});
    const {task: {taskId}} = (await running.next()).value;
    assert.equal((await talk.client.experimental.tasks.cancelTask(taskId)).status, 'cancelled');
    assert.equal((await talk.client.experimental.tasks.getTask(taskId)).status, 'cancelled');
    await running.return();
  },
};

tryAll('2025-11-25', {
  stdio: ({command, args, env}) => new StdioClientTransport({command, args, env, stderr: 'inherit'}),
  http: (url) => new StreamableHTTPClientTransport(url),
}, connect, {...tools, ...questions, ...others, ...tasks});
