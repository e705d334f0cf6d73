// SPDX-License-Identifier: Apache-2.0
// Dialogs, and what is said at the foot of the page (a live region: it is read out as well).
import { h, make } from './dom.js';

let timer;

export function say(text) {
  const line = document.getElementById('said');
  line.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => line.replaceChildren(), 3000 + 60 * text.length);
}

// Shows a dialog until it is closed, or `check(values of its fields)` is done and has not thrown;
// without a button `no`, it can only be closed that way.
export function dialog({ title, body, yes, no, kind = 'main', check }) {
  return new Promise((done) => {
    let well = false;
    const box = make(h('dialog', { 'aria-labelledby': 'dialog-title' }, h('form',
      h('h2', { id: 'dialog-title' }, title), body, h('p.wrong', { role: 'alert' }),
      h('div.row.end', no && h('button', { type: 'button', onclick: () => box.close() }, no),
        yes && h(`button.${kind}`, yes)))));
    box.firstChild.onsubmit = async (event) => {
      event.preventDefault();
      try {
        await check(Object.fromEntries(new FormData(event.target)));
        well = true;
        box.close();
      } catch (error) {
        box.querySelector('.wrong').textContent = error.message;
      }
    };
    box.onclose = () => {
      if (!well && !no) return box.showModal();
      box.remove();
      return done();
    };
    document.body.append(box);
    box.showModal();
  });
}

export const help = () => dialog({
  title: 'Keys',
  no: 'Close',
  body: h('dl.facts', Object.entries({
    '/': 'to the filter, or to the search of an output',
    'j k': 'to the next or the one before',
    Enter: 'opens it',
    x: 'selects it',
    '?': 'shows this',
    Escape: 'closes this, leaves a field',
  }).map(([key, what]) => h('div', h('dt', h('kbd', key)), h('dd', what)))),
});

export async function askForKey(refused) {
  let key;
  await dialog({
    title: 'A key is needed',
    yes: 'Go on',
    body: [
      h('p', refused && 'This key was not accepted. ', 'A key is kept in this tab until that is closed.'),
      h('label.field', 'Key', h('input', { name: 'key', type: 'password', required: true, autocomplete: 'off' })),
    ],
    check: (values) => { key = values.key.trim(); },
  });
  return key;
}
