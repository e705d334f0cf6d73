// SPDX-License-Identifier: Apache-2.0
// What an operator can do: each asks whether it is meant, sends it, says how it went, and gives the
// reply, if anything was done.
import { post, taskPath } from './api.js'
import { dialog, say } from './dialog.js'
import { h } from './dom.js'
import { number, theirs } from './text.js'

const day = 86400000
const times = { 'an hour': day / 24, 'a day': day, '7 days': 7 * day, '30 days': 30 * day, 'for ever': null }

export const verbs = {
  cancel: ['Cancel', 'What has ended is refused.'],
  retry: ['Run again', 'It becomes a new task; what has not ended is refused.'],
  delete: ['Delete', 'The result is gone, for the caller as well; what has not ended is refused.'],
  retain: ['Keep', 'The time begins when the task ends.'],
}

async function ask(verb, what, body, path, bodyOf) {
  let reply
  const [yes, note] = verbs[verb]
  await dialog({
    title: `${yes}: ${what}?`, yes, no: 'No',
    body: [body, h('p', note)],
  }, async (values) => { reply = await post(path, bodyOf(values)); })
  return reply
}

function told(reply) {
  if (reply) say(reply.outcome === 'unchanged' ? 'It was so already.' : 'It is done.')
  return reply
}

export async function actOn(task, verb) {
  const fields = {
    cancel: h('label.field', 'Reason', h('input', { name: 'reason' })),
    retain: h('label.field', 'For', h('select', { name: 'keep' }, Object.entries(times).map(([name, ms]) =>
      h('option', { value: String(ms), selected: ms === task.retentionMs }, name)))),
  }
  return told(await ask(verb, 'this task', [h('p', theirs(task.tool)), fields[verb]], taskPath(task.id, `/${verb}`),
    ({ reason, keep }) => (keep ? { retentionMs: JSON.parse(keep) } : reason ? { reason } : {})))
}

// Many: `target` is {ids}, or {filter, expect}.
export async function actOnMany(verb, count, target) {
  const what = count === 1 ? '1 task' : `${number(count)} tasks`
  const reply = await ask(verb, what, null, `/tasks:${verb}`, () => target)
  if (!reply) return null
  const { applied, unchanged, refused, failures } = reply
  await dialog({
    title: `${verbs[verb][0]}: ${what}`,
    no: 'Close',
    body: [
      h('p', `${number(applied)} done, ${number(unchanged)} so already, ${number(refused)} refused.`),
      refused > failures.length && h('p', 'The first of these:'),
      h('ul', failures.map((one) => h('li', h('code.break', theirs(one.id)), ' ', theirs(one.message)))),
    ],
  })
  return reply
}

export const answerTask = async (task, key, answer) =>
  told(await post(taskPath(task.id, '/answer'), `{"answers":{${JSON.stringify(key)}:${answer}}}`))

export const pauseTool = async ({ name, pausedSince }) =>
  told(await post(`/tools/${encodeURIComponent(name)}/${pausedSince ? 'resume' : 'pause'}`))
