// SPDX-License-Identifier: Apache-2.0
// What a program printed, as the lines of a terminal: colours and styles (SGR) are kept, what stands
// behind a `\r` takes the place of the line, other escapes are dropped. Bounded: the oldest lines go
// first, and of a long line only its beginning is kept.

export const mostLines = 5000
const mostChars = 2000000
const widest = 16384

// Readable on the ground of the output, which style.css has.
const ground = [21, 24, 28]
const sixteen = ('8b929b f27878 74c98b d9b25f 7fb2f0 cf9bea 62c4cc d5dae0 ' +
  '8b929b ff9a9a 98e0a9 efcf86 a5caff e2bdf7 8fe0e6 ffffff').split(' ')
  .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)))
const ink = sixteen[7]

function indexed(n) {
  if (n < 16) return sixteen[n]
  if (n > 231) return Array(3).fill(8 + 10 * (n - 232))
  return [36, 6, 1].map((of) => Math.floor((n - 16) / of) % 6).map((one) => one && 55 + 40 * one)
}

const plain = {}
const switches = {
  1: { fontWeight: 'bold' }, 22: { fontWeight: '' }, 3: { fontStyle: 'italic' }, 23: { fontStyle: '' },
  4: { textDecoration: 'underline' }, 24: { textDecoration: '' },
  7: { turned: true }, 27: { turned: false }, 39: { fg: null }, 49: { bg: null },
}

// The style after an SGR with these parameters.
function styled(style, params) {
  const codes = params.split(/[;:]/).map(Number)
  for (let i = 0; i < codes.length; ++i) {
    const code = codes[i]
    const name = code % 60 < 40 ? 'fg' : 'bg'  // 30-39, 90-97; 40-49, 100-107
    if (code === 0) {
      style = plain
    } else if (code === 38 || code === 48) {
      const many = codes[i + 1] === 2
      style = { ...style, [name]: many ? codes.slice(i + 2, i + 5) : indexed(codes[i + 2] & 255) }
      i += many ? 4 : 2
    } else if (code % 10 < 8 && /^([34]|9|10)\d$/.test(code)) {
      style = { ...style, [name]: sixteen[code % 10 + (code < 90 ? 0 : 8)] }
    } else {
      style = { ...style, ...switches[code] }
    }
  }
  return style
}

const bright = (rgb) => (rgb[0] * 3 + rgb[1] * 6 + rgb[2]) / 10

// Shows a style on a node, with other colours where its own could not be read.
export function paint(node, { fg, bg, turned, ...more }) {
  if (turned) [fg, bg] = [bg ?? ground, fg ?? ink]
  if (bg && Math.abs(bright(fg ?? ink) - bright(bg)) < 125) fg = bright(bg) > 117 ? [0, 0, 0] : sixteen[15]
  if (!bg && fg && bright(fg) < 130) fg = fg.map((one) => one / 2 + 128)
  const css = (rgb) => (rgb ? `rgb(${rgb})` : '')
  Object.assign(node.style, more, { color: css(fg), backgroundColor: css(bg) })
}

const sgr = /\x1b\[([\d;:]*)m/
// Other escapes, also one whose end has not come yet.
const others = /\x1b(\[[0-?]*[ -/]*[@-~]?|[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|[ -/]*[0-Z^-~\\]?)|\x08/g

// The line that `text` makes from `style` on: {runs: [{text, style}], size, cut, style}, with the number
// of characters that were left out, and the style at its end.
function lineOf(text, style) {
  let runs = []
  let size = 0
  let cut = 0
  text.split(sgr).forEach((piece, i) => {
    if (i % 2) {
      style = styled(style, piece)
      return
    }
    piece.replace(others, '').split('\r').forEach((part, k) => {
      if (k) [runs, size, cut] = [[], 0, 0]
      const shown = part.slice(0, widest - size)
      size += shown.length
      cut += part.length - shown.length
      if (shown) runs.push({ text: shown, style })
    })
  })
  return { runs, size, cut, style }
}

// `lines` have ended, and the first `dropped` went; last() has not ended.
export function terminal() {
  const self = { lines: [], dropped: 0, write, last }
  let rest = ''  // of the last line, its beginning if it is very long
  let cut = 0  // characters of it that are in no `rest`
  let style = plain
  let size = 0

  function last() {
    const line = lineOf(rest, style)
    return { ...line, cut: line.cut + cut }
  }

  function write(text) {
    const parts = (rest + text).split('\n')
    parts.forEach((part, i) => {
      rest = part.replace(/\r$/, i < parts.length - 1 ? '' : '$&')
      if (i === parts.length - 1) return
      const line = last()
      self.lines.push(line)
      style = line.style
      size += line.size
      cut = 0
    })
    const from = rest.lastIndexOf('\r', rest.length - 2) + 1
    if (rest.length > 4 * widest && from) [rest, cut] = [rest.slice(from), 0]
    cut += Math.max(0, rest.length - 4 * widest)
    rest = rest.slice(0, 4 * widest)
    let count = 0
    while (self.lines.length - count > mostLines || size > mostChars) size -= self.lines[count++].size
    self.lines.splice(0, count)
    self.dropped += count
  }

  return self
}
