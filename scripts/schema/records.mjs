// SPDX-License-Identifier: Apache-2.0
// Reads what tests recorded, and finds out which revision a message belongs to and what it answers.
import fs from "node:fs";

const MODERN = "2026-07-28";
const VERSION = "io.modelcontextprotocol/protocolVersion";
const LEGACY = ["2025-03-26", "2025-06-18", "2025-11-25"];

/** The records of a file, in their order. */
export function* readRecords(file) {
  const bytes = fs.readFileSync(file);
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    const words = bytes.toString("latin1", at, end).split(" ");
    const [kind, exchange, revision, session, test] = words.map((w) => (w === "-" ? "" : w));
    const size = Number(words[5]);
    if (words.length !== 6 || !Number.isInteger(size)) throw new Error(`${file}: no record at ${at}`);
    yield { kind, exchange, revision, session, test, text: bytes.toString("utf8", end + 1, end + 1 + size) };
    at = end + 1 + size + 1;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Half of a surrogate pair comes back as the character that stands for what cannot be read.
const keyOf = (id) => JSON.stringify(typeof id === "string" ? id.toWellFormed() : id);
const list = (message) => (Array.isArray(message) ? message : [message]);

/** Conversations of one file: sessions, exchanges and a pipe. */
class conversations {
  exchanges = new Map(); // number → {revision, session, asked}
  sessions = new Map(); // id → {revision, asked}, where asked has a list for each id
  pipe = undefined;
  test = "";

  begin(record) {
    const message = parsed(record.text);
    if (record.test !== this.test || !this.pipe) {
      this.test = record.test;
      this.pipe = { revision: "", asked: new Map() };
    }
    const place = record.exchange === "0"
      ? this.pipe
      : { revision: "", session: record.session, asked: new Map(), header: record.revision };
    if (record.exchange !== "0") this.exchanges.set(record.exchange, place);
    const here = new Map(); // an id that comes twice in one array is answered in its order
    for (const one of list(message)) {
      if (typeof one?.method !== "string" || !("id" in one)) continue;
      const key = keyOf(one.id);
      const modern = one.params?._meta?.[VERSION] === MODERN;
      here.set(key, [...(here.get(key) ?? []), { method: one.method, modern, params: one.params }]);
    }
    for (const [key, asked] of here) {
      place.asked.set(key, asked);
      this.sessions.get(record.session)?.asked.set(key, asked);
    }
  }

  // What a message answers, and by which revision.
  place(record, message) {
    const exchange = this.exchanges.get(record.exchange) ?? this.pipe ?? { asked: new Map() };
    const session = this.sessions.get(exchange.session);
    const key = keyOf(message?.id);
    const answers = !("method" in (message ?? {}));
    const open = answers ? exchange.asked.get(key) ?? session?.asked.get(key) : undefined;
    const asked = open?.length > 1 ? open.shift() : open?.[0];
    if (asked?.method === "initialize" && LEGACY.includes(message.result?.protocolVersion)) {
      const revision = message.result.protocolVersion;
      exchange.revision = revision;
      if (record.session) this.sessions.set(record.session, { revision, asked: new Map() });
    }
    const onlyModern = exchange.asked.size > 0 && [...exchange.asked.values()].flat().every((a) => a.modern);
    const modern = asked ? asked.modern : exchange.header === MODERN || onlyModern ||
      message?.params?._meta?.["io.modelcontextprotocol/subscriptionId"] !== undefined;
    if (modern || exchange.header === MODERN) {
      return { asked, pipe: this.pipe?.revision, revision: MODERN };
    }
    const named = LEGACY.includes(exchange.header) ? exchange.header : "";
    return { asked, revision: session?.revision || exchange.revision || named || "2025-11-25" };
  }
}

/** What the server sent: {message, text, test, revision, asked: {method, params} or undefined}. */
export function* exchangesOf(records) {
  const all = new conversations();
  for (const record of records) {
    if (record.kind === "sent") {
      all.begin(record);
      continue;
    }
    if (record.text === "") continue;
    const whole = parsed(record.text);
    const common = { text: record.text, test: record.test };
    if (whole === undefined) {
      yield { ...common, message: whole, revision: "?", fault: "not JSON" };
      continue;
    }
    // An array is answered as one where the revision has them; elsewhere each request in it is refused.
    const refused = list(whole).every((one) => "error" in one);
    for (const message of list(whole)) {
      const { asked, revision, pipe } = all.place(record, message);
      const may = revision === "2025-03-26" || pipe === "2025-03-26" || refused;
      const fault = Array.isArray(whole) && !may ? "an array" : undefined;
      yield { ...common, message, revision, asked, fault };
    }
  }
}
