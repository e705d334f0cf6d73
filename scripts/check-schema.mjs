#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Holds every message that our suites recorded (tests/support/record.hpp) against
// the official JSON schema of its revision, and messages of tasks against the schemas of the extension.
//   scripts/check-schema.mjs FOLDER…       with the Node of scripts/npm-install.sh
// The schemas come out of pinned packages: the conformance suite carries those of the revisions,
// @modelcontextprotocol/ext-tasks has those of the extension. The last line is `N passed, M failed`: what
// is counted are kinds of messages, one for each revision. Exit code 1 if any failed.
import fs from "node:fs";
import path from "node:path";
import { loadSchemas } from "./schema/official.mjs";
import { exchangesOf, readRecords } from "./schema/records.mjs";
import { judgeMessage } from "./schema/judge.mjs";

// Methods whose answers have to have been seen: a suite that stops recording is no success.
const MUST_BE_SEEN = {
  "2025-03-26": ["initialize", "tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read", "prompts/list",
    "prompts/get", "completion/complete"],
  "2025-06-18": ["initialize", "tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read", "prompts/list",
    "prompts/get", "completion/complete"],
  "2025-11-25": ["initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read", "prompts/list",
    "prompts/get", "completion/complete", "resources/subscribe",
    "resources/unsubscribe", "logging/setLevel", "tasks/get", "tasks/result", "tasks/list",
    "tasks/cancel"],
  "2026-07-28": ["server/discover", "tools/list", "tools/call", "resources/list",
    "resources/templates/list", "resources/read", "prompts/list", "prompts/get",
    "completion/complete", "subscriptions/listen", "tasks/get", "tasks/update", "tasks/cancel"],
};
const SHOWN = 5; // of the faults of one kind

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error("usage: check-schema.mjs FOLDER…");
  process.exit(2);
}
const schemas = await loadSchemas();
for (const [revision, schema] of schemas.revisions) {
  const empty = { jsonrpc: "2.0", id: 1, result: {} };
  if (judgeMessage(schemas, revision, empty, { method: "tools/list" }).faults.length === 0) {
    throw new Error(`the schema of ${revision} takes a list without tools: ${Object.keys(schema)}`);
  }
}

const kinds = new Map(); // "REVISION KIND" → {messages, faults}
const answered = new Set();
for (const folder of folders) {
  for (const name of fs.readdirSync(folder).filter((n) => n.endsWith(".record")).sort()) {
    for (const one of exchangesOf(readRecords(path.join(folder, name)))) {
      const { kind, faults } = judgeMessage(schemas, one.revision, one.message, one.asked, one.fault);
      const entry = kinds.get(`${one.revision} ${kind}`) ?? { messages: 0, faults: [] };
      kinds.set(`${one.revision} ${kind}`, entry);
      entry.messages += 1;
      if (one.asked && one.message?.result) answered.add(`${one.revision} ${one.asked.method}`);
      if (faults.length > 0) entry.faults.push({ faults, where: `${name} ${one.test}`, text: one.text });
    }
  }
}

// What failed comes last: the end of a log is what people see.
let failed = 0;
const byVerdict = [...kinds].sort(([a, x], [b, y]) =>
  Number(x.faults.length > 0) - Number(y.faults.length > 0) || (a < b ? -1 : 1));
for (const [kind, { messages, faults }] of byVerdict) {
  console.log(`${faults.length > 0 ? "FAIL" : "pass"}  ${kind.padEnd(60)} ${messages} messages`);
  if (faults.length > 0) failed += 1;
  for (const one of faults.slice(0, SHOWN)) {
    console.log(`      ${one.where}: ${one.faults.join("; ")}\n        ${one.text.slice(0, 600)}`);
  }
  if (faults.length > SHOWN) console.log(`      and ${faults.length - SHOWN} more`);
}
for (const [revision, methods] of Object.entries(MUST_BE_SEEN)) {
  for (const method of methods.filter((m) => !answered.has(`${revision} ${m}`))) {
    console.log(`FAIL  ${revision} ${method}: no suite recorded an answer`);
    failed += 1;
  }
}
const total = [...kinds.values()].reduce((sum, one) => sum + one.messages, 0);
console.log(`${total} messages`);
console.log(`${kinds.size - [...kinds.values()].filter((k) => k.faults.length).length} passed, ${failed} failed`);
process.exit(failed > 0 || total === 0 ? 1 : 0);
