// SPDX-License-Identifier: Apache-2.0
// The plain tables: processes, owners, and what operators did.
import { get } from './api.js';
import { h } from './dom.js';
import { gauge, table, taskLink, tasksLink, toolLink } from './parts.js';
import { bytes, clockTime, duration, number, theirs, when } from './text.js';

// A view of the list `name` at `path`; `row` makes {key, cells} of one of them.
const listView = (title, path, name, columns, row) => () => {
  let list = [];
  return {
    title,
    async load(signal) {
      list = (await get(path, signal))[name];
    },
    draw: () => [
      h('h1', title),
      list.length ? table(title, columns, list.map(row)) : h('p.quiet', 'There is nothing yet.'),
    ],
  };
};

export const processesView = listView('Processes', '/processes', 'processes',
  ['Host', 'Process', 'Version', 'Began', 'Lease', 'Running'],
  ({ id, host, pid, version, startedAt, leaseAgeMs, leaseLeftMs, running, self }) => ({
    key: id,
    cells: [
      [theirs(host), self && h('small', ' this one')], [h('code', theirs(id)), h('small', ` pid ${pid}`)],
      theirs(version), when(startedAt),
      [`renewed ${duration(leaseAgeMs)} ago, `,
        leaseLeftMs > 0 ? `${duration(leaseLeftMs)} left` : h('strong.wrong', 'ran out')],
      number(running),
    ],
  }));

export const ownersView = listView('Owners', '/owners', 'owners',
  ['Owner', 'Open', 'Their size', 'Stored', 'Their size'],
  ({ owner, open, openBytes, stored, storedBytes, limits }) => ({
    key: owner,
    cells: [
      tasksLink({ owner }, theirs(owner)),
      gauge('open', open, limits.open), gauge('size of open tasks', openBytes, limits.openBytes, bytes),
      gauge('stored', stored, limits.stored), gauge('size of stored tasks', storedBytes, limits.storedBytes, bytes),
    ],
  }));

export const auditView = listView('Audit', '/audit', 'actions',
  ['When', 'Who', 'What', 'On', 'Outcome'],
  ({ at, who, action, on, outcome }) => ({
    cells: [
      [clockTime(at), ' ', h('small', when(at))], theirs(who), theirs(action),
      /^(pause|resume|call)$/.test(action) ? toolLink(on) : /^tsk\w+$/.test(on) ? taskLink(on) : theirs(on),
      theirs(outcome),
    ],
  }));
