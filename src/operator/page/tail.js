// SPDX-License-Identifier: Apache-2.0
// The output of a task, live: two tabs, follow, wrap, search, download. It is a part of the page that
// looks after itself; the view of the task makes it once and closes it.
import { request, stream, taskPath } from './api.js';
import { say } from './dialog.js';
import { h, make, patch } from './dom.js';
import { button, failure } from './parts.js';
import { mostLines, paint, terminal } from './terminal.js';
import { bytes, number, visible } from './text.js';

const mostHits = 5000;
const mostSaved = 268435456;  // bytes: the browser holds a download in memory

function lineNode({ runs, cut }) {
  const node = make(h('div', { dir: 'auto' }, runs.map(({ text }) => h('span', visible(text, Infinity))),
    !runs.length && '\u200b',
    cut > 0 && h('i', ` … ${number(cut)} more characters are only in the download`)));
  runs.forEach(({ style }, i) => paint(node.childNodes[i], style));
  return node;
}

export function tail(id) {
  const box = make(h('section.tail'));
  const screen = make(h('div.screen', { tabindex: 0, role: 'log', 'aria-live': 'off', 'aria-label': 'Output' }));
  let name = 'stdout';
  let follow = true;
  let wrap = true;
  let query = '';
  let hits = [];
  let hit = -1;
  let reading = null;
  let it;  // what is shown of the one that is chosen
  let drawing = 0;
  let searching = 0;

  function begin(from) {
    reading?.stop();
    const mine = { term: terminal(), nodes: [], first: 0, next: 0, state: 'connecting …' };
    it = mine;
    screen.replaceChildren();
    hits = [];
    const tell = (news) => { Object.assign(mine, news); draw(); };
    reading = stream(taskPath(id, `/${name}?follow=true${from === undefined ? '' : `&offset=${from}`}`), {
      up: () => tell({ state: 'live' }),
      down: () => tell({ state: 'not connected' }),
      refused: (wrong) => tell({ wrong }),
      event: (news) => mine === it && take(news),
    });
    draw();
  }

  function take({ offset, nextOffset, total, ended, text }) {
    it.from ??= offset;
    if (it.next && offset > it.next) it.term.write(`\n[${bytes(offset - it.next)} are missing here]\n`);
    if (nextOffset > it.next) it.term.write(text);
    Object.assign(it, { next: nextOffset, total, ended });
    if (ended) reading.stop();
    drawing ||= setTimeout(show, 100);
  }

  // Shows the lines that came since the last time.
  function show() {
    drawing = 0;
    const { term, nodes } = it;
    const atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 40;
    for (const node of nodes.splice(0, term.dropped - it.first)) node.remove();
    it.first = term.dropped;
    it.last?.remove();
    const more = term.done.slice(nodes.length).map(lineNode);
    nodes.push(...more);
    const open = term.open();
    it.last = open.runs.length ? lineNode(open) : null;
    screen.append(...more, it.last ?? '');
    if (follow && atEnd) screen.scrollTop = screen.scrollHeight;
    if (query) searchSoon();
    draw();
  }

  function searchSoon() {
    clearTimeout(searching);
    searching = setTimeout(search, 250);
  }

  function search() {
    const before = hits[hit];
    const sought = query.toLowerCase();
    hits = [];
    for (const node of sought && [...it.nodes, it.last]) {
      const text = node?.textContent.toLowerCase() ?? '';
      for (let at = text.indexOf(sought); at >= 0 && hits.length < mostHits;
        at = text.indexOf(sought, at + sought.length)) hits.push({ node, at });
    }
    hit = hits.findIndex((one) => one.node === before?.node && one.at === before.at);
    highlight();
  }

  // Marks what was found without changing the lines; an older browser marks only the line.
  function highlight() {
    screen.querySelector('.hit')?.classList.remove('hit');
    hits[hit]?.node.classList.add('hit');
    const near = hits.slice(Math.max(0, hit - 500), Math.max(0, hit) + 500);
    globalThis.CSS.highlights?.set('found', new Highlight(...near.map(rangeOf)));
    globalThis.CSS.highlights?.set('here', new Highlight(...hits.slice(hit, hit + 1).map(rangeOf)));
    draw();
  }

  function rangeOf({ node, at }) {
    const range = new Range();
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    for (let before = 0; texts.nextNode(); before += texts.currentNode.length) {
      const text = texts.currentNode;
      const end = at + query.length - before;
      if (at >= before && at < before + text.length) range.setStart(text, at - before);
      if (end > 0 && end <= text.length) range.setEnd(text, end);
    }
    return range;
  }

  function jump(step) {
    if (!hits.length) return;
    hit = hit < 0 && step < 0 ? hits.length - 1 : (hit + step + hits.length) % hits.length;
    highlight();
    hits[hit].node.scrollIntoView({ block: 'nearest' });
  }

  async function download() {
    const parts = [];
    let at = 0;
    try {
      for (let total = 1; at < total && at < mostSaved;) {
        const reply = await request(taskPath(id, `/${name}?offset=${at}&limit=1048576`));
        parts.push(await reply.arrayBuffer());
        if (!parts.at(-1).byteLength) break;
        at += parts.at(-1).byteLength;
        total = Number(reply.headers.get('Longhaul-Total'));
        say(`Read ${bytes(at)} of ${bytes(total)}.`);
      }
    } catch (error) {
      return say(error.message);
    }
    const href = URL.createObjectURL(new Blob(parts));
    make(h('a', { href, download: `${id.replace(/\W/g, '_')}.${name}.txt` })).click();
    return setTimeout(URL.revokeObjectURL, 60000, href);
  }

  function choose(other) {
    name = other;
    begin();
    box.querySelector('[aria-selected=true]').focus();
  }

  function stateWords() {
    const { ended, state, total, from, term } = it;
    return [
      total !== undefined && (from ? `from byte ${number(from)} of ${number(total)} on` : bytes(total)),
      term.dropped > 0 &&
        `${number(term.dropped)} older lines were dropped here, the last ${number(mostLines)} are kept`,
      ended ? 'nothing more comes' : state,
    ].filter(Boolean).join(' · ');
  }

  function draw() {
    const tab = (one) => h('button', {
      type: 'button', role: 'tab', key: one, 'aria-selected': String(one === name), 'aria-controls': 'screen',
      tabindex: one === name ? 0 : -1, onclick: () => choose(one),
      onkeydown: ({ key }) => /^Arrow(Left|Right)$/.test(key) && choose(one === 'stdout' ? 'stderr' : 'stdout'),
    }, one);
    const check = (text, checked, change) => h('label',
      h('input', { type: 'checkbox', checked, onchange: (event) => change(event.target.checked) }), ` ${text}`);
    patch(box,
      h('div.row.spread', h('h2', 'Output'),
        h('div', { role: 'tablist', 'aria-label': 'Which output' }, tab('stdout'), tab('stderr'))),
      h('div.row',
        check('follow', follow, (yes) => { follow = yes; screen.scrollTop = yes ? screen.scrollHeight : screen.scrollTop; }),
        check('wrap', wrap, (yes) => { wrap = yes; screen.classList.toggle('nowrap', !yes); }),
        h('input', {
          type: 'search', value: query, placeholder: 'find', 'aria-label': 'Find in the output', 'data-filter': '',
          oninput: (event) => { query = event.target.value; hit = -1; searchSoon(); },
          onkeydown: (event) => event.key === 'Enter' && jump(event.shiftKey ? -1 : 1),
        }),
        query && [
          h('span', { role: 'status' }, `${hit < 0 ? '' : `${hit + 1} of `}${number(hits.length)}`,
            hits.length === mostHits && ' or more', ' found'),
          button('Before', () => jump(-1), 'small'), button('Next', () => jump(1), 'small'),
        ],
        it.from > 0 && button('From its start', () => begin(0), 'small'),
        button('Download', download, 'small')),
      failure(it.wrong),
      h('p.quiet', stateWords()),
      h('div', { id: 'screen', role: 'tabpanel', 'aria-label': name, key: 'screen' },
        { tag: 'own', key: 'screen', build: () => screen }));
  }

  begin();
  return {
    node: box,
    close() {
      reading?.stop();
      clearTimeout(drawing);
      clearTimeout(searching);
      globalThis.CSS.highlights?.clear();
    },
  };
}
