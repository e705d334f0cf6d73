// SPDX-License-Identifier: Apache-2.0
// The official schemas, out of the packages that tests/package.json pins.
import fs from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";

const tests = new URL("../../tests/", import.meta.url);
const require = createRequire(new URL("package.json", tests));
const SUITE = new URL("node_modules/@modelcontextprotocol/conformance/dist/index.js", tests);
const TASKS = new URL("node_modules/@modelcontextprotocol/ext-tasks/dist/core/v2/index.js", tests);
const SCHEMA = /=(\{\$schema:`https?:\/\/json-schema\.org\/[^`]*`,(?:\$defs|definitions):\{)/g;

/** The end of the object literal that begins at `at`. */
function endOfLiteral(text, at) {
  let depth = 0;
  for (let i = at; i < text.length; ++i) {
    const c = text[i];
    if (c === "`" || c === '"' || c === "'") {
      for (++i; text[i] !== c; ++i) if (text[i] === "\\") ++i;
    } else if (c === "{" || c === "[") {
      ++depth;
    } else if ((c === "}" || c === "]") && --depth === 0) {
      return i + 1;
    }
  }
  throw new Error("the conformance suite holds a schema without an end");
}

// Told by what only they have.
function revisionOf(definitions) {
  if ("DiscoverResult" in definitions) return "2026-07-28";
  if ("GetTaskResult" in definitions) return "2025-11-25";
  return "JSONRPCBatchRequest" in definitions ? "2025-03-26" : "2025-06-18";
}

function compileRevision(schema) {
  const key = "$defs" in schema ? "$defs" : "definitions";
  const definitions = schema[key];
  // The generator of the schemas wrote "integer" where the specification has numbers.
  for (const member of ["minimum", "maximum", "default"]) {
    const type = definitions.NumberSchema?.properties?.[member];
    if (type?.type === "integer") type.type = "number";
  }
  const Ajv = require(key === "$defs" ? "ajv/dist/2020.js" : "ajv").default;
  const ajv = new Ajv({ strict: false, allErrors: true });
  require("ajv-formats").default(ajv);
  // A regular expression overflows the stack on some megabytes.
  ajv.addFormat("byte", (text) => Buffer.from(text, "base64").toString("base64") === text);
  ajv.addSchema({ ...schema, $id: "mcp://schema" });
  const byMethod = new Map();
  const byCode = new Map();
  for (const [name, definition] of Object.entries(definitions)) {
    const method = definition.properties?.method?.const;
    if (method) byMethod.set(method, name);
    for (const part of definition.properties?.error?.allOf ?? []) {
      const code = part.properties?.code?.const;
      if (code !== undefined) byCode.set(code, name);
    }
  }
  const sent = (union) =>
    new Set((definitions[union]?.anyOf ?? [definitions[union]]).map((r) => r?.$ref?.split("/").pop()));
  const validators = new Map();
  return {
    has: (name) => name in definitions,
    byMethod,
    byCode,
    fromServer: new Set([...sent("ServerRequest"), ...sent("ServerNotification")]),
    faults(name, value) {
      if (!validators.has(name)) {
        validators.set(name, ajv.compile({ $ref: `mcp://schema#/${key}/${name}` }));
      }
      const validate = validators.get(name);
      if (validate(value)) return [];
      return validate.errors.map((e) =>
        `${name}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
    },
  };
}

/** {revisions: Map of revision → definitions, tasks: zod schemas of the extension}. */
export async function loadSchemas() {
  const text = fs.readFileSync(SUITE, "utf8");
  const revisions = new Map();
  for (const found of text.matchAll(SCHEMA)) {
    const at = found.index + 1;
    const schema = JSON.parse(JSON.stringify(
      vm.runInNewContext(`(${text.slice(at, endOfLiteral(text, at))})`)));
    revisions.set(revisionOf(schema.$defs ?? schema.definitions), compileRevision(schema));
  }
  if (revisions.size !== 4) throw new Error(`the suite holds ${[...revisions.keys()]} only`);
  return { revisions, tasks: await import(TASKS) };
}
