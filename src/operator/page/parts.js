// SPDX-License-Identifier: Apache-2.0
// What several views show: marks of a status, links, bars, rows of tasks, texts to copy.
import { say } from './dialog.js'
import { h } from './dom.js'
import { indented } from './json.js'
import { bytes, duration, msBetween, number, since, theirs, visible, visibleLines, when } from './text.js'

export const statuses = ['waiting', 'running', 'input_required', 'completed', 'error', 'failed', 'cancelled']
export const hasEnded = (task) => statuses.indexOf(task.status) > 2
const words = { input_required: 'needs an answer', error: 'tool error' }
export const word = (status) => words[status] ?? status
export const mark = ({ status }) => h(`span.mark.${status}`, word(status))

export const address = (view, name) => `#/${view}/${encodeURIComponent(name)}`
// Counts have tool errors among what has completed.
export const tasksLink = (filter, ...text) => h('a',
  { href: `#/tasks?${new URLSearchParams(filter)}`.replace('=completed', '=completed,error') }, text)
export const taskLink = (id, text) => h('a.break', { href: address('tasks', id) }, text ?? theirs(id))
export const toolLink = (name) => h('a', { href: address('tools', name) }, theirs(name || '(no tool)'))

// How far it is: by what it says, else by the time that its tool usually takes.
export function bar({ status, progress, expectedMs, beganAt }) {
  const { done, total } = progress ?? {}
  if (total > 0) {
    return h('span.bar', h('progress', { max: total, value: done, label: 'Progress' }),
      h('small', `${Math.floor(Math.min(100, (100 * done) / total))} %`))
  }
  if (status !== 'running' || !expectedMs || !beganAt) return progress && h('small', `${number(done)} done`)
  return h('span.bar', h('progress.guess', {
    max: expectedMs, value: msBetween(beganAt), 'data-from': beganAt, label: 'Usual time',
  }), h('small', `of ~${duration(expectedMs)}`))
}

function timeOf({ status, createdAt, beganAt, updatedAt, endedAt }) {
  if (endedAt) return beganAt ? `took ${duration(msBetween(beganAt, endedAt))}` : '–'
  if (status === 'running') return ['runs ', since(beganAt ?? updatedAt)]
  return status === 'waiting' ? ['waits ', since(createdAt)] : ['asks ', since(updatedAt)]
}

export const about = (task) => (task.status === 'waiting' && task.why) || task.message || task.why

export const attemptOf = ({ attempt, maxAttempts }) =>
  `${attempt}${maxAttempts > 1 && attempt <= maxAttempts ? ` of ${maxAttempts}` : ''}`

// A task in a list; `first` is a cell before the others.
export const taskRow = (task, first) => h('tr', { key: task.id, 'data-row': '' }, first,
  h('td', mark(task)),
  h('td.what',
    h('div.line', taskLink(task.id, theirs(task.tool || '(no tool)')), ' ', h('code.quiet', theirs(task.id))),
    h('div.line.quiet', theirs(about(task)))),
  h('td', bar(task), task.attempt > 1 && h('small', ` attempt ${attemptOf(task)}`)),
  h('td', h('div.line', theirs(task.owner))),
  h('td', when(task.createdAt)),
  h('td', timeOf(task)))

export const taskTable = (rows, first) => h('table.tasks',
  h('thead', h('tr', first,
    ['Status', 'Task', 'Progress', 'Owner', 'Created', 'Time'].map((one) => h('th', one)))),
  h('tbody', rows))

export const failure = (error) => error && h('div.trouble', { key: error.message, role: 'alert' },
  h('strong', visible(error.message, 2000)), error.hint && h('p', visible(error.hint, 2000)))

// What `action` throws is said.
export const button = (text, action, kind = '') => h('button', {
  type: 'button', class: kind, onclick: () => Promise.resolve().then(action).catch((error) => say(error.message)),
}, text)

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Not allowed, or there is no clipboard without TLS.
    const area = document.createElement('textarea')
    area.className = 'aside'
    area.value = text
    document.body.append(area)
    const before = document.activeElement
    area.select()
    const copied = document.execCommand('copy')
    area.remove()
    before.focus()
    if (!copied) return say('It could not be copied.')
  }
  return say('Copied.')
}

export const copyButton = (text, what) => h('button.small',
  { type: 'button', label: `Copy ${what}`, onclick: () => copy(text) }, 'Copy')

export const block = (label, text) =>
  h('pre', { dir: 'auto', tabindex: 0, role: 'region', label }, visibleLines(text))

// The text of a JSON value, a member a line; what is copied is the text itself.
export const json = (raw, what) => h('div',
  h('div.row.end', h('small.quiet', bytes(raw.length)), copyButton(raw, what)),
  block(`JSON: ${what}`, indented(raw)))

export const facts = (...pairs) => h('dl.facts', pairs
  .filter(([, value]) => value || value === 0)
  .map(([name, ...value]) => h('div', { key: name }, h('dt', name), h('dd', value))))

export const gauge = (label, used, limit, write = number) => h('span.bar',
  limit && h('meter', { max: limit, high: limit * 0.9, value: used, label }),
  ` ${write(used)}`, limit && ` of ${write(limit)}`)
