// SPDX-License-Identifier: Apache-2.0
// The plain tables: processes, owners, and what operators did.
import { get } from './api.js'
import { h } from './dom.js'
import { gauge, taskLink, tasksLink } from './parts.js'
import { bytes, clockTime, duration, number, theirs, when } from './text.js'

// A view of GET /title, whose reply has the list `name`; `row` makes the cells of one.
const listView = (title, name, columns, row) => () => {
  let list = []
  return {
    title,
    async load(signal) {
      list = (await get(`/${title.toLowerCase()}`, signal))[name]
    },
    draw: () => [
      h('h1', title),
      !list.length && h('p.quiet', 'There is nothing yet.'),
      h('div.scroll', { tabindex: 0, role: 'region', label: title }, h('table',
        h('thead', h('tr', columns.map((one) => h('th', one)))),
        h('tbody', list.map((one) => h('tr', row(one).map((cell) => h('td', cell))))))),
    ],
  }
}

export const processesView = listView('Processes', 'processes',
  ['Host', 'Process', 'Version', 'Began', 'Lease', 'Running'],
  ({ id, host, pid, version, startedAt, leaseAgeMs, leaseLeftMs, running, self }) => [
    [theirs(host), self && h('small', ' this one')],
    [h('code', theirs(id)), h('small', ` pid ${pid}`)],
    theirs(version),
    when(startedAt),
    leaseLeftMs !== null && [`renewed ${duration(leaseAgeMs)} ago, `,
      leaseLeftMs > 0 ? `${duration(leaseLeftMs)} left` : h('strong.wrong', 'ran out')],
    number(running),
  ])

export const ownersView = listView('Owners', 'owners',
  ['Owner', 'Open', 'Their size', 'Stored', 'Their size'],
  ({ owner, open, openBytes, stored, storedBytes, limits }) => [
    tasksLink({ owner }, theirs(owner)),
    gauge('open', open, limits.open),
    gauge('size of open tasks', openBytes, limits.openBytes, bytes),
    gauge('stored', stored, limits.stored),
    gauge('size of stored tasks', storedBytes, limits.storedBytes, bytes),
  ])

export const auditView = listView('Audit', 'actions',
  ['When', 'Who', 'What', 'On', 'Outcome'],
  ({ at, who, action, on, outcome }) => [
    clockTime(at), theirs(who), theirs(action),
    /^\w{36}$/.test(on) ? taskLink(on) : theirs(on), theirs(outcome),
  ])
