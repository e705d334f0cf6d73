// SPDX-License-Identifier: Apache-2.0
// Forms that send something, in the page or in a dialog, and what is said at the foot of the page (a
// live region: it is read out as well).
import { h, make, own } from './dom.js'
import { visible } from './text.js'

let timer

export function say(text) {
  const line = document.getElementById('said')
  line.textContent = visible(text)
  clearTimeout(timer)
  timer = setTimeout(() => line.replaceChildren(), 8000)
}

// A <form> that sends what `fields` say ({node, read}, see form.js; or none), or null by the button
// `no`. What `send(text)` throws is shown.
export function sendForm({ title, intro, fields, yes, no }, send) {
  const wrong = make(h('p.wrong', { role: 'alert' }))
  const run = async (text) => {
    try {
      await send(text)
    } catch ({ message, hint }) {
      wrong.textContent = visible(`${message} ${hint ?? ''}`, 2000)
    }
  }
  return make(h('form.panel', {
    onsubmit(event) {
      event.preventDefault()
      const text = fields?.read()
      if (text !== null) run(text)
    },
  },
  h('h2', title), intro, fields && own('fields', () => fields.node), own('wrong', () => wrong),
  h('div.row', no && h('button', { type: 'button', onclick: () => run(null) }, no),
    yes && h('button.main', yes))))
}

// The same in a dialog, until it has been sent or was closed; without `no` it must be sent. `body`
// has fields with names, whose values `send` gets.
export function dialog({ title, body, no, ...more }, send) {
  return new Promise((done) => {
    let may = Boolean(no)
    const box = make(h('dialog', { label: title }))
    const node = make(h('div', body))
    const read = () => Object.fromEntries(new FormData(box.firstChild))
    box.append(sendForm({ title, no, ...more, fields: { node, read } }, async (values) => {
      if (values) await send(values)
      may = true
      box.close()
    }))
    box.onclose = () => {
      if (!may) return box.showModal()
      box.remove()
      return done()
    }
    document.body.append(box)
    box.showModal()
  })
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
})

export async function askForKey(refused) {
  let key
  await dialog({
    title: 'A key is needed',
    yes: 'Go on',
    body: [
      h('p', refused && 'This key was not accepted. ', 'A key is kept in this tab until that is closed.'),
      h('label.field', 'Key', h('input', { name: 'key', type: 'password', required: true })),
    ],
  }, (values) => { key = values.key.trim(); })
  return key
}
