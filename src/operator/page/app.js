// SPDX-License-Identifier: Apache-2.0
// The application: which view the address names, when it is read again, keys, the connection. A view
// is made by a function of (where, host): {title, load(signal), draw()}, and perhaps moved(where) for
// another query, drawn() and close(). `where` is {name, arg, query}.
//   event of the server, action --> refresh: GET /status, load --> draw --(each second)--> tick
import { get, holdStreams, hooks, server, stream } from './api.js'
import { help } from './dialog.js'
import { h, patch } from './dom.js'
import nowView from './now.js'
import { failure } from './parts.js'
import { auditView, ownersView, processesView } from './tables.js'
import taskView from './task.js'
import tasksView from './tasks.js'
import { setClock, tick, visible } from './text.js'
import toolsView from './tools.js'

const views = {
  now: nowView, tasks: tasksView, tools: toolsView, processes: processesView, owners: ownersView, audit: auditView,
}
const byId = (id) => document.getElementById(id)
const main = byId('main')
const refreshEvery = 1000  // ms

let view
let where = {}
let loaded = false
let problem = null
let reading = new AbortController()
let parked = {}  // the list of tasks as it was left, for the way back
let top = null  // where to scroll when the view is there,
let goTo = null  // and what gets the focus
let online = true
let lostAt = 0
let paused = false
let busy = false
let again = false
let readAt = 0
let timer = 0

const mayRead = () => !paused && !document.hidden

const host = {
  draw,
  refresh: () => refreshSoon(0),
  // Another query of the same view is no step in the history.
  replace(hash) {
    history.replaceState(null, '', hash)
    open()
  },
}

function open() {
  const { hash } = location
  const [, name, arg = '', query] = /^#\/(\w+)\/?([^?]*)\??(.*)$/.exec(hash) ?? []
  const last = where
  where = {
    hash, name: Object.hasOwn(views, name) ? name : 'now',
    arg: new URLSearchParams(`_=${arg}`).get('_'), query: new URLSearchParams(query),
  }
  if (view?.moved && where.name === last.name && where.arg === last.arg) return view.moved(where)
  reading.abort()
  view?.close?.()
  if (view?.moved && loaded) parked = { view, hash: last.hash, top: scrollY }
  if (view) goTo ??= 'h1'
  loaded = parked.hash === hash
  top = loaded ? parked.top : 0
  view = loaded ? parked.view : (where.arg && where.name === 'tasks' ? taskView : views[where.name])(where, host)
  problem = null
  patch(byId('view'))
  draw()
  return refreshSoon(0)
}

function draw() {
  const focused = document.activeElement
  patch(byId('view'), failure(problem), loaded ? view.draw() : [h('h1', view.title), !problem && 'Reading …'])
  if (loaded) view.drawn?.()
  if (loaded && top !== null) {
    scrollTo(0, top)
    const target = goTo && main.querySelector(goTo)
    if (goTo === 'h1') target.tabIndex = -1
    target?.focus({ preventScroll: true })
    top = goTo = null
  } else if (main.contains(focused)) {
    focused.focus({ preventScroll: true })
  }
  const name = visible(server.status?.server.name ?? 'Longhaul')
  byId('name').textContent = name
  document.title = `${view.title} – ${name}`
  patch(byId('views'), Object.keys(views).map((one) =>
    h('a', { href: `#/${one}`, 'aria-current': one === where.name && 'page' }, one)))
  byId('live').textContent = !online ? '○ lost' : paused ? '○ paused' : server.status ? '● live' : ''
  byId('lost').hidden = online
}

async function refresh() {
  timer = 0
  again = busy
  if (busy) return
  busy = true
  readAt = Date.now()
  const mine = view
  reading = new AbortController()
  try {
    const { signal } = reading
    server.status = await get('/status', signal)
    setClock(server.status.now)
    await mine.load(signal)
    if (mine === view) [loaded, problem] = [true, null]
  } catch (error) {
    if (mine === view) failed(error)
  }
  busy = false
  draw()
  if (mine !== view || again) refreshSoon(mine === view ? refreshEvery : 0)
}

function failed(error) {
  if (!online || error.name === 'AbortError') return
  problem = error
  loaded = error.code === 'invalid' || (loaded && error.code !== 'not_found')
}

// Refreshes once, `least` ms after the last time or later.
function refreshSoon(least) {
  if (timer && least) return
  clearTimeout(timer)
  timer = setTimeout(refresh, readAt + least - Date.now())
}

function hold() {
  holdStreams(!mayRead())
  if (mayRead()) refreshSoon(0)
  draw()
}

function connected(yes) {
  if (yes === online) return
  online = yes
  if (!yes) holdStreams(true)  // a connection may be dead and not know it
  // If it was short, only a stream failed, which must not come again at once.
  if (!yes || Date.now() - lostAt > 2000) hold()
  if (!yes) lostAt = Date.now()
  draw()
}

const row = () => document.activeElement.closest('[data-row]')

function move(step) {
  const rows = [...main.querySelectorAll('[data-row]')]
  const next = row() ? rows[rows.indexOf(row()) + step]
    : rows.find((one) => one.getBoundingClientRect().top >= 0)
  next?.querySelector('a').focus()
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => row()?.querySelector('[type=checkbox]')?.click(),
  '?': help,
  '/'() {
    const field = main.querySelector('[data-filter]')
    if (field) return field.focus()
    goTo = '[data-filter]'
    location.hash = '#/tasks'
  },
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog')) return
  const field = event.target.closest('textarea, select, input:not([type=checkbox])')
  if (field && event.key === 'Escape') field.blur()
  if (field || !keys[event.key]) return
  event.preventDefault()
  keys[event.key]()
})
addEventListener('hashchange', open)
document.addEventListener('visibilitychange', hold)
history.scrollRestoration = 'manual'
hooks.connected = connected
byId('help').onclick = help
byId('pause').onclick = () => {
  paused = !paused
  byId('pause').textContent = paused ? 'Go on' : 'Pause'
  hold()
}
document.querySelector('.skip').onclick = (event) => {
  event.preventDefault()
  main.focus()
}
setInterval(() => {
  if (!mayRead()) return
  tick(main)
  // Where nothing comes, this finds out whether anybody is there.
  if (Date.now() - readAt > (online ? 30000 : 3000)) refreshSoon(0)
}, 1000)
open()
stream('/events', {
  down: () => connected(false),
  refused: failed,
  event({ counts, state }) {
    if (server.status) Object.assign(server.status, { counts, state })
    refreshSoon(refreshEvery)
  },
})
