// SPDX-License-Identifier: Apache-2.0
// The TypeScript SDK 2.x in both eras. It knows no tasks: ext_tasks.test.mjs.
import {Client, StreamableHTTPClientTransport} from '@modelcontextprotocol/client';
import {StdioClientTransport} from '@modelcontextprotocol/client/stdio';

import {answers, capabilities, others, questions, tools, tryAll} from './everything.mjs';

const transports = {
  stdio: ({command, args, env}) => new StdioClientTransport({command, args, env, stderr: 'inherit'}),
  http: (url) => new StreamableHTTPClientTransport(url),
};

const eras = {
  '2026-07-28': (client) => ({
    atLevel: (level, work) => work({'io.modelcontextprotocol/logLevel': level}),
    watch: async ({resource, tools}) => {
      const listening = await client.listen(resource ? {resourceSubscriptions: [resource]} : {toolsListChanged: tools});
      return () => listening.close();
    },
  }),
  '2025-11-25': (client) => ({
    atLevel: async (level, work) => {
      await client.setLoggingLevel(level);
      await work();
    },
    watch: async ({resource}) => {
      if (resource) await client.subscribeResource({uri: resource});
      return async () => resource && client.unsubscribeResource({uri: resource});
    },
  }),
};

for (const [revision, differs] of Object.entries(eras)) {
  tryAll(revision, transports, async (talk, transport) => {
    const mode = revision === '2026-07-28' ? {pin: revision} : 'legacy';
    const client = new Client({name: 'typescript-2', version: '1.0.0'}, {capabilities, versionNegotiation: {mode}});
    client.setRequestHandler('elicitation/create', answers.elicitation);
    client.setRequestHandler('sampling/createMessage', answers.sampling);
    client.setRequestHandler('roots/list', answers.roots);
    client.setNotificationHandler('notifications/message', ({params}) => void talk.logs.push(params));
    client.setNotificationHandler('notifications/resources/updated', ({params}) => void talk.updated.push(params.uri));
    client.setNotificationHandler('notifications/tools/list_changed', () => void (talk.changed += 1));
    Object.assign(talk, {client}, differs(client));
    await client.connect(transport);
  }, {...tools, ...questions, ...others});
}
