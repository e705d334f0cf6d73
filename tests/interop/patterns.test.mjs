// SPDX-License-Identifier: Apache-2.0
// Patterns that a server publishes are read by hosts as ECMA-262, with the flag `u` and without it.
// tests/typed/patterns.json says what each matches; the unit tests hold our reading to it, and this
// holds a real engine's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const table = JSON.parse(readFileSync(new URL('../typed/patterns.json', import.meta.url)));

for (const flags of ['', 'u']) {
  test(`patterns mean the same with the flags "${flags}"`, () => {
    assert.ok(table.length > 50);
    for (const { pattern, matches, not } of table) {
      const read = new RegExp(pattern, flags);
      for (const text of matches) {
        assert.ok(read.test(text), `${pattern} matches ${JSON.stringify(text)}`);
      }
      for (const text of not) {
        assert.ok(!read.test(text), `${pattern} does not match ${JSON.stringify(text)}`);
      }
    }
  });
}
