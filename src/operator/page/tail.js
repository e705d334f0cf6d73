// SPDX-License-Identifier: Apache-2.0
// The output of a task, live: two tabs, follow, wrap, search, download; until the view of the
// task closes it.
import { request, stream, taskPath } from './api.js'
import { say } from './dialog.js'
import { h, make, own, patch } from './dom.js'
import { button } from './parts.js'
import { mostLines, paint, terminal } from './terminal.js'
import { bytes, number, theirs, visible } from './text.js'

const mostSaved = 268435456  // bytes: the browser holds a download in memory

export function tail(id) {
  const box = make(h('section.tail'))
  const screen = make(h('div.screen', { tabindex: 0, role: 'region', label: 'Output' }))
  let name = 'stdout'
  let follow = true
  let wrap = true
  let sought = /$^/
  let here  // the one gone to
  let it  // what is shown of the output that was chosen
  let reading
  let timer = 0

  function begin(from) {
    reading?.stop()
    const mine = { term: terminal(), next: 0, total: 0, state: 'connecting', stale: true }
    it = mine
    const tell = (news) => { Object.assign(mine, news); draw(); }
    reading = stream(taskPath(id, `/${name}?follow=true${from === undefined ? '' : `&offset=${from}`}`), {
      up: () => tell({ state: 'live' }),
      down: () => tell({ state: 'not connected' }),
      refused: (wrong) => tell({ wrong }),
      event: (news) => mine === it && take(news),
    })
    draw()
  }

  function take({ attempt, offset, nextOffset, total, ended, text }) {
    it.from ??= offset
    if (attempt > it.attempt) it.next = 0
    it.attempt = attempt
    if (nextOffset > it.next) it.term.write(text)
    Object.assign(it, { next: nextOffset, total, ended })
    if (ended) reading.stop()
    timer ||= setTimeout(show, 100)
  }

  // What is sought is marked where it stands in one colour.
  function lineNode({ runs, cut }) {
    const node = document.createElement('div')
    node.dir = 'auto'
    for (const { text, style } of runs) {
      const span = document.createElement('span')
      span.append(...visible(text, Infinity, '\t').split(sought)
        .map((piece, i) => (i % 2 ? make(h('mark', piece)) : piece)))
      paint(span, style)
      node.append(span)
    }
    if (cut) node.append(` … ${number(cut)} more characters are only in the download`)
    return node
  }

  // Shows the lines that came since the last time.
  function show() {
    timer = 0
    const { lines, dropped, last } = it.term
    const top = screen.scrollTop
    const atEnd = screen.scrollHeight - top - screen.clientHeight < 40
    if (it.stale) {
      screen.replaceChildren()
      Object.assign(it, { stale: false, last: null, first: dropped })
    }
    it.last?.remove()
    for (; it.first < dropped && screen.firstChild; ++it.first) screen.firstChild.remove()
    it.first = dropped
    it.last = lineNode(last())
    screen.append(...lines.slice(screen.childElementCount).map(lineNode), it.last)
    if (follow && atEnd) screen.scrollTop = screen.scrollHeight
    draw()
  }

  function search({ target }) {
    const text = target.value.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&')
    sought = text ? new RegExp(`(${text})`, 'i') : /$^/
    it.stale = true
    timer ||= setTimeout(show, 200)
  }

  const found = () => [...screen.querySelectorAll('mark')]

  function jump(step) {
    const marks = found()
    const next = marks.indexOf(here) + step
    here?.removeAttribute('class')
    here = marks.at(marks.includes(here) || step > 0 ? next % marks.length : -1)
    if (here) here.className = 'here'
    here?.scrollIntoView({ block: 'nearest' })
    draw()
  }

  async function download() {
    const parts = []
    let at = 0
    for (let total = 1; at < total && at < mostSaved;) {
      const reply = await request(taskPath(id, `/${name}?offset=${at}&limit=1048576`))
      parts.push(await reply.arrayBuffer())
      at += parts.at(-1).byteLength
      total = parts.at(-1).byteLength && Number(reply.headers.get('Longhaul-Total'))
      say(`Read ${bytes(at)} of ${bytes(total)}.`)
    }
    const href = URL.createObjectURL(new Blob(parts))
    make(h('a', { href, download: `${id.replace(/\W/g, '_')}.${name}.txt` })).click()
    setTimeout(URL.revokeObjectURL, 60000, href)
  }

  function draw() {
    const tab = (one) => h('button', {
      type: 'button', 'aria-pressed': String(one === name), onclick: () => { name = one; begin(); },
    }, one)
    const check = (text, checked, onclick) => h('label', h('input', { type: 'checkbox', checked, onclick }), ` ${text}`)
    const marks = found()
    patch(box,
      h('div.row', h('h2', 'Output'), ['stdout', 'stderr'].map(tab)),
      h('div.row',
        check('follow', follow, () => { follow = !follow; if (follow) screen.scrollTop = screen.scrollHeight; }),
        check('wrap', wrap, () => { wrap = !wrap; screen.classList.toggle('nowrap'); }),
        h('input', {
          type: 'search', placeholder: 'find', label: 'Find in the output', 'data-filter': '', oninput: search,
          onkeydown: ({ key, shiftKey }) => key === 'Enter' && jump(shiftKey ? -1 : 1),
        }),
        sought.source !== '$^' && [
          h('span', { role: 'status' }, marks.includes(here) && `${marks.indexOf(here) + 1} of `,
            `${number(marks.length)} found`),
          button('Before', () => jump(-1), 'small'), button('Next', () => jump(1), 'small'),
        ],
        it.from > 0 && button('From its start', () => begin(0), 'small'),
        button('Download', download, 'small')),
      h('p.quiet', it.wrong ? theirs(it.wrong.message) : it.ended ? 'all' : it.state,
        `, ${bytes(it.total - (it.from ?? 0))} of ${bytes(it.total)}`,
        it.term.dropped > 0 && `, ${number(it.term.dropped)} older lines dropped: the last ${mostLines} are kept`),
      own('screen', () => screen))
  }

  begin()
  return {
    node: box,
    close() {
      reading.stop()
      clearTimeout(timer)
    },
  }
}
