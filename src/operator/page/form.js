// SPDX-License-Identifier: Apache-2.0
// A form made from a JSON schema, for arguments and answers. It gives JSON text: a long number arrives
// as it was typed. What it has no field for is written as JSON.
import { h, make, own } from './dom.js'
import { indented, members, pick } from './json.js'
import { theirs, visible } from './text.js'

// The values that a schema allows, as [text, label]; null where they are not listed.
function choicesOf(raw) {
  const schema = JSON.parse(raw ?? 'null') ?? {}
  const titled = ['oneOf', 'anyOf'].find((name) => schema[name]?.every?.((one) => 'const' in one))
  if (schema.type === 'boolean') return [['true', 'yes'], ['false', 'no']]
  if (titled) {
    return members(pick(raw, titled)).map(([i, one]) =>
      [pick(one, 'const'), schema[titled][i].title ?? pick(one, 'const')])
  }
  return schema.enum && members(pick(raw, 'enum')).map(([i, value]) =>
    [value, schema.enumNames?.[i] ?? schema.enum[i]])
}

const bounds = 'format pattern minimum maximum minLength maxLength minItems maxItems'.split(' ')

// A field for the schema `raw`: {name, node, read}. read() gives JSON text, '' for nothing, and null
// where it is wrong, after it has said so.
function fieldFor(name, raw, needed) {
  const schema = JSON.parse(raw) ?? {}
  const type = [schema.type].flat().find((one) => one !== 'null')
  const many = type === 'array' && choicesOf(pick(raw, 'items'))
  const choices = many || choicesOf(raw)
  const preset = pick(raw, 'default')?.replace(/^null$/, '')
  const chosen = (text) => (many ? members(preset ?? '').some((one) => one[1] === text) : preset === text)
  const value = preset && (type === 'string' ? JSON.parse(preset) : indented(preset))

  const control = make(
    many ? h('div.row', choices.map(([text, label]) => h('label',
      h('input', { type: 'checkbox', 'data-text': text, checked: chosen(text) }), ' ', theirs(label))))
      : choices ? h('select',
        !(needed && preset) && h('option', { value: '' }, '–'),
        choices.map(([text, label]) => h('option', { value: text, selected: chosen(text) }, visible(label))))
        : h(schema.format ? 'input' : 'textarea', { rows: 1, value: value ?? '', spellcheck: 'false' }))

  function textOf() {
    if (many) {
      const texts = [...control.querySelectorAll(':checked')].map((one) => one.dataset.text)
      return texts.length || needed || preset ? `[${texts}]` : ''
    }
    const typed = control.value
    if (choices || !typed.trim()) return typed.trim()
    if (type === 'string') return JSON.stringify(typed)
    const is = JSON.parse(typed)
    if (type === 'integer' ? !Number.isInteger(is) : type === 'number' && typeof is !== type) throw new Error(type)
    return typed.trim()
  }

  const wrong = make(h('p.wrong', { role: 'alert' }))
  const node = make(h(many ? 'fieldset.field' : 'label.field',
    h(many ? 'legend' : 'span', theirs(schema.title || name), needed && h('small', ' required')),
    h('small.quiet', { dir: 'auto' }, visible([
      schema.description, ...bounds.filter((one) => one in schema).map((one) => `${one} ${schema[one]}`),
    ].filter(Boolean).join(', '), 2000)),
    own('control', () => control), own('wrong', () => wrong)))

  function read() {
    wrong.textContent = ''
    let text = ''
    try {
      text = textOf()
      if (text || !needed) return text
      wrong.textContent = 'This is needed.'
    } catch {
      wrong.textContent = `This is not ${type ? `of type ${type}` : 'JSON'}.`
    }
    (control.querySelector('input') ?? control).focus()
    return null
  }

  return { name, node, read }
}

// A field with one JSON value, which is `text` at first.
export const jsonField = (label, text) => fieldFor(label, `{"default":${text}}`, true)

// A form for an object with the schema `raw`: {node, read}, as above.
export function schemaForm(raw = '{}') {
  const properties = pick(raw, 'properties')
  if (!properties) return jsonField('Arguments, as JSON', '{}')
  const needed = JSON.parse(pick(raw, 'required') ?? '[]')
  const fields = members(properties).map(([name, one]) => fieldFor(name, one, needed.includes(name)))
  const node = make(h('div'))
  node.append(...fields.map((one) => one.node))
  return {
    node,
    read() {
      const read = fields.map((one) => [JSON.stringify(one.name), one.read()])
      if (read.some(([, text]) => text === null)) return null
      return `{${read.filter(([, text]) => text).map((one) => one.join(':'))}}`
    },
  }
}
