// SPDX-License-Identifier: Apache-2.0
// What a terminal would show of what a program printed, as lines: colours and styles (SGR) are kept,
// `\r` goes back to the start of the line, other escapes are dropped. Bounded: the oldest lines go
// first, and of a long line only its beginning is kept.
//
//   text --ESC--> esc --[--> csi --final--> text        esc --]--> osc --BEL or ESC \--> text

export const mostLines = 5000;
const mostChars = 2000000;
const widest = 16384;

// Readable on the ground of the output, which style.css has.
const ground = [21, 24, 28];
const sixteen = ('8b929b f27878 74c98b d9b25f 7fb2f0 cf9bea 62c4cc d5dae0 ' +
  '8b929b ff9a9a 98e0a9 efcf86 a5caff e2bdf7 8fe0e6 ffffff').split(' ')
  .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
const ink = sixteen[7];

function indexed(n) {
  if (n < 16) return sixteen[n];
  if (n > 231) return Array(3).fill(8 + 10 * (n - 232));
  return [36, 6, 1].map((of) => Math.floor((n - 16) / of) % 6).map((one) => one && 55 + 40 * one);
}

const plain = {};
const switches = {
  1: { fontWeight: 'bold' }, 22: { fontWeight: '' }, 3: { fontStyle: 'italic' }, 23: { fontStyle: '' },
  4: { textDecoration: 'underline' }, 24: { textDecoration: '' },
  7: { turned: true }, 27: { turned: false }, 39: { fg: null }, 49: { bg: null },
};

// The style after an SGR with these parameters.
function styled(style, params) {
  const codes = params.split(/[;:]/).map(Number);
  for (let i = 0; i < codes.length; ++i) {
    const code = codes[i];
    const name = code % 60 < 40 ? 'fg' : 'bg';  // 30-39, 90-97; 40-49, 100-107
    if (code === 0) {
      style = plain;
    } else if (code === 38 || code === 48) {
      const many = codes[i + 1] === 2;
      style = { ...style, [name]: many ? codes.slice(i + 2, i + 5) : indexed(codes[i + 2] & 255) };
      i += many ? 4 : 2;
    } else if (code % 10 < 8 && /^([34]|9|10)\d$/.test(code)) {
      style = { ...style, [name]: sixteen[code % 10 + (code < 90 ? 0 : 8)] };
    } else {
      style = { ...style, ...switches[code] };
    }
  }
  return style;
}

const bright = (rgb) => (rgb[0] * 3 + rgb[1] * 6 + rgb[2]) / 10;

// Shows a style on a node, with other colours where its own could not be read.
export function paint(node, { fg, bg, turned, ...more }) {
  if (turned) [fg, bg] = [bg ?? ground, fg ?? ink];
  if (bg && Math.abs(bright(fg ?? ink) - bright(bg)) < 125) fg = bright(bg) > 117 ? [0, 0, 0] : sixteen[15];
  if (!bg && fg && bright(fg) < 130) fg = fg.map((one) => one / 2 + 128);
  const css = (rgb) => (rgb ? `rgb(${rgb})` : '');
  Object.assign(node.style, more, { color: css(fg), backgroundColor: css(bg) });
}

// `lines` have ended, and the first `dropped` went; last() has not. A line is {runs: [{text, style}],
// size, cut}, with the number of characters that were left out.
export function terminal() {
  const self = { lines: [], dropped: 0, write, last };
  let state = 'text';
  let params = '';
  let style = plain;
  let chars = [];
  let styles = [];
  let cut = 0;
  let column = 0;
  let size = 0;

  function last() {
    const runs = [];
    chars.forEach((char, i) => {
      if (i && styles[i] === styles[i - 1]) runs.at(-1).text += char;
      else runs.push({ text: char, style: styles[i] });
    });
    return { runs, cut, size: chars.length };
  }

  function trim() {
    let count = 0;
    while (self.lines.length - count > mostLines || size > mostChars) size -= self.lines[count++].size;
    self.lines.splice(0, count);
    self.dropped += count;
  }

  function put(char) {
    if (column < widest) {
      chars[column] = char;
      styles[column] = style;
    } else {
      cut = Math.max(cut, column - widest + 1);
    }
    ++column;
  }

  function control(char) {
    if (char === '\n') {
      self.lines.push(last());
      size += chars.length;
      chars = [];
      styles = [];
      cut = column = 0;
      if (self.lines.length > 2 * mostLines) trim();
    } else if (char === '\r') {
      column = 0;
    } else if (char === '\x1b') {
      state = 'esc';
    } else if (char === '\t') {
      do put(' '); while (column % 8);
    } else if (char !== '\b') {
      put(char);
    }
  }

  function escape(char) {
    if (state === 'esc') {
      params = '';
      state = char === '[' ? 'csi' : /[\]PX^_]/.test(char) ? 'osc' : /[ -/]/.test(char) ? 'esc' : 'text';
    } else if (state === 'osc') {
      if (char === '\x07') state = 'text';
      if (char === '\x1b') state = 'esc';  // the backslash behind it ends that as well
    } else if (/[ -?]/.test(char)) {
      if (params.length < 256) params += char;
    } else {
      state = 'text';
      if (char === 'm' && /^[\d;:]*$/.test(params)) style = styled(style, params);
      if (char === 'K' && !Number(params)) chars.length = styles.length = Math.min(chars.length, column);
    }
  }

  function write(text) {
    for (const char of text) {
      if (state !== 'text') escape(char);
      else if (char < ' ') control(char);
      else put(char);
    }
    trim();
  }

  return self;
}
