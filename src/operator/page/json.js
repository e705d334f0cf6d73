// SPDX-License-Identifier: Apache-2.0
// JSON as text: numbers beyond 2^53 do not survive JSON.parse. Requires what JSON.parse accepts.

function stringEnd(text, at) {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text[end - 1 - slashes] === '\\') ++slashes
    if (slashes % 2 === 0) return end + 1
  }
}

function skipSpace(text, at) {
  while (' \n\r\t'.includes(text[at])) ++at
  return at
}

// The end of what begins at `at`.
function valueEnd(text, at) {
  for (let depth = 0; ; ++at) {
    const char = text[at]
    if (char === '"') at = stringEnd(text, at) - 1
    else if (char === '{' || char === '[') ++depth
    else if (depth && (char === '}' || char === ']')) --depth
    else if (depth || /[^,\]}\s]/.test(char ?? ',')) continue
    else return at  // behind a number or a word
    if (!depth) return at + 1
  }
}

// Of an object [name, text], of an array [index, text] each; of others none.
export function members(text) {
  const found = []
  let at = skipSpace(text, 0)
  const open = text[at]
  if (open !== '{' && open !== '[') return found
  for (at = skipSpace(text, at + 1); text[at] !== '}' && text[at] !== ']';) {
    let name = found.length
    if (open === '{') {
      const end = stringEnd(text, at)
      name = JSON.parse(text.slice(at, end))
      at = skipSpace(text, skipSpace(text, end) + 1)
    }
    const end = valueEnd(text, at)
    found.push([name, text.slice(at, end)])
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

// The text of what stands below `path`, or undefined.
export function pick(text, ...path) {
  for (const name of path) {
    // Where a name stands twice the last one counts, as for JSON.parse.
    text = members(text ?? '').findLast((one) => one[0] === name)?.[1]
  }
  return text
}

// The same value with a member a line, at most about `most` characters of it.
export function indented(text, most = 262144) {
  let out = ''
  let depth = 0
  const line = () => `\n${'  '.repeat(Math.min(depth, 40))}`
  for (let i = skipSpace(text, 0); i < text.length && out.length < most; i = skipSpace(text, i)) {
    const char = text[i++]
    if (char === '"') {
      const end = stringEnd(text, i - 1)
      out += text.slice(i - 1, Math.min(end, i + most))
      i = end
    } else if (char === '{' || char === '[') {
      const next = skipSpace(text, i)
      const empty = text[next] === '}' || text[next] === ']'
      if (!empty) ++depth
      out += empty ? char + text[next] : char + line()
      if (empty) i = next + 1
    } else if (char === '}' || char === ']') {
      --depth
      out += line() + char
    } else {
      out += char === ',' ? char + line() : char === ':' ? ': ' : char
    }
  }
  return out
}
