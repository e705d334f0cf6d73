// SPDX-License-Identifier: Apache-2.0
// What one wants to know in ten seconds: what needs an answer, what runs, what waits and why,
// what failed, and whether server and store are well.
import { get, server } from './api.js'
import { h } from './dom.js'
import { facts, failure, gauge, statuses, taskRow, tasksLink, taskTable, word } from './parts.js'
import { bytes, number, since, theirs } from './text.js'

export default function nowView() {
  let lists = {}
  let processes = []

  function section(title, status) {
    const count = server.status.counts[status]
    const tasks = lists[status] ?? []
    return count > 0 && h('section', { key: status },
      h('h2', title),
      taskTable(tasks.map((task) => taskRow(task))),
      count > tasks.length && h('p', tasksLink({ status }, `All ${number(count)}`)))
  }

  return {
    title: 'Now',
    async load(signal) {
      const list = async (status, limit) => {
        lists[status] = (await get(`/tasks?status=${status}&limit=${limit}`, signal)).tasks
      }
      await Promise.all([
        list('input_required', 20), list('running', 20), list('failed', 5),
        get('/processes', signal).then((found) => ({ processes } = found)),
      ])
      const { oldestWaiting } = server.status
      lists.waiting = oldestWaiting ? [oldestWaiting] : []
    },
    draw() {
      const { counts, hour } = server.status
      return [
        h('h1', 'Now'),
        h('div', { key: 'troubles' }, troubles(server.status, processes)),
        h('nav.counts', { label: 'Tasks by status' }, statuses.map((status) =>
          status in counts
            && tasksLink({ status }, h(`b.${status}`, number(counts[status])), h('span', word(status))))),
        h('div.columns', { key: 'columns' },
          h('div',
            section('Waiting for an answer', 'input_required'),
            section('Running', 'running'),
            section('Waiting longest', 'waiting'),
            section('Failed last', 'failed')),
          h('aside', { label: 'The server' },
            h('h2', 'Server'), health(server.status, processes),
            h('h2', 'Last hour, of this process'), h('div.sparks', ['created', 'completed', 'failed', 'cancelled']
              .map((label) => sparkline(label, hour[label]))))),
      ]
    },
  }
}

function troubles({ store, state }, processes) {
  const late = processes.filter((one) => one.leaseLeftMs === 0).length
  return [
    store.trouble && failure({ message: `The store has trouble: ${store.trouble}` }),
    late > 0 && failure({ message: `The lease of ${late} of ${processes.length} processes ran out.` }),
    state === 'draining' && h('p.note', 'The server is being stopped: it begins nothing new.'),
  ]
}

const health = ({ server: it, startedAt, state, store, slots }, processes) => facts(
  ['Version', theirs(it.version), ', of Longhaul ', theirs(it.longhaul)],
  ['State', state, ', for ', since(startedAt)],
  ['Slots', gauge('slots taken', slots.running, slots.limit)],
  ['Store', store.trouble ? h('strong', 'has trouble') : 'is well', store.durable ? ', durable' : ', in memory only',
    store.shared && ', shared'],
  ['Place', h('span.break', theirs(store.place))],
  ['Size', bytes(store.bytes)],
  ['Processes', h('a', { href: '#/processes' }, number(processes.length))])

function sparkline(label, values) {
  const most = Math.max(...values, 0)
  const total = values.reduce((sum, one) => sum + one, 0)
  const points = values.map((one, i) => `${2 * i},${23 - (21 * one) / (most || 1)}`).join(' ')
  return h(`div.${label}`, h('span', label),
    h('svg:svg', {
      viewBox: `0 0 ${2 * values.length} 24`, preserveAspectRatio: 'none', role: 'img',
      label: `${label}: ${total} in the last hour, at most ${most} in a step`,
    }, h('svg:polyline', { points })),
    h('b', number(total)))
}
