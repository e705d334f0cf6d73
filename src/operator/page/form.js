// SPDX-License-Identifier: Apache-2.0
// A form made from a JSON schema, for arguments and for answers. It gives JSON text, never values,
// so that a long number arrives as it was typed. What it has no field for is written as JSON.
import { server } from './api.js';
import { h, make, own, patch } from './dom.js';
import { indented, members, pick } from './json.js';
import { button, failure } from './parts.js';
import { theirs, visible } from './text.js';

let count = 0;

const same = (one, other) => one && other &&
  JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));

// The values that are allowed, as {raw, label}; null where it is not a choice.
function choicesOf(raw) {
  const schema = JSON.parse(raw ?? 'null');
  const titled = schema?.oneOf ? 'oneOf' : 'anyOf';
  if (Array.isArray(schema?.enum)) {
    return members(pick(raw, 'enum')).map(([i, value]) => (
      { raw: value, label: schema.enumNames?.[i] ?? String(JSON.parse(value) ?? value) }));
  }
  if (!schema?.[titled]?.every?.((one) => 'const' in one)) return null;
  return members(pick(raw, titled)).map(([i, one]) => (
    { raw: pick(one, 'const'), label: schema[titled][i].title ?? pick(one, 'const') }));
}

// What is allowed, as it stands in the schema.
const bounds = 'format pattern minimum maximum minLength maxLength minItems maxItems'.split(' ');
const hint = (schema) => bounds.filter((name) => name in schema)
  .map((name) => `${name.replace(/[A-Z]/, (char) => ` ${char.toLowerCase()}`)} ${schema[name]}`).join(', ');

function jsonText(typed) {
  try {
    if (typed.trim()) JSON.parse(typed);
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}`);
  }
  return typed.trim();
}

// The kinds of fields: [what it looks like, its JSON text ('': nothing was given)].
const kinds = {
  choice: ({ preset, choices, needed, props }) => [
    h('select', props,
      !(needed && preset) && h('option', { value: '' }, needed ? 'choose …' : '(nothing)'),
      choices.map(({ raw, label }) =>
        h('option', { value: raw, selected: Boolean(same(raw, preset)) }, visible(label)))),
    (node) => node.value,
  ],
  many: ({ preset, choices, needed, props }) => [
    h('div.choices', { ...props, role: 'group' }, choices.map(({ raw, label }) => h('label',
      h('input', {
        type: 'checkbox', 'data-raw': raw,
        checked: members(preset ?? '').some(([, value]) => same(value, raw)),
      }), ' ', theirs(label)))),
    (node) => {
      const chosen = [...node.querySelectorAll(':checked')].map((one) => one.dataset.raw);
      return chosen.length || needed || preset ? `[${chosen}]` : '';
    },
  ],
  boolean: (field) => kinds.choice({
    ...field, choices: [{ raw: 'true', label: 'yes' }, { raw: 'false', label: 'no' }],
  }),
  string: ({ preset, schema, props }) => [
    h(schema.format ? 'input' : 'textarea', {
      ...props, rows: 1, value: preset ? JSON.parse(preset) : '',
      type: { date: 'date', email: 'email', uri: 'url' }[schema.format] ?? 'text',
    }),
    (node) => node.value && JSON.stringify(node.value),
  ],
  number: ({ preset, schema, props }) => [
    h('input', { ...props, inputmode: 'decimal', value: preset ?? '' }),
    (node) => {
      const typed = node.value.trim();
      const whole = schema.type === 'integer';
      if (typed && !/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(typed) ||
          (whole && /\D/.test(typed.slice(1)))) {
        throw new Error(`A ${whole ? 'whole ' : ''}number is needed.`);
      }
      return typed;
    },
  ],
  json: ({ preset, props }) => [
    h('textarea.code', { ...props, rows: 4, spellcheck: 'false', value: preset ? indented(preset) : '' }),
    (node) => jsonText(node.value),
  ],
};

// A field for the schema `raw`: {name, node, read}. read() gives JSON text, '' where nothing was
// given, and null where it is wrong, after it has said so.
function fieldFor(name, raw, needed) {
  const schema = JSON.parse(raw) ?? {};
  const type = [schema.type].flat().filter((one) => one !== 'null').join();
  const items = type === 'array' ? choicesOf(pick(raw, 'items')) : null;
  const choices = choicesOf(raw) ?? items;
  const kind = !choices ? kinds[type.replace('integer', 'number')] ?? kinds.json
    : choices === items ? kinds.many : kinds.choice;
  const id = `field-${++count}`;
  const preset = pick(raw, 'default')?.replace(/^null$/, '');
  const props = { id, 'aria-labelledby': `${id}-name`, 'aria-describedby': `${id}-hint ${id}-wrong` };
  const [look, textOf] = kind({ schema, choices, needed, preset, props });
  const control = make(look);
  const wrong = make(h('p.wrong', { id: `${id}-wrong` }));
  const node = make(h('div.field',
    h('label', { id: `${id}-name`, for: kind === kinds.many ? null : id },
      theirs(schema.title || name), schema.title && h('small', ' ', theirs(name)),
      needed && h('small', ' required')),
    h('div.quiet', { id: `${id}-hint` },
      schema.description && h('div', { dir: 'auto' }, visible(schema.description, 2000)),
      visible(hint(schema)))));
  node.append(control, wrong);
  return {
    name,
    node,
    read() {
      wrong.textContent = '';
      try {
        const text = textOf(control);
        if (!text && needed) throw new Error('This is needed.');
        return text;
      } catch (error) {
        wrong.textContent = error.message;
        (control.querySelector('input') ?? control).focus();
        return null;
      }
    },
  };
}

// A field with one JSON value, which is `text` at first.
export const jsonField = (label, text) => fieldFor(label, `{"default":${text}}`, true);

// A form for an object with the schema `raw`: {node, read}, as above.
export function schemaForm(raw = '{}') {
  const properties = pick(raw, 'properties');
  if (!properties) return jsonField('Arguments, as JSON', '{}');
  const needed = JSON.parse(pick(raw, 'required') ?? '[]');
  const fields = members(properties).map(([name, one]) => fieldFor(name, one, needed.includes(name)));
  const node = make(h('div'));
  node.append(...fields.map((one) => one.node));
  return {
    node,
    read() {
      const read = fields.map((one) => [JSON.stringify(one.name), one.read()]);
      if (read.some(([, text]) => text === null)) return null;
      return `{${read.filter(([, text]) => text).map((one) => one.join(':'))}}`;
    },
  };
}

// A <form> that sends what `fields` (as above, or null) say. `send(text)` may throw; with the button
// `no` it gets null.
export function sendForm({ title, intro, fields, yes, no }, send) {
  const wrong = make(h('div'));
  const run = (text) => send(text).then(() => patch(wrong), (error) => patch(wrong, failure(error)));
  return make(h('form.panel', {
    onsubmit(event) {
      event.preventDefault();
      const text = fields?.read();
      if (text !== null) run(text);
    },
  },
  h('h2', title), intro,
  server.mayAct && [
    fields && own('fields', () => fields.node),
    h('div.row', h('button.main', yes), no && button(no, () => run(null))),
    own('wrong', () => wrong),
  ]));
}
