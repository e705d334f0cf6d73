// SPDX-License-Identifier: Apache-2.0
// @modelcontextprotocol/ext-tasks on the TypeScript SDK 2.x: one API for both wires of tasks. What that
// SDK does not send itself (tasks of 2026-07-28), its host has to: `rawDispatch`.
import assert from 'node:assert/strict';

import {Client, StreamableHTTPClientTransport} from '@modelcontextprotocol/client';
import {StdioClientTransport} from '@modelcontextprotocol/client/stdio';
import {
  createTaskSessionFromClient, resultFromTaskOutcome, toolDeclarationFromMcpTool,
} from '@modelcontextprotocol/ext-tasks/client';

import {answers, capabilities, textOf, tryAll} from './everything.mjs';

const clientInfo = {name: 'ext-tasks', version: '1.0.0'};

/** Requests beside those of the client, on the same transport. */
function besides(transport) {
  const waiting = new Map();
  const {onmessage} = transport;
  transport.onmessage = (message, extra) => {
    const settle = waiting.get(message.id);
    if (!settle || message.method) return onmessage(message, extra);
    waiting.delete(message.id);
    settle(message.error ? {kind: 'error', error: message.error} : {kind: 'result', result: message.result});
  };
  let last = 0;
  return (request) => new Promise((resolve, reject) => {
    const id = `beside-${last += 1}`;
    waiting.set(id, resolve);
    transport.send({jsonrpc: '2.0', id, ...request}).catch(reject);
  });
}

const tasks = {
  'call': async ({session}) => {
    const execution = await session.callTool('echo', {text: 'directly'}, {task: {preference: 'allow'}});
    assert.equal(execution.kind, 'immediate');
    assert.equal(textOf(resultFromTaskOutcome(await execution.result())), 'directly');
  },
  'task and poll': async ({session}) => {
    const execution = await session.callTool('wait', {steps: 3, step_ms: 100}, {task: {preference: 'require'}});
    assert.equal(execution.kind, 'task');
    const states = [];
    const {outcome} = await execution.settle({onEvent: (event) => void states.push(event.task?.status)});
    assert.equal(states[0], 'working');
    assert.equal(textOf(resultFromTaskOutcome(outcome)), 'waited 3 steps');
  },
  'task by its id': async ({session}) => {
    const execution = await session.callTool('wait', {steps: 1, step_ms: 100}, {task: {preference: 'require'}});
    const {taskId} = execution.handle;
    await execution.detach();
    const outcome = await session.task(taskId).result();
    assert.equal(textOf(resultFromTaskOutcome(outcome)), 'waited 1 steps');
  },
  'question in a task': async ({session}) => {
    const execution = await session.callTool('ask_form', {}, {task: {preference: 'require'}});
    assert.equal(execution.kind, 'task');
    assert.match(textOf(resultFromTaskOutcome((await execution.settle()).outcome)), /soup.*dessert/);
  },
  'cancelled task': async ({session}) => {
    const execution = await session.callTool('wait', {steps: 1000}, {task: {preference: 'require'}});
    const {taskId} = execution.handle;
    await execution.cancel();
    assert.equal((await session.task(taskId).snapshot()).status, 'cancelled');
  },
  'wrong arguments': async ({session}) => {
    const execution = await session.callTool('wait', {steps: -1}, {task: {preference: 'prefer'}});
    const {outcome} = await execution.settle();
    if (execution.kind === 'task') return assert.equal(outcome.status, 'failed');  // 2025-11-25
    assert.equal(outcome.result.isError, true);
    assert.match(textOf(outcome.result), /steps/);
  },
};

for (const revision of ['2026-07-28', '2025-11-25']) {
  const modern = revision === '2026-07-28';
  tryAll(revision, {
    stdio: ({command, args, env}) => new StdioClientTransport({command, args, env, stderr: 'inherit'}),
    http: (url) => new StreamableHTTPClientTransport(url),
  }, async (talk, transport) => {
    const client = new Client(clientInfo, {capabilities, versionNegotiation: {mode: modern ? {pin: revision} : 'legacy'}});
    await client.connect(transport);
    const tools = new Map((await client.listTools()).tools.map((tool) => [tool.name, toolDeclarationFromMcpTool(tool)]));
    const session = createTaskSessionFromClient(client, {
      endpointId: 'everything',
      onInputRequest: async (request) => answers[request.kind](request),
      tools: {currentTool: (name) => tools.get(name)},
      ...(modern && {
        rawDispatch: besides(transport),
        v2RequestFraming: {protocolVersion: revision, clientInfo, clientCapabilities: capabilities},
      }),
    });
    Object.assign(talk, {session, client: {close: async () => {
      await session.close();
      await client.close();
    }}});
  }, tasks);
}
