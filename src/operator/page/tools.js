// SPDX-License-Identifier: Apache-2.0
// The tools: how busy each is, how it went lately, pausing it. Of one also its schema, and a form
// made from that to call it.
import { pauseTool } from './actions.js'
import { getText, post, server } from './api.js'
import { sendForm } from './dialog.js'
import { h, own } from './dom.js'
import { schemaForm } from './form.js'
import { pick } from './json.js'
import { address, button, facts, failure, gauge, json, statuses, taskLink, tasksLink, toolLink, word } from './parts.js'
import { duration, number, theirs, visible, visibleLines, when } from './text.js'

// All of them, or the one that is named.
export default function toolsView({ arg: name }, host) {
  let tools = []
  let text = ''
  return {
    title: name ? visible(name) : 'Tools',
    async load(signal) {
      text = await getText('/tools', signal)
      tools = JSON.parse(text).tools
    },
    draw() {
      const at = tools.findIndex((one) => one.name === name)
      if (name && at < 0) return [h('h1', theirs(name)), failure({ message: 'There is no such tool.' })]
      return name ? drawOne(tools[at], pick(text, 'tools', at, 'inputSchema'), host) : [
        h('h1', 'Tools'),
        h('div.cards', tools.map((tool) => h('article.panel', { key: tool.name, 'data-row': '' },
          h('h2.line', toolLink(tool.name)), tool.title && h('p.line', theirs(tool.title)), figures(tool, host)))),
      ]
    },
  }
}

function drawOne(tool, schema, host) {
  return [
    h('h1', theirs(tool.name)),
    h('p', theirs(tool.title)),
    h('p.message', { dir: 'auto' }, visibleLines(tool.description)),
    h('div.columns.life', { key: 'columns' },
      h('div', h('h2', 'Now'), figures(tool, host)),
      h('div',
        server.mayAct && tool.served && own(schema, () => sendForm(
          { title: 'Call it', fields: schemaForm(schema), yes: 'Call it' },
          async (given) => {
            const { task } = await post(`/tools/${encodeURIComponent(tool.name)}/call`, `{"arguments":${given}}`)
            location.hash = address('tasks', task.id)
          })),
        h('section', { key: 'schema' }, h('h2', 'Schema'), json(schema, 'schema')))),
  ]
}

function figures(tool, host) {
  const { hour, counts } = tool
  const ended = hour.completed + hour.failed
  return [
    h('p.row', { key: 'state' },
      tool.pausedSince && h('span.mark.waiting', 'paused ', when(tool.pausedSince)),
      !tool.served && h('span.mark.cancelled', 'no longer served'),
      server.mayAct && button(tool.pausedSince ? 'Resume' : 'Pause', () => pauseTool(tool).then(host.refresh), 'small')),
    facts(
      ['Running here', gauge('running', tool.running, tool.limit)],
      ['Tasks', h('span.row', statuses.filter((status) => counts[status]).map((status) =>
        tasksLink({ status, tool: tool.name }, `${number(counts[status])} ${word(status)}`)))],
      ['Last hour', ended > 0 && `${Math.floor(100 * hour.completed / ended)} % of ${number(ended)} went well`,
        hour.cancelled > 0 && `, ${number(hour.cancelled)} cancelled`],
      ['Took', hour.p50Ms !== null && `p50 ${duration(hour.p50Ms)}, p95 ${duration(hour.p95Ms)}`]),
    hour.failures.length > 0 && h('ul', { label: 'Failures' }, hour.failures.map((one) =>
      h('li', h('b', `${number(one.count)} × `), theirs(one.message), ' ', taskLink(one.last, 'the last')))),
  ]
}
