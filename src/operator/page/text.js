// SPDX-License-Identifier: Apache-2.0
// How values read: texts of strangers, times, durations, sizes. Texts of strangers stand in <bdi>,
// and what nobody would see is made visible: they cannot reorder or hide what is around. All ages are
// counted by the server's clock, which is kept here.
import { h } from './dom.js';

// Control characters, marks and overrides of direction, invisible separators and tags. (The joiners
// U+200C and U+200D stay: many scripts need them.)
const unseen = new RegExp('[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e' +
  '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]', 'gu');

function picture(char) {
  const code = char.codePointAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}

// At most `most` characters, on one line, but for those in `keep`.
export function visible(text, most = 300, keep = '') {
  let all = String(text ?? '');
  if (all.length > most) all = `${all.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`;
  return all.replace(unseen, (char) => (keep.includes(char) ? char : picture(char)));
}

export const visibleLines = (text) => visible(text, 262144, '\n\t');
export const theirs = (text, most) => h('bdi', visible(text, most));
export const number = (value) => value.toLocaleString('en');

export function bytes(count) {
  const power = Math.floor(Math.log2(count || 1) / 10);
  return `${Number((count / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

export function duration(ms, parts = 2) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10000 && parts > 1) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.floor(ms / 1000);
  const words = [[s / 86400, 'd'], [s / 3600 % 24, 'h'], [s / 60 % 60, 'min'], [s % 60, 's']]
    .map(([count, unit]) => [Math.floor(count), unit]);
  const first = words.findIndex(([count]) => count);
  return words.slice(first, first + parts).filter(([count]) => count).map((one) => one.join(' ')).join(' ');
}

let ahead = 0;

export const setClock = (now) => { ahead = Date.parse(now) - Date.now(); };

export const msBetween = (from, to) => (to ? Date.parse(to) : Date.now() + ahead) - Date.parse(from);

function ago(at) {
  const ms = msBetween(at);
  if (ms < -1000) return `in ${duration(-ms, 1)}`;
  return ms < 1000 ? 'now' : `${duration(ms, 1)} ago`;
}

const time = (at, text, more) => h('time', {
  ...more, datetime: at, title: `${at.replace('T', ' ').replace('Z', ' UTC')}, here ${new Date(at).toLocaleString()}`,
}, text);

// How long ago; tick() keeps it true.
export const when = (at) => (at ? time(at, ago(at), { 'data-ago': at }) : '–');

// The time itself.
export function clockTime(at) {
  const [day, clock] = new Date(at).toLocaleString('sv').split(' ');
  const today = day === new Date().toLocaleDateString('sv');
  return time(at, `${today ? '' : `${day} `}${clock}${at.slice(19, 23)}`);
}

// How long since.
export const since = (at) => h('span', { 'data-since': at }, duration(msBetween(at)));

// Ages grow while nothing else changes.
export function tick(root) {
  for (const node of root.querySelectorAll('[data-ago], [data-since], [data-from]')) {
    const data = node.dataset;
    if (data.from) node.value = msBetween(data.from);
    else node.firstChild.data = data.ago ? ago(data.ago) : duration(msBetween(data.since));
  }
}
