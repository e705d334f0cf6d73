// SPDX-License-Identifier: Apache-2.0
// One task: its life, questions and output, and what went in and came out, as the exact JSON that was
// sent: those members are cut out of the text of the reply.
import { actOn, answerTask, verbs } from './actions.js'
import { currentKey, getText, server, taskPath } from './api.js'
import { sendForm } from './dialog.js'
import { h, make, own } from './dom.js'
import { jsonField, schemaForm } from './form.js'
import { members, pick } from './json.js'
import {
  about, address, attemptOf, bar, block, button, copyButton, facts, hasEnded, json, mark, taskLink, toolLink,
  word,
} from './parts.js'
import { tail } from './tail.js'
import {
  bytes, clockTime, duration, msBetween, since, theirs, visible, visibleLines, when,
} from './text.js'

const endedEvery = 5000  // ms between two looks at a task that has ended

export default function taskView({ arg: id }, host) {
  let text = ''
  let task
  let parts = []
  let questions = []
  let output
  let readAt = 0

  async function act(verb) {
    const reply = await actOn(task, verb)
    readAt = 0
    if (reply && verb === 'delete') location.hash = '#/tasks'
    else if (reply && verb === 'retry') location.hash = address('tasks', reply.task.id)
    else host.refresh()
  }

  async function answer(key, given) {
    await answerTask(task, key, given)
    host.refresh()
  }

  return {
    get title() {
      return task ? `${visible(task.tool, 40)}, ${task.status}` : 'Task'
    },
    async load(signal) {
      if (task && hasEnded(task) && Date.now() - readAt < endedEvery) return
      const now = await getText(taskPath(id), signal)
      readAt = Date.now()
      if (now === text) return
      text = now
      task = JSON.parse(text)
      parts = ['result', 'error', 'arguments'].map((name) => part(name, pick(text, name)))
      questions = members(pick(text, 'questions')).map(([i, raw]) => ({ ...task.questions[i], raw }))
      if (task.output) output ??= tail(id)
    },
    draw: () => [
      h('h1', theirs(task.tool || 'Task'), ' ', mark(task)),
      h('p.row', h('code.break', theirs(task.id)), copyButton(task.id, 'id')),
      h('p.message', { dir: 'auto' }, visible(about(task), 2000)),
      bar(task),
      server.mayAct && h('p.row', (hasEnded(task) ? ['retry', 'retain', 'delete'] : ['cancel', 'retain'])
        .map((verb) => button(`${verbs[verb][0]} …`, () => act(verb)))),
      questions.filter((one) => one.response === null)
        .map((one) => own(pick(one.raw, 'request') + one.key, () => question(one, answer))),
      h('div.columns.life', { key: 'columns' },
        h('div', h('h2', 'Its life'), timeline(task), h('h2', 'Facts'), factsOf(task)),
        h('div',
          output && own('output', () => output.node), parts,
          questions.filter((one) => one.response !== null).map((one) => h('section', { key: one.key },
            h('h2', 'Answer to ', theirs(one.key)), json(one.raw, `answer to ${visible(one.key)}`))),
          h('h2', 'The same elsewhere'), elsewhere(task))),
    ],
    close: () => output?.close(),
  }
}

// What happened, in order: {at, kind, then, text}; `then` names what follows it until the next one.
function pointsOf(task) {
  const points = []
  const add = (at, kind, then, ...text) => at && points.push({ at, kind, then, text })
  add(task.createdAt, 'waiting', 'waited', 'Created by ', theirs(task.owner),
    task.retryOf && [', to retry ', taskLink(task.retryOf)])
  for (const one of task.attempts) {
    add(one.beganAt, 'running', 'ran', `Attempt ${one.number} began`)
    add(one.endedAt, 'failed', 'waited', `Attempt ${one.number} was over: `, theirs(one.how, 2000))
  }
  if (task.attempts.at(-1)?.number !== task.attempt) {
    add(task.beganAt, 'running', 'ran', `Attempt ${attemptOf(task)} began`,
      task.host && [' at ', theirs(task.host)])
  }
  for (const { key, request, response, askedAt, answeredAt } of task.questions) {
    const asked = [theirs(key), ': ', theirs(request.params?.message ?? request.method)]
    add(askedAt, 'input_required', 'waited for the answer', 'Asked ', asked)
    add(answeredAt, 'completed', 'ran', 'Answered ', asked, response?.action && ` (${visible(response.action)})`)
  }
  add(task.cancelRequestedAt, 'cancelled', 'took to stop', 'Asked to stop',
    task.cancelReason && [': ', theirs(task.cancelReason, 2000)])
  add(task.endedAt, task.status, '', h('strong', word(task.status)), task.message && [': ', theirs(task.message, 2000)])
  return points.sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
}

// The life of a task, with how long each part took.
function timeline(task) {
  const points = pointsOf(task)
  const doing = { waiting: 'waits', running: 'runs', input_required: 'waits for an answer' }
  return h('ol.timeline',
    points.map(({ at, kind, then, text }, i) => h(`li.${kind}`,
      h('div', text), h('div.quiet', clockTime(at)),
      points[i + 1] && h('div.span', then, ' ', duration(msBetween(at, points[i + 1].at))))),
    !hasEnded(task) && h(`li.open.${task.status}`, { key: 'now' },
      h('div', h('strong', 'Now it ', doing[task.status]), ', for ', since(points.at(-1).at)),
      h('div', theirs(about(task), 2000)),
      task.runAt && msBetween(task.runAt) < 0 && h('div', 'Goes on ', when(task.runAt))),
    task.removeAt && h('li.open', { key: 'gone' }, 'Will be removed ', when(task.removeAt)))
}

function part(name, raw) {
  if (!raw || raw === 'null') return null
  // The words in the result of a tool.
  const content = name === 'result' && JSON.parse(raw).content
  const words = Array.isArray(content) && content.map((one) => one?.text ?? '').join('\n')
  return h('section', { key: name },
    h('h2', name),
    words && block('Text of the result', words),
    json(raw, name))
}

const shownElsewhere = /^(id|status|message|progress|isError|why|arguments|result|error|attempts|questions|output)$/

function factsOf({ limits, ...task }) {
  const words = (name) => name.replace(/(At|Ms)$/, '').replace(/[A-Z]/g, (char) => ` ${char.toLowerCase()}`)
  const value = (name, is) => {
    if (name === 'tool') return toolLink(is)
    if (is === null) return name === 'retentionMs' && 'for ever'
    if (name === 'retryOf') return taskLink(is)
    if (name.endsWith('At')) return when(is)
    if (name.endsWith('Ms')) return duration(is)
    return /bytes$/i.test(name) ? bytes(is) : is === true ? 'yes' : is && theirs(is, 2000)
  }
  return facts(...[...Object.entries(task), ...Object.entries(limits).map(([name, is]) => [`limit: ${name}`, is])]
    .filter(([name]) => !shownElsewhere.test(name)).map(([name, is]) => [words(name), value(name, is)]))
}

function elsewhere({ id, output }) {
  const curl = `curl ${currentKey() ? '-H "Authorization: Bearer $LONGHAUL_OPERATOR_KEY" ' : ''}`
  const href = new URL('.', document.baseURI).href.replace(/'/g, '%27')
  const task = `'${href}api/v1${taskPath(id)}`
  return Object.entries({
    task: `${curl}${task}'`,
    ...(output && { output: `${curl}-N ${task}/stdout?follow=true'` }),
    longhaul: `longhaul admin show --url '${href}' ${id}`,
  }).map(([name, text]) => h('p.row', h('code.break', theirs(text, 4000)), copyButton(text, name)))
}

// What others than forms are answered with.
const templates = {
  'sampling/createMessage':
    '{"role":"assistant","content":{"type":"text","text":""},"model":"operator","stopReason":"endTurn"}',
  'roots/list': '{"roots":[]}',
}

// A question with what answers it; made once: what was typed stays.
function question({ key, raw, request: { method, params = {} } }, answer) {
  const asksUser = method === 'elicitation/create'
  const isPage = params.mode === 'url'
  const title = ['It asks: ', theirs(key)]
  const intro = [
    h('p.message', { dir: 'auto' }, visibleLines(params.message ?? '')),
    isPage && h('p', h('code.break', theirs(params.url, 4000)), ' ',
      /^https?:\/\//i.test(params.url) &&
        h('a', { href: params.url, target: '_blank', rel: 'noopener noreferrer' }, 'Open this page')),
    !asksUser && json(pick(raw, 'request'), `request ${visible(key)}`),
  ]
  if (!server.mayAct) return make(h('div.panel', h('h2', title), intro))
  return sendForm({
    title, intro,
    fields: !asksUser ? jsonField('The answer, as JSON', templates[method] ?? '{}')
      : isPage ? null : schemaForm(pick(raw, 'request', 'params', 'requestedSchema')),
    yes: isPage ? 'It is done' : 'Answer',
    no: asksUser && 'Decline',
  }, (text) => answer(key, text === null ? '{"action":"decline"}' : !asksUser ? text
    : `{"action":"accept"${isPage ? '' : `,"content":${text}`}}`))
}
