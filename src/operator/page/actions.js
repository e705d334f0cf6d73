// SPDX-License-Identifier: Apache-2.0
// What an operator can do: asks whether it is meant, sends it, says how it went. Each function gives
// the reply, or nothing where nothing was done.
import { post, taskPath } from './api.js';
import { dialog, say } from './dialog.js';
import { h } from './dom.js';
import { number, theirs } from './text.js';

async function ask(options, path, bodyOf = () => ({})) {
  let reply;
  await dialog({
    no: 'No', ...options, check: async (values) => { reply = await post(path, bodyOf(values)); },
  });
  return reply;
}

const day = 86400000;
const times = { 'an hour': day / 24, 'a day': day, '7 days': 7 * day, '30 days': 30 * day, 'for ever': null };

// What can be done to a task: a title, its button, what it means, fields, the body of its request.
const one = {
  cancel: {
    title: 'Cancel this task?', yes: 'Cancel the task', kind: 'danger',
    more: () => h('label.field', 'Reason', h('input', { name: 'reason' })),
    bodyOf: ({ reason }) => (reason ? { reason } : {}),
  },
  retry: {
    title: 'Run it again?', yes: 'Run it again',
    more: () => h('p', 'The same work becomes a new task.'),
  },
  delete: {
    title: 'Delete this task?', yes: 'Delete the task', kind: 'danger',
    more: () => h('p', 'Its result is gone then, for its caller as well.'),
  },
  retain: {
    title: 'Keep it for how long after its end?', yes: 'Keep it',
    more: (task) => h('label.field', 'Time', h('select', { name: 'keep' },
      Object.entries(times).map(([name, ms]) =>
        h('option', { value: String(ms), selected: ms === task.retentionMs }, name)))),
    bodyOf: ({ keep }) => ({ retentionMs: JSON.parse(keep) }),
  },
};

function told(reply, text = 'It is done.') {
  if (reply) say(reply.outcome === 'unchanged' ? 'It was so already.' : text);
  return reply;
}

export async function actOn(task, verb) {
  const { more, bodyOf, ...options } = one[verb];
  const body = [h('p', theirs(task.tool), ' ', h('code.break', theirs(task.id))), more(task)];
  return told(await ask({ ...options, body }, taskPath(task.id, `/${verb}`), bodyOf));
}

// `answer` is JSON text.
export async function answerTask(task, key, answer) {
  const body = `{"answers":{${JSON.stringify(key)}:${answer}}}`;
  return told(await post(taskPath(task.id, '/answer'), body), 'It is answered.');
}

export const pauseTool = async ({ name, pausedSince }) =>
  told(await post(`/tools/${encodeURIComponent(name)}/${pausedSince ? 'resume' : 'pause'}`)
    .catch((error) => say(error.message)), pausedSince ? 'It goes on.' : 'It is paused: nothing of it begins.');

export const bulk = {
  cancel: ['Cancel', 'What has ended already is refused.'],
  retry: ['Run again', 'Each becomes a new task; what has not ended is refused.'],
  delete: ['Delete', 'Results are gone then; what has not ended is refused.'],
};

// Many at once: `target` is {ids}, or {filter, expect}.
export function actOnMany(verb, count, target) {
  const what = `${bulk[verb][0]} ${count === 1 ? '1 task' : `${number(count)} tasks`}`;
  return ask({
    title: `${what}?`, yes: what, kind: verb === 'retry' ? 'main' : 'danger', body: h('p', bulk[verb][1]),
  }, `/tasks:${verb}`, () => target);
}
