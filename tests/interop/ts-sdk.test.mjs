// SPDX-License-Identifier: Apache-2.0
// The TypeScript SDK 1.x, an independent client of revision 2025-11-25, against the example of C++
// server: the same conversations over stdio and over HTTP. Each test waits for what the server
// says, never for time to pass; the limit of a test is there for a server that says nothing.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';

import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {CallToolResultSchema, ElicitRequestSchema} from '@modelcontextprotocol/sdk/types.js';

import {overHttp, overStdio} from './server.mjs';

const limit = {timeout: 60_000};
const asTask = {task: {ttl: 600_000}};

const textOf = (result) => result.content.map((item) => item.text ?? '').join('');

/** Every message of a stream of the SDK. */
async function collect(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

const kinds = (messages) => messages.map((message) => message.type);

/** A connected client whose user wants to go to Oslo, and the questions that user was asked. */
async function connect(open) {
  const {transport, stop} = await open();
  const client = new Client({name: 'longhaul-interop', version: '1.0.0'},
                            {capabilities: {elicitation: {form: {}}}});
  const questions = [];
  client.setRequestHandler(ElicitRequestSchema, async (request) => {
    questions.push(request.params);
    return {action: 'accept', content: {destination: 'Oslo'}};
  });
  await client.connect(transport);
  return {
    client,
    questions,
    close: async () => {
      await client.close();
      await stop();
    },
  };
}

for (const [name, open] of [['stdio', overStdio], ['HTTP', overHttp]]) {
  describe(`TypeScript SDK over ${name}`, () => {
    let client, questions, close;
    before(async () => {
      ({client, questions, close} = await connect(open));
    });
    after(async () => close?.());

    const stream = (tool, args, options = asTask) => client.experimental.tasks.callToolStream(
        {name: tool, arguments: args}, CallToolResultSchema, options);

    test('initialize tells who the server is and what it can do', limit, () => {
      assert.equal(client.getServerVersion().name, 'handlers');
      const capabilities = client.getServerCapabilities();
      assert.ok(capabilities.tools);
      assert.ok(capabilities.tasks.requests.tools.call);
      assert.ok(capabilities.tasks.cancel);
    });

    test('tools/list says that tools may run as tasks', limit, async () => {
      const {tools} = await client.listTools();
      assert.deepEqual(tools.map((tool) => tool.name).sort(),
                       ['countdown', 'hash_tree', 'plan_trip']);
      for (const tool of tools) {
        assert.equal(tool.execution?.taskSupport, 'optional', tool.name);
        assert.equal(tool.inputSchema.type, 'object', tool.name);
        assert.ok(tool.description, tool.name);
      }
    });

    test('a plain call shows progress and gives its result', limit, async () => {
      const seen = [];
      const result = await client.callTool({name: 'countdown', arguments: {seconds: 2}}, undefined,
                                           {onprogress: (progress) => seen.push(progress)});
      assert.ok(!result.isError);
      assert.match(textOf(result), /Counted down.*\b2\b/);
      assert.ok(seen.length >= 2, `${seen.length} progress notifications`);
      const values = seen.map((progress) => progress.progress);
      assert.deepEqual(values, [...new Set(values)].sort((a, b) => a - b), 'progress increases');
      assert.ok(seen.every((progress) => progress.total === 2));
    });

    test('a plain call asks and gets the answer', limit, async () => {
      const before = questions.length;
      const result = await client.callTool({name: 'plan_trip', arguments: {days: 2}});
      assert.equal(questions.length, before + 1);
      assert.match(textOf(result), /Oslo/);
    });

    test('arguments that do not fit are an error for the model', limit, async () => {
      const result = await client.callTool({name: 'countdown', arguments: {seconds: 'two'}});
      assert.equal(result.isError, true);
      assert.match(textOf(result), /seconds/);
    });

    test('a task is created, watched and read', limit, async () => {
      const messages = await collect(stream('countdown', {seconds: 2}));
      const [created] = messages;
      assert.equal(created.type, 'taskCreated');
      assert.ok(created.task.taskId);
      assert.equal(created.task.status, 'working');
      const states = messages.filter((message) => message.type === 'taskStatus');
      assert.ok(states.length >= 1, kinds(messages).join());
      assert.ok(states.every((message) => message.task.taskId === created.task.taskId));
      assert.equal(states.at(-1).task.status, 'completed');
      const last = messages.at(-1);
      assert.equal(last.type, 'result', String(last.error));
      assert.match(textOf(last.result), /Counted down.*\b2\b/);
    });

    test('a task asks in the middle', limit, async () => {
      const before = questions.length;
      const messages = await collect(stream('plan_trip', {days: 2}));
      assert.equal(messages[0].type, 'taskCreated');
      assert.equal(messages.at(-1).type, 'result', String(messages.at(-1).error));
      assert.match(textOf(messages.at(-1).result), /Oslo/);
      assert.equal(questions.length, before + 1);
      assert.ok('destination' in questions.at(-1).requestedSchema.properties);
    });

    test('a task is cancelled', limit, async () => {
      const running = stream('countdown', {seconds: 60});
      const {value: created} = await running.next();
      assert.equal(created.type, 'taskCreated');
      const cancelled = await client.experimental.tasks.cancelTask(created.task.taskId);
      assert.equal(cancelled.status, 'cancelled');
      const rest = await collect(running);
      assert.equal(rest.at(-1).type, 'error');
      assert.match(rest.at(-1).error.message, /cancelled/);
      const task = await client.experimental.tasks.getTask(created.task.taskId);
      assert.equal(task.status, 'cancelled');
      await assert.rejects(client.experimental.tasks.cancelTask(created.task.taskId),
                           {code: -32602}, 'a finished task cannot be cancelled');
    });

    test('an unknown task is an error', limit, async () => {
      await assert.rejects(client.experimental.tasks.getTask('no-such-task'), {code: -32602});
    });

    if (name === 'stdio') {
      test('tasks/list has the tasks of this host', limit, async () => {
        assert.ok(client.getServerCapabilities().tasks.list);
        const running = stream('countdown', {seconds: 60});
        const {value: created} = await running.next();
        const ids = [];
        let cursor;
        do {
          const page = await client.experimental.tasks.listTasks(cursor);
          ids.push(...page.tasks.map((task) => task.taskId));
          cursor = page.nextCursor;
        } while (cursor);
        assert.ok(ids.includes(created.task.taskId), `${ids.length} tasks`);
        await client.experimental.tasks.cancelTask(created.task.taskId);
        await running.return();
      });
    } else {
      test('tasks/list is not offered to callers nobody can tell apart', limit, () => {
        assert.equal(client.getServerCapabilities().tasks.list, undefined);
      });
    }
  });
}
