// SPDX-License-Identifier: Apache-2.0
// The list of tasks: its filter (which the address shows), its rows, what is selected, what is done
// to many. Only what was read is in the document, at most `mostRows`.
import { actOnMany, verbs } from './actions.js'
import { get, server } from './api.js'
import { say } from './dialog.js'
import { h } from './dom.js'
import { button, statuses, taskRow, taskTable, word } from './parts.js'
import { number, visible } from './text.js'

const mostRows = 2000
const mostFresh = 500
const pageSize = 50
const fields = { q: 'Search', tool: 'Tool', owner: 'Owner', since: 'Since' }

// Only what filters, in one order: the same filter has one address.
const clean = (query) => new URLSearchParams(['status', ...Object.keys(fields)]
  .map((name) => [name, query.get(name)]).filter(([, value]) => value))

export default function tasksView(where, host) {
  const pages = taskPages()
  const selected = new Set()
  const rows = new Map()  // {task, chosen, node} by id: what did not change is not drawn again
  let filter = clean(where.query)
  let typed = Object.fromEntries(filter)
  let all = null  // how many match, where all of them are selected
  let loading = false
  let fresh = false  // the first page with this filter was read
  let timer

  const watcher = new IntersectionObserver((seen) => {
    if (seen.at(-1).isIntersecting && pages.rest === 'more') more()
  }, { rootMargin: '500px' })

  function drawn() {
    const end = document.querySelector('.more')
    if (end) watcher.observe(end)
  }

  async function more() {
    if (loading) return
    loading = true
    host.draw()
    await pages.more().catch((error) => say(error.message))
    loading = false
    watcher.disconnect()  // to be told anew whether the end is in sight
    host.draw()
  }

  function type({ currentTarget, target }) {
    const data = new FormData(currentTarget)
    typed = { ...Object.fromEntries(data), status: data.getAll('status').join() }
    clearTimeout(timer)
    timer = setTimeout(() => host.replace(`#/tasks?${clean(new URLSearchParams(typed))}`),
      target.type === 'checkbox' ? 0 : 300)
    host.draw()
  }

  function select(ids, yes) {
    if (all !== null || !ids) selected.clear()
    all = null
    for (const id of ids ?? []) selected[yes ? 'add' : 'delete'](id)
    host.draw()
  }

  async function selectAll() {
    const { count, exact, at } = await get(`/tasks/count?${filter}`)
    if (exact) all = { count, at }
    else say(`More than ${number(count)} match: narrow the filter.`)
    host.draw()
  }

  async function act(verb) {
    const reply = await actOnMany(verb, all?.count ?? selected.size, all === null
      ? { ids: [...selected] } : { filter: { ...Object.fromEntries(filter), until: all.at }, expect: all.count })
    if (!reply) return
    select(null)
    host.refresh()
  }

  function drawFilter() {
    const { counts, tools } = server.status
    const chosen = (typed.status ?? '').split(',')
    const more = {
      q: { type: 'search', 'data-filter': '', placeholder: 'in ids, messages, keys, arguments' },
      tool: { list: 'tools' },
      since: { placeholder: '2h, or a time' },
    }
    return h('form.filter', {
      role: 'search', label: 'Tasks', oninput: type, onsubmit: (event) => event.preventDefault(),
    },
    h('fieldset', h('legend.aside', 'Status'), statuses.map((status) => h('label.pill',
      h('input', { type: 'checkbox', name: 'status', value: status, checked: chosen.includes(status) }),
      ` ${word(status)} `, status in counts && status !== 'completed' && h('b', number(counts[status]))))),
    Object.entries(fields).map(([name, label]) => h('label.field', label,
      h('input', { name, value: typed[name] ?? '', spellcheck: 'false', ...more[name] }))),
    h('datalist', { id: 'tools' }, Object.keys(tools).slice(0, 200).map((value) => h('option', { value }))))
  }

  function drawSelection() {
    const count = all?.count ?? selected.size
    return server.mayAct && count > 0 && h('div.panel.row.selection', { key: 'selection' },
      h('strong', `${number(count)} selected`, all !== null && ', all that match'),
      all === null && button('Select all that match', selectAll),
      ['cancel', 'retry', 'delete'].map((verb) => button(`${verbs[verb][0]} …`, () => act(verb))),
      button('Select none', () => select(null)))
  }

  function drawRow(task) {
    const chosen = all !== null || selected.has(task.id)
    if (rows.size > 3 * mostRows) rows.clear()
    const old = rows.get(task.id)
    if (old?.task === task && old.chosen === chosen) return old.node
    const node = taskRow(task, check(`Select ${visible(task.tool)} ${visible(task.id)}`, chosen, [task.id]))
    rows.set(task.id, { task, chosen, node })
    return node
  }

  const check = (label, checked, ids) => server.mayAct && h('td.check', h('input', {
    type: 'checkbox', label, checked, onchange: ({ target }) => select(ids, target.checked),
  }))

  function drawTable(ids) {
    const every = all !== null || ids.every((id) => selected.has(id))
    return taskTable(pages.tasks.map(drawRow), check('Select all that are shown', every, ids))
  }

  function drawEnd(count) {
    const total = Object.values(server.status.counts).reduce((sum, one) => sum + one)
    const next = (text) => button(loading ? 'Reading …' : text, more, 'more')
    return h('div.end', { key: 'end' },
      count > mostFresh && h('p.quiet', `Only the first ${mostFresh} stay up to date.`),
      {
        end: h('p.quiet', count ? 'These are all.' : fresh && 'There are none.'),
        more: next('More'),
        search: [h('p', { role: 'status' },
          `Looked at ${number(pages.looked)} of ${number(total)} tasks so far.`), next('Search on')],
        full: h('p', `No more than ${number(mostRows)} are shown: narrow the filter.`),
      }[pages.rest])
  }

  return {
    title: 'Tasks',
    async load(signal) {
      // At the top of a list that has grown long, it begins anew.
      const keep = fresh && (scrollY > 999 || pages.tasks.length < mostFresh)
      await (keep ? pages.refresh(signal) : pages.start(filter, signal))
      fresh = true
    },
    moved({ query }) {
      if (`${clean(query)}` === `${filter}`) return
      filter = clean(query)
      if (`${clean(new URLSearchParams(typed))}` !== `${filter}`) typed = Object.fromEntries(filter)
      fresh = false
      rows.clear()
      select(null)
      host.refresh()
    },
    draw: () => [
      h('h1', 'Tasks'), drawFilter(), drawSelection(),
      pages.tasks.length > 0 && drawTable(pages.tasks.map((one) => one.id)), drawEnd(pages.tasks.length),
    ],
    drawn,
    close() {
      clearTimeout(timer)
      watcher.disconnect()
    },
  }
}

// The tasks that match, page by page; the first rows are read again.
function taskPages() {
  // rest: 'end'; 'more'; 'search': it stopped before it found enough; 'full': no more are shown.
  const self = { tasks: [], looked: 0, rest: 'end', start, more, refresh }
  let filter
  let next

  // The reply, and whether it has fewer than asked for; nothing if the filter changed.
  async function read(size, cursor, signal) {
    const asked = filter
    const query = new URLSearchParams({ ...Object.fromEntries(filter), limit: size, ...(cursor && { cursor }) })
    const reply = await get(`/tasks?${query}`, signal)
    return asked === filter && { ...reply, short: reply.tasks.length < size }
  }

  // Puts `tasks` one behind the other. One that has not changed stays the same object.
  function join(...tasks) {
    const old = new Map(self.tasks.map((one) => [one.id, one]))
    const all = new Map()
    for (const one of tasks.flat()) {
      const was = old.get(one.id)
      if (!all.has(one.id)) all.set(one.id, JSON.stringify(was) === JSON.stringify(one) ? was : one)
    }
    self.tasks = [...all.values()]
  }

  function end({ nextCursor, complete, looked, short }, before) {
    next = nextCursor
    self.looked = before + looked
    self.rest = !next ? 'end' : self.tasks.length >= mostRows ? 'full'
      : short && !complete ? 'search' : 'more'
  }

  function begin(reply) {
    join(reply.tasks)
    end(reply, 0)
  }

  async function start(query, signal) {
    filter = query
    const reply = await read(pageSize, null, signal)
    if (reply) begin(reply)
  }

  async function more() {
    const reply = await read(2 * pageSize, next)
    if (!reply) return
    join(self.tasks, reply.tasks)
    end(reply, self.looked)
  }

  async function refresh(signal) {
    const reply = await read(Math.min(mostFresh, Math.max(pageSize, self.tasks.length)), null, signal)
    if (!reply) return
    const last = self.tasks.findIndex((one) => one.id === reply.tasks.at(-1)?.id)
    // Nothing follows, or so many are new that they and the old do not touch: it begins anew.
    if (!reply.nextCursor || (last < 0 && !reply.short)) return begin(reply)
    join(reply.tasks, self.tasks.slice(last + 1))
    self.tasks.splice(mostRows + 2 * pageSize)
    if (self.tasks.length >= mostRows) self.rest = 'full'
  }

  return self
}
