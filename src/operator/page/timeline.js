// SPDX-License-Identifier: Apache-2.0
// The life of one task as a line from its creation to its end, with how long each part took:
//   created -waited- attempt 1 -ran- it was over -waited- attempt 2 -ran- answered -ran- ended
import { h } from './dom.js'
import { hasEnded, taskLink, word } from './parts.js'
import { clockTime, duration, msBetween, since, theirs, visible, when } from './text.js'

// What happened, in order: {at, kind, then, text}; `then` names what follows it until the next one.
function pointsOf(task) {
  const points = []
  const add = (at, kind, then, ...text) => at && points.push({ at, kind, then, text })
  add(task.createdAt, 'waiting', 'waited', 'Created by ', theirs(task.owner),
    task.retryOf && [', to retry ', taskLink(task.retryOf)])
  for (const one of task.attempts) {
    add(one.beganAt, 'running', 'ran', `Attempt ${one.number} began`)
    add(one.endedAt, 'failed', 'waited', `Attempt ${one.number} was over: `, theirs(one.how, 2000))
  }
  if (task.attempts.at(-1)?.number !== task.attempt) {
    add(task.beganAt, 'running', 'ran', `Attempt ${task.attempt} of ${task.maxAttempts} began`,
      task.host && [' at ', theirs(task.host)])
  }
  for (const { key, request, response, askedAt, answeredAt } of task.questions) {
    const asked = [theirs(key), ': ', theirs(request.params?.message ?? request.method)]
    add(askedAt, 'input_required', 'waited for the answer', 'Asked ', asked)
    add(answeredAt, 'completed', 'ran', 'Answered ', asked, response?.action && ` (${visible(response.action)})`)
  }
  add(task.cancelRequestedAt, 'cancelled', 'took to stop', 'Asked to stop',
    task.cancelReason && [': ', theirs(task.cancelReason, 2000)])
  add(task.endedAt, task.isError ? 'failed' : task.status, '', h('strong', word(task.status)),
    task.isError && ', with an error', task.message && [': ', theirs(task.message, 2000)])
  return points.sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
}

export function timeline(task) {
  const points = pointsOf(task)
  const doing = { waiting: 'waits', running: 'runs', input_required: 'waits for an answer' }
  return h('ol.timeline',
    points.map(({ at, kind, then, text }, i) => h(`li.${kind}`,
      h('div', text), h('div.quiet', clockTime(at)),
      points[i + 1] && h('div.span', then, ' ', duration(msBetween(at, points[i + 1].at))))),
    !hasEnded(task) && h(`li.open.${task.status}`, { key: 'now' },
      h('div', h('strong', 'Now it ', doing[task.status]), ', for ', since(points.at(-1).at)),
      h('div', theirs(task.why || task.message, 2000)),
      task.runAt && msBetween(task.runAt) < 0 && h('div', 'Goes on ', when(task.runAt))),
    task.removeAt && h('li.open', { key: 'gone' }, 'Will be removed ', when(task.removeAt)))
}
