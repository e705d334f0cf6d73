// SPDX-License-Identifier: Apache-2.0
// Talks to the API: requests with the key (which the tab keeps until it is closed), refusals as
// errors, and streams of server-sent events, read by fetch() since EventSource sends no key.
//   stream: held --> asks --> reads --(cut)--> waits 1, 2, 4 ... 15 s --> asks on, by Last-Event-ID
import { askForKey } from './dialog.js'

const place = `longhaul key ${location.pathname}`

export const server = {
  status: null,  // the last reply of GET /status
  get mayAct() {
    return this.status?.caller.role === 'act'
  },
}

// What the application does where the connection is lost or back.
export const hooks = { connected: null }

export const currentKey = () => sessionStorage.getItem(place)

let asking = null

async function newKey(refused) {
  // Many are refused at once, and one may have brought a key meanwhile.
  if (currentKey() !== refused) return
  asking ??= askForKey(refused).then((key) => {
    sessionStorage.setItem(place, key)
    asking = null
  })
  await asking
}

// The reply, if it is a good one. Throws what fetch() throws, or with `status`, `code`, `hint`.
export async function request(path, options = {}) {
  const key = currentKey()
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) }
  const reply = await fetch(`./api/v1${path}`, { cache: 'no-store', ...options, headers }).catch((error) => {
    if (error.name !== 'AbortError') hooks.connected(false)
    throw error
  })
  if (reply.status === 401) {
    await newKey(key)
    return request(path, options)
  }
  const { code, message, hint } = reply.ok ? {} : await reply.json().catch(() => ({}))
  // A proxy has no words of ours: the server behind it is gone.
  hooks.connected(reply.status < 502 || Boolean(code))
  if (reply.ok) return reply
  throw Object.assign(new Error(message ?? `The reply was ${reply.status}.`), { status: reply.status, code, hint })
}

export const getText = async (path, signal) => (await request(path, { signal })).text()
export const get = async (path, signal) => (await request(path, { signal })).json()

// `body` is a value, or JSON text that is sent as it is.
export const post = async (path, body = {}) => (await request(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})).json()

export const taskPath = (id, rest = '') => `/tasks/${encodeURIComponent(id)}${rest}`

async function readEvents(body, take) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let data = ''
  let id
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    rest += decoder.decode(value, { stream: true })
    const lines = rest.split(/\r?\n/)
    rest = lines.pop()
    for (const line of lines) {
      const [, name, text] = /^([^:]*):? ?(.*)$/s.exec(line)
      if (name === 'data') data += data ? `\n${text}` : text
      if (name === 'id') id = text
      if (line || !data) continue
      take(JSON.parse(data), id)
      data = ''
    }
  }
}

const streams = new Set()
let held = false

// Cuts all streams until they may go on, which those that wait then do at once.
export function holdStreams(yes) {
  held = yes
  for (const one of streams) one[yes ? 'cut' : 'wake']()
}

// Reads a stream until stop(). Calls on.event(value), on.up(), on.down(), on.refused(error).
export function stream(path, on) {
  let lastId
  let wait = 1000
  const self = {
    wake() {},
    stop() {
      streams.delete(self)
      self.cut()
      self.wake()
    },
  }

  async function once() {
    const abort = new AbortController()
    self.cut = () => abort.abort()
    try {
      const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) }
      const reply = await request(path, { signal: abort.signal, headers })
      on.up?.()
      await readEvents(reply.body, (event, id) => {
        wait = 1000
        lastId = id
        if (!abort.signal.aborted) on.event(event)
      })
    } catch (error) {
      if (error.status < 500 && error.status !== 429) {
        streams.delete(self)
        on.refused(error)
      }
    }
  }

  async function run() {
    while (streams.has(self)) {
      if (!held) await once()
      if (!held && streams.has(self)) on.down()
      await new Promise((done) => {
        self.wake = done
        if (!held) setTimeout(done, wait)
      })
      wait = Math.min(2 * wait, 15000)
    }
  }

  streams.add(self)
  run()
  return self
}
