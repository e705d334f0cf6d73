// SPDX-License-Identifier: Apache-2.0
// Draws. A view says with h() what should be there, and patch() changes the page into that. What
// stays as it is is not touched: focus, selection, scroll positions and what was typed survive every
// refresh. Text only ever becomes text nodes.

const flat = (nodes) => nodes.flat(Infinity).filter((one) => one || one === 0)

// What should be there: h('p.quiet', {title: 'x'}, 'text', more); the props may be left out. `svg:`
// makes SVG; `key` finds a node again among its siblings, `label` is for those who hear it.
export function h(tag, props, ...children) {
  if (props?.constructor !== Object || props.tag) return h(tag, {}, props, children)
  const [name, ...classes] = tag.split('.')
  if (classes.length) props = { class: classes.join(' '), ...props }
  return { tag: name, props, key: props.key, children: flat(children) }
}

// A node that `build` makes once; it looks after itself.
export const own = (key, build) => ({ tag: 'own', key, build })

// What a hand may have changed is a property.
const typed = (node, name) =>
  /^(value|checked)$/.test(name) && /^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName)

function setProp(node, name, value) {
  if (name === 'label') name = 'aria-label'
  if (name.startsWith('on')) node[name] = value
  else if (value == null || value === false) node.removeAttribute(name)
  else node.setAttribute(name, value === true ? '' : value)
}

function update(node, want) {
  if (!want.tag && node.data !== String(want)) node.data = want
  if (!want.tag || want.build || node.drawn === want) return
  const old = node.drawn?.props ?? {}
  const { key, ...props } = want.props
  for (const name in { ...old, ...props }) {
    if (!typed(node, name) && old[name] !== props[name]) setProp(node, name, props[name])
  }
  patch(node, want.children)
  for (const name in props) {
    if (typed(node, name) && node[name] !== props[name]) node[name] = props[name]
  }
  node.drawn = want
}

export function make(want) {
  if (!want.tag) return document.createTextNode(want)
  if (want.build) return want.build()
  const node = want.tag.startsWith('svg:')
    ? document.createElementNS('http://www.w3.org/2000/svg', want.tag.slice(4))
    : document.createElement(want.tag)
  update(node, want)
  return node
}

export function patch(parent, ...nodes) {
  const count = {}
  const wanted = new Map(flat(nodes).map((one) => {
    const tag = one.tag ?? ''
    return [`${tag} ${one.key ?? (count[tag] = (count[tag] ?? 0) + 1)}`, one]
  }))
  const before = new Map()
  for (const node of [...parent.childNodes]) {
    // Those that go must go first: moving the others about would take their focus.
    if (wanted.has(node.named)) before.set(node.named, node)
    else node.remove()
  }
  let place = parent.firstChild
  for (const [name, one] of wanted) {
    const old = before.get(name)
    const node = old ?? make(one)
    if (old) update(old, one)
    node.named = name
    if (node === place) place = node.nextSibling
    else parent.insertBefore(node, place)
  }
}
