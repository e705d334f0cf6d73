// SPDX-License-Identifier: Apache-2.0
// The application: which view the address names, when it is read again, keys, the connection.
//
// A view is made by a function of (where, host): {title, load(signal), draw()}, and perhaps
// moved(where) for another query, drawn() and close(). `where` is {name, arg, query}.
//
//   event of the server, action ──► refresh: GET /status, load ──► draw ──(each second)──► tick
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

let view = null;
let where = {};
let loaded = false;
let problem = null;
let reading = new AbortController();
let parked = null;  // the list of tasks as it was left, for the way back
let moveTo = null;  // where to scroll when the view is there
let online = true;
let paused = false;
let busy = false;
let wanted = false;
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

function whereIs(hash) {
  const [, name, arg, query] = /^#\/([^/?]*)\/?([^?]*)\??(.*)$/s.exec(hash) ?? [];
  let text = arg ?? '';
  try {
    text = decodeURIComponent(text);
  } catch { /* as it is */ }
  return { name: name in views ? name : 'now', arg: text, query: new URLSearchParams(query), hash };
}

function open() {
  const next = whereIs(location.hash);
  if (view?.moved && next.name === where.name && next.arg === where.arg) {
    where = next;
    return view.moved(next);
  }
  reading.abort();
  view?.close?.();
  if (view?.moved && loaded) parked = { hash: where.hash, view, top: scrollY };
  moveTo = { top: 0, focus: Boolean(view) };
  loaded = parked?.hash === next.hash;
  where = next;
  problem = null;
  if (loaded) {
    ({ view, top: moveTo.top } = parked);
  } else {
    view = (next.name === 'tasks' && next.arg ? taskView : views[next.name])(next, host);
  }
  for (const link of document.querySelectorAll('#views a')) {
    link.ariaCurrent = link.hash === `#/${next.name}` ? 'page' : null;
  }
  patch(byId('view'));  // nothing of the other view stays
  draw();
  return refreshSoon(0);
}

function draw() {
  const focused = document.activeElement;
  patch(byId('problem'), failure(problem));
  patch(byId('view'), loaded ? view.draw() : problem ? [] : 'Reading …');
  if (loaded) view.drawn?.();
  if (loaded && moveTo) {
    scrollTo(0, moveTo.top);
    const title = main.querySelector('h1');
    title.tabIndex = -1;
    if (moveTo.focus) title.focus({ preventScroll: true });
    moveTo = null;
  } else if (main.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
  byId('name').textContent = visible(server.status?.server.name ?? 'Longhaul');
  document.title = `${view.title} – ${byId('name').textContent}`;
  byId('live').className = online && !paused ? '' : 'off';
  byId('live').textContent = !online ? 'not connected' : paused ? 'paused' : 'live';
  byId('lost').hidden = online;
}

async function refresh() {
  timer = 0;
  wanted = busy;
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
  if (wanted || mine !== view) refreshSoon(mine === view ? refreshEvery : 0);
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

function connected(yes) {
  if (yes === online) return;
  online = yes;
  if (yes) {
    if (!paused && !document.hidden) holdStreams(false);
    refreshSoon(0);
  }
  draw();
}

function hold() {
  holdStreams(paused || document.hidden);
  if (!paused && !document.hidden) refreshSoon(0);
  draw();
}

function row(step) {
  const rows = [...main.querySelectorAll('[data-row]')];
  const here = rows.indexOf(document.activeElement.closest('[data-row]'));
  const inSight = rows.findIndex((one) => one.getBoundingClientRect().top >= 0);
  rows[here < 0 ? Math.max(0, inSight) : here + step]?.querySelector('a').focus();
}

function toFilter(tries = 20) {
  const field = main.querySelector('[data-filter]');
  if (field) return field.focus();
  if (tries === 20) host.go('#/tasks');
  return tries && setTimeout(toFilter, 100, tries - 1);
}

const keys = {
  '/': () => toFilter(),
  j: () => row(1),
  k: () => row(-1),
  x: () => document.activeElement.closest('[data-row]')?.querySelector('[type=checkbox]')?.click(),
  '?': help,
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const field = event.target.closest('textarea, select, input:not([type=checkbox])');
  if (field && event.key === 'Escape') field.blur();
  if (field || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
}

hooks.needKey = askForKey;
hooks.connected = connected;
history.scrollRestoration = 'manual';
addEventListener('hashchange', open);
addEventListener('keydown', onKey);
document.addEventListener('visibilitychange', hold);
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
  if (document.hidden || paused) return;
  tick(main);
  // Streams come back by themselves; where only a request failed, this one finds out.
  if (!online && Date.now() - readAt > 3000) refreshSoon(0);
}, 1000);
open();
stream('/events', {
  up: () => connected(true),
  down: () => connected(false),
  event({ counts, state }) {
    if (server.status) Object.assign(server.status, { counts, state });
    refreshSoon();
  },
  refused: failed,
});
