// SPDX-License-Identifier: Apache-2.0
// The list of tasks: its filter (which the address shows), its rows, what is selected, what is done
// to many at once. Only what was read is in the document, and never more than `mostRows`.
import { actOnMany, verbs } from './actions.js';
import { get, server } from './api.js';
import { say } from './dialog.js';
import { h } from './dom.js';
import { mostFresh, mostRows, taskPages } from './pages.js';
import { bar, button, hasEnded, mark, statuses, summary, word } from './parts.js';
import { duration, msBetween, number, since, theirs, visible, when } from './text.js';

const fields = { q: 'Search', tool: 'Tool', owner: 'Owner', since: 'Since' };

// Only what filters, in one order: the same filter has one address.
const clean = (query) => new URLSearchParams(['status', ...Object.keys(fields)]
  .map((name) => [name, query.get(name)]).filter(([, value]) => value));

export default function tasksView(where, host) {
  const pages = taskPages();
  const selected = new Set();
  const rows = new Map();  // id → {task, chosen, node}: what did not change is not drawn again
  let filter = clean(where.query);
  let typed = Object.fromEntries(filter);
  let all = null;          // how many match, where all of them are selected
  let loading = false;
  let fresh = false;       // the first page with this filter was read
  let timer;

  const watcher = new IntersectionObserver((seen) => {
    if (seen.at(-1).isIntersecting && pages.rest === 'more') more();
  }, { rootMargin: '500px' });

  function drawn() {
    const end = document.querySelector('.more');
    if (end) watcher.observe(end);
  }

  async function more() {
    if (loading) return;
    loading = true;
    host.draw();
    await pages.more().catch((error) => say(error.message));
    loading = false;
    watcher.disconnect();  // to be told anew whether the end is in sight
    host.draw();
  }

  function type({ currentTarget, target }) {
    const data = new FormData(currentTarget);
    typed = { ...Object.fromEntries(data), status: data.getAll('status').join() };
    clearTimeout(timer);
    timer = setTimeout(() => host.replace(`#/tasks?${clean(new URLSearchParams(typed))}`),
      target.type === 'checkbox' ? 0 : 300);
    host.draw();
  }

  function select(ids, yes) {
    if (all !== null || !ids) selected.clear();
    all = null;
    for (const id of ids ?? []) selected[yes ? 'add' : 'delete'](id);
    host.draw();
  }

  async function selectAll() {
    const { count, exact } = await get(`/tasks/count?${filter}`);
    if (exact) all = count;
    else say(`More than ${number(count)} match. That is too many at once: narrow the filter.`);
    host.draw();
  }

  async function act(verb) {
    const reply = await actOnMany(verb, all ?? selected.size, all === null
      ? { ids: [...selected] } : { filter: Object.fromEntries(filter), expect: all });
    if (!reply) return;
    select(null);
    host.refresh();
  }

  function drawFilter() {
    const { counts, tools } = server.status;
    const chosen = (typed.status ?? '').split(',');
    const more = {
      q: { type: 'search', 'data-filter': '', placeholder: 'in ids, messages, keys, arguments' },
      tool: { list: 'tools' },
      since: { placeholder: '2h, or a time' },
    };
    return h('form.filter', {
      role: 'search', label: 'Tasks', oninput: type, onsubmit: (event) => event.preventDefault(),
    },
    h('fieldset', h('legend.aside', 'Status'), statuses.map((status) => h('label.pill',
      h('input', { type: 'checkbox', name: 'status', value: status, checked: chosen.includes(status) }),
      ` ${word(status)} `, h('b', number(counts[status]))))),
    Object.entries(fields).map(([name, label]) => h(`label.field.${name}`, label,
      h('input', { name, value: typed[name] ?? '', spellcheck: 'false', ...more[name] }))),
    h('datalist', { id: 'tools' }, Object.keys(tools).slice(0, 200).map((value) => h('option', { value }))),
    filter.size > 0 && h('a', { href: '#/tasks' }, 'Show all'));
  }

  function drawSelection() {
    const count = all ?? selected.size;
    return server.mayAct && count > 0 && h('div.panel.row.selection', { key: 'selection' },
      h('strong', `${number(count)} selected`, all !== null && ', all that match'),
      all === null && button('Select all that match', selectAll),
      ['cancel', 'retry', 'delete'].map((verb) => button(`${verbs[verb][0]} …`, () => act(verb))),
      button('Select none', () => select(null)));
  }

  function drawRow(task) {
    const chosen = all !== null || selected.has(task.id);
    const old = rows.get(task.id);
    if (old?.task === task && old.chosen === chosen) return old.node;
    const node = h('tr', { key: task.id, 'data-row': '' },
      check(`Select ${visible(task.tool)} ${visible(task.id)}`, chosen, [task.id]),
      h('td.status', mark(task)),
      h('td.what', summary(task)),
      h('td', bar(task), task.attempt > 1 && h('small', ` attempt ${task.attempt} of ${task.maxAttempts}`)),
      h('td', h('div.line', theirs(task.owner))),
      h('td', when(task.createdAt)),
      h('td', timeOf(task)));
    rows.set(task.id, { task, chosen, node });
    return node;
  }

  const check = (label, checked, ids) => server.mayAct && h('td.check', h('input', {
    type: 'checkbox', label: label, checked, onchange: ({ target }) => select(ids, target.checked),
  }));

  function drawTable(ids) {
    return h('table.tasks',
      h('thead', h('tr',
        check('Select all that are shown', all !== null || ids.every((id) => selected.has(id)), ids),
        ['Status', 'Task', 'Progress', 'Owner', 'Created', 'Time'].map((one) => h('th', one)))),
      h('tbody', pages.tasks.map(drawRow)));
  }

  function drawEnd(count) {
    const total = Object.values(server.status.counts).reduce((sum, one) => sum + one);
    const next = (text) => h('button.more', { type: 'button', onclick: more }, loading ? 'Reading …' : text);
    return h('div.end', { key: 'end' },
      count > mostFresh && h('p.quiet', `Only the first ${mostFresh} are kept up to date.`),
      {
        end: h('p.quiet', count ? 'These are all.' : fresh ? 'There are none.' : 'Reading …'),
        more: next('More'),
        search: [h('p', { role: 'status' },
          `Looked at ${number(pages.looked)} of ${number(total)} tasks so far.`), next('Search on')],
        full: h('p', `No more than ${number(mostRows)} are shown: narrow the filter to see others.`),
      }[pages.rest]);
  }

  return {
    title: 'Tasks',
    async load(signal) {
      await (fresh ? pages.refresh(signal) : pages.start(filter, signal));
      fresh = true;
    },
    moved({ query }) {
      if (`${clean(query)}` === `${filter}`) return;
      filter = clean(query);
      if (`${clean(new URLSearchParams(typed))}` !== `${filter}`) typed = Object.fromEntries(filter);
      fresh = false;
      rows.clear();
      select(null);
      host.refresh();
    },
    draw: () => [
      h('h1', 'Tasks'), drawFilter(), drawSelection(),
      pages.tasks.length > 0 && drawTable(pages.tasks.map((one) => one.id)), drawEnd(pages.tasks.length),
    ],
    drawn,
    close() {
      clearTimeout(timer);
      watcher.disconnect();
    },
  };
}

function timeOf({ status, createdAt, beganAt, updatedAt, endedAt }) {
  if (hasEnded({ status })) return beganAt && endedAt ? `took ${duration(msBetween(beganAt, endedAt))}` : '–';
  if (status === 'running') return ['runs ', since(beganAt ?? updatedAt)];
  return status === 'waiting' ? ['waits ', since(createdAt)] : ['asks ', since(updatedAt)];
}
