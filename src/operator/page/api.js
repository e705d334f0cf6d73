// SPDX-License-Identifier: Apache-2.0
// Talks to the API: requests with the key (which the tab keeps until it is closed), refusals as
// errors, and streams of server-sent events, read by fetch() since EventSource sends no key.
//
//   stream: held ──► asks ──► reads ──(cut)──► waits 1, 2, 4 … 15 s ──► asks on, by Last-Event-ID

const place = `longhaul key ${location.pathname}`;
const silence = 30000;  // ms; a stream that says nothing for so long is asked for again

// What the server says of itself: the last reply of GET /status.
export const server = {
  status: null,
  get mayAct() {
    return this.status?.caller.role === 'act';
  },
};

// What the application does where a key is needed, and where the connection is lost or found.
export const hooks = { needKey: null, connected: null };

export const hasKey = () => Boolean(sessionStorage.getItem(place));

let asking = null;

async function newKey(refused) {
  // Many requests are refused at once; another one may have brought a key meanwhile.
  if (sessionStorage.getItem(place) !== refused) return;
  asking ??= hooks.needKey(refused).then((key) => {
    sessionStorage.setItem(place, key);
    asking = null;
  });
  await asking;
}

// The reply, if it is a good one. Throws what fetch() throws, or an Error with `status`, `code`, `hint`.
export async function request(path, { headers, ...options } = {}) {
  const key = sessionStorage.getItem(place);
  let reply;
  try {
    reply = await fetch(`./api/v1${path}`, {
      cache: 'no-store', ...options,
      headers: { ...headers, ...(key && { Authorization: `Bearer ${key}` }) },
    });
  } catch (error) {
    if (error.name !== 'AbortError') hooks.connected(false);
    throw error;
  }
  if (reply.status === 401) {
    await newKey(key);
    return request(path, { headers, ...options });
  }
  const said = reply.ok ? null : await reply.json().catch(() => ({}));
  // A proxy has no words of ours: the server behind it is gone.
  hooks.connected(reply.status < 502 || Boolean(said.code));
  if (reply.ok) return reply;
  throw Object.assign(new Error(said.message ?? `The reply was ${reply.status}.`),
    { status: reply.status, code: said.code, hint: said.hint });
}

export const getText = async (path, signal) => (await request(path, { signal })).text();
export const get = async (path, signal) => (await request(path, { signal })).json();

// `body` is a value, or JSON text that is sent as it is.
export async function post(path, body) {
  const reply = await request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body ?? {}),
  });
  return reply.json();
}

export const taskPath = (id, rest = '') => `/tasks/${encodeURIComponent(id)}${rest}`;

// Hands on the data and the id of each event.
async function readEvents(body, heard, take) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let event = {};
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?=.)/s);  // the other half of a last \r may follow
    rest = lines.pop();
    for (const line of lines) {
      const [, name, text] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (line === '') {
        if (event.data) take(event.data, event.id);
        event = { id: event.id };
      } else if (name === 'data') {
        event.data = event.data ? `${event.data}\n${text}` : text;
      } else if (name === 'id') {
        event.id = text;
      }
    }
  }
}

const streams = new Set();
let held = false;

// Cuts all streams until they may go on: nobody looks, or wants to see changes. Those that wait for
// their next attempt go on at once.
export function holdStreams(yes) {
  held = yes;
  for (const one of streams) one[yes ? 'cut' : 'wake']();
}

// Reads a stream until stop(). Calls on.event(value), on.up(), on.down(), on.refused(error).
export function stream(path, on) {
  let lastId;
  let wait = 1000;
  const self = {
    cut() {},
    wake() {},
    stop() {
      streams.delete(self);
      self.cut();
      self.wake();
    },
  };

  async function once() {
    const abort = new AbortController();
    self.cut = () => abort.abort();
    let quiet = false;
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => { quiet = true; self.cut(); }, silence);
    };
    try {
      const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) };
      const reply = await request(path, { signal: abort.signal, headers });
      on.up?.();
      heard();
      await readEvents(reply.body, heard, (data, id) => {
        wait = 1000;
        lastId = id ?? lastId;
        if (!abort.signal.aborted) on.event(JSON.parse(data));
      });
    } catch (error) {
      if (error.status < 500 && error.status !== 429) {
        streams.delete(self);
        on.refused?.(error);
      }
    }
    clearTimeout(timer);
    return quiet;
  }

  async function run() {
    while (streams.has(self)) {
      const quiet = !held && await once();
      if (quiet || !streams.has(self)) continue;
      if (!held) on.down?.();
      await new Promise((done) => {
        self.wake = done;
        if (!held) setTimeout(done, wait);
      });
      wait = Math.min(2 * wait, 15000);
    }
  }

  streams.add(self);
  run();
  return self;
}
