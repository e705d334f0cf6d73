// SPDX-License-Identifier: Apache-2.0
// The application: which view the address names, when it is read again, keys, the connection.
//
// A view is made by a function of (where, host): {title, load(signal), draw()}, and perhaps
// moved(where) for another query, drawn() and close(). `where` is {name, arg, query}.
//
//   event of the server, action --> refresh: GET /status, load --> draw --(each second)--> tick
import { get, holdStreams, hooks, server, stream } from './api.js';
import { askForKey, help } from './dialog.js';
import { patch } from './dom.js';
import nowView from './now.js';
import { failure } from './parts.js';
import { auditView, ownersView, processesView } from './tables.js';
import taskView from './task.js';
import tasksView from './tasks.js';
import { setClock, tick, visible } from './text.js';
import toolsView from './tools.js';

const refreshEvery = 1000;  // ms

const byId = (id) => document.getElementById(id);
const main = byId('main');

let view;
let where = {};
let loaded = false;
let problem = null;
let reading = new AbortController();
let parked = null;    // the list of tasks as it was left, for the way back
let top = null;       // where to scroll when the view is there
let goTo = '';        // what gets the focus then
let online = true;
let paused = false;
let busy = false;
let again = false;
let readAt = 0;
let timer = 0;

const views = {
  now: nowView, tasks: tasksView, tools: toolsView, processes: processesView, owners: ownersView, audit: auditView,
};

const host = {
  draw,
  refresh: () => refreshSoon(0),
  go: (hash) => { location.hash = hash; },
  // Another query of the same view, without a step in the history for each letter.
  replace(hash) {
    history.replaceState(null, '', hash);
    open();
  },
};

function open() {
  const { hash } = location;
  const [, name, arg, query] = /^#\/([^/?]*)\/?([^?]*)\??(.*)$/s.exec(hash) ?? [];
  const next = { name: name in views ? name : 'now', arg: unescape(arg), query: new URLSearchParams(query), hash };
  const last = where;
  where = next;
  if (view?.moved && next.name === last.name && next.arg === last.arg) return view.moved(next);
  reading.abort();
  view?.close?.();
  if (view?.moved && loaded) parked = { view, hash: last.hash, top: scrollY };
  if (view) goTo ||= 'h1';
  loaded = parked?.hash === hash;
  top = loaded ? parked.top : 0;
  view = loaded ? parked.view : (next.name === 'tasks' && next.arg ? taskView : views[next.name])(next, host);
  problem = null;
  for (const link of document.querySelectorAll('#views a')) {
    link.ariaCurrent = link.hash === `#/${next.name}` ? 'page' : null;
  }
  patch(byId('view'));  // nothing of the other view stays
  draw();
  return refreshSoon(0);
}

function unescape(text = '') {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function draw() {
  const focused = document.activeElement;
  patch(byId('problem'), failure(problem));
  patch(byId('view'), loaded ? view.draw() : !problem && 'Reading …');
  if (loaded) view.drawn?.();
  if (loaded && top !== null) {
    scrollTo(0, top);
    const target = main.querySelector(goTo || 'h1');
    if (goTo === 'h1') target.tabIndex = -1;
    if (goTo) target.focus({ preventScroll: true });
    top = null;
    goTo = '';
  } else if (main.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
  const name = visible(server.status?.server.name ?? 'Longhaul');
  byId('name').textContent = name;
  document.title = `${view.title} – ${name}`;
  byId('live').textContent = !online ? '○ not connected' : paused ? '○ paused' : '● live';
  byId('lost').hidden = online;
}

async function refresh() {
  timer = 0;
  again = busy;
  if (busy) return;
  busy = true;
  readAt = Date.now();
  const mine = view;
  reading = new AbortController();
  try {
    const status = await get('/status', reading.signal);
    server.status = status;
    setClock(status.now);
    await mine.load(reading.signal);
    if (mine === view) {
      loaded = true;
      problem = null;
    }
  } catch (error) {
    if (mine === view) failed(error);
  }
  busy = false;
  draw();
  if (mine !== view) refreshSoon(0);
  else if (again) refreshSoon();
}

function failed(error) {
  // Of a lost connection the banner tells.
  if (!online || error.name === 'AbortError') return;
  problem = error;
  if (error.code === 'not_found') loaded = false;
}

// Refreshes once, `least` ms after the last time or later.
function refreshSoon(least = refreshEvery) {
  if (timer && least) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(0, readAt + least - Date.now()));
}

const mayRead = () => !paused && !document.hidden;

// The streams go on, or are held, as may be.
function hold() {
  holdStreams(!mayRead());
  if (mayRead()) refreshSoon(0);
  draw();
}

function connected(yes) {
  if (yes === online) return;
  online = yes;
  if (yes) hold();
  else draw();
}

function row(step) {
  const rows = [...main.querySelectorAll('[data-row]')];
  const here = rows.indexOf(document.activeElement.closest('[data-row]'));
  const inSight = rows.findIndex((one) => one.getBoundingClientRect().top >= 0);
  rows[here < 0 ? Math.max(0, inSight) : here + step]?.querySelector('a').focus();
}

const filter = '[data-filter]';

const keys = {
  j: () => row(1),
  k: () => row(-1),
  x: () => document.activeElement.closest('[data-row]')?.querySelector('[type=checkbox]')?.click(),
  '?': help,
  '/'() {
    if (main.querySelector(filter)) return main.querySelector(filter).focus();
    goTo = filter;
    return host.go('#/tasks');
  },
};

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const field = event.target.closest('textarea, select, input:not([type=checkbox])');
  if (field && event.key === 'Escape') field.blur();
  if (field || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
addEventListener('hashchange', open);
document.addEventListener('visibilitychange', hold);
history.scrollRestoration = 'manual';
hooks.needKey = askForKey;
hooks.connected = connected;
byId('help').onclick = help;
byId('pause').onclick = () => {
  paused = !paused;
  byId('pause').textContent = paused ? 'Go on' : 'Pause';
  hold();
};
document.querySelector('.skip').onclick = (event) => {
  event.preventDefault();
  main.focus();
};
setInterval(() => {
  if (!mayRead()) return;
  tick(main);
  // Streams come back by themselves; where only a request failed, this one finds out.
  if (!online && Date.now() - readAt > 3000) refreshSoon(0);
}, 1000);
open();
stream('/events', {
  up: () => connected(true),
  down: () => connected(false),
  refused: failed,
  event({ counts, state }) {
    if (server.status) Object.assign(server.status, { counts, state });
    refreshSoon();
  },
});
