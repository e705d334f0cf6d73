// SPDX-License-Identifier: Apache-2.0
// How values read: times (by the server's clock), durations, sizes, and texts of strangers, which stand
// in <bdi>, with all that is unseen made visible: they cannot reorder or hide what is around.
import { h } from './dom.js'

// Control characters, marks of direction, separators, tags; not the joiners, which scripts need.
const unseen = new RegExp('[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e' +
  '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]', 'gu')

const picture = (char) => `[U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`

// At most `most` characters, on one line, but for those in `keep`.
export function visible(text, most = 300, keep = '') {
  let all = String(text ?? '')
  if (all.length > most) all = `${all.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`
  return all.replace(unseen, (char) => (keep.includes(char) ? char : picture(char)))
}

export const visibleLines = (text) => visible(text, 262144, '\n\t')
export const theirs = (text, most) => h('bdi', visible(text, most))
export const number = (value) => value.toLocaleString('en')

export function bytes(count) {
  const power = Math.floor(Math.log2(count || 1) / 10)
  return `${Number((count / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}

export function duration(ms, parts = 2) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10000 && parts > 1) return `${(ms / 1000).toFixed(1)} s`
  let s = Math.floor(ms / 1000)
  return [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']].filter(([size]) => s >= size).slice(0, parts)
    .map(([size, unit]) => {
      const count = Math.floor(s / size)
      s %= size
      return count && `${count} ${unit}`
    }).filter(Boolean).join(' ')
}

let ahead = 0

export const setClock = (now) => { ahead = Date.parse(now) - Date.now(); }

export const msBetween = (from, to) => (to ? Date.parse(to) : Date.now() + ahead) - Date.parse(from)

function ago(at) {
  const ms = msBetween(at)
  if (ms < -1000) return `in ${duration(-ms, 1)}`
  return ms < 1000 ? 'now' : `${duration(ms, 1)} ago`
}

const time = (at, text, more) => h('time', {
  ...more, datetime: at, title: `${at}, here ${new Date(at).toLocaleString()}`,
}, text)

// How long ago; tick() keeps it true.
export const when = (at) => (at ? time(at, ago(at), { 'data-ago': at }) : '–')

export const clockTime = (at) => time(at, new Date(at).toLocaleString('sv') + at.slice(19, 23))

export const since = (at) => h('span', { 'data-since': at }, duration(msBetween(at)))

export function tick(root) {
  for (const node of root.querySelectorAll('[data-ago], [data-since], [data-from]')) {
    const data = node.dataset
    if (data.from) node.value = msBetween(data.from)
    else node.firstChild.data = data.ago ? ago(data.ago) : duration(msBetween(data.since))
  }
}
