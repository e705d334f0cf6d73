// SPDX-License-Identifier: Apache-2.0
// A server with a listener for operators, as a user starts it, and its API.
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

const TOOLS = `
[[tool]]
name = "print"
description = "Prints colours, overwrites a line, and ends"
policy = "always"
command = ["sh", "-c", "i=0; while [ $i -lt $1 ]; do printf '\\\\033[3%dmline %d\\\\033[0m\\\\n' $((i % 8)) $i; printf 'at %d\\\\r' $i; i=$((i+1)); sleep 0.05; done; echo done; echo oops >&2", "sh", "{steps}"]
  [tool.params.steps]
  type = "integer"
  default = 3

[[tool]]
name = "sleep"
description = "Sleeps"
policy = "always"
max_running = 2
command = ["sleep", "{seconds}"]
  [tool.params.seconds]
  type = "integer"
  required = true

[[tool]]
name = "fails"
description = "Fails <b>always</b>"
policy = "always"
command = ["sh", "-c", "echo '<img src=x onerror=alert(1)>'; exit 3"]

[[tool]]
name = "hostile"
description = "Prints what nobody should trust"
policy = "always"
command = ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\\\0' x; printf '\\\\n<script>alert(1)</script>\\\\n\\\\342\\\\200\\\\256evil\\\\n\\\\377\\\\376 no text\\\\n'"]

[[tool]]
name = "ask"
description = "Asks how many"
policy = "always"
command = ["sh", "-c", "printf '{{\\"ask\\":{{\\"key\\":\\"n\\",\\"message\\":\\"How many?\\",\\"schema\\":{{\\"type\\":\\"object\\",\\"properties\\":{{\\"n\\":{{\\"type\\":\\"integer\\",\\"minimum\\":1}}}},\\"required\\":[\\"n\\"]}}}}}}\\\\n' >&$LONGHAUL_FD; read -r answer <&$LONGHAUL_FD; echo \\"$answer\\""]
`;

const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");
/** Keys in TOML: `read` of a reader, `act` of an acter. */
export const keys = ["read", "act"].map((role) =>
  `[[operator.key]]\nname = "${role}er"\nsha256 = "${sha256(role)}"\nrole = "${role}"\n`).join("");

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Until `look` gives something; throws after half a minute. */
export async function eventually(look, what) {
  const limit = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > limit) throw new Error(`it did not come: ${what}`);
    await sleep(50);
  }
}

export class Served {
  /** `keys`: TOML of `[[operator.key]]` tables. */
  constructor(executable, { keys = "", home = fs.mkdtempSync(path.join(os.tmpdir(), "longhaul-operator-")) } = {}) {
    this.executable = executable;
    this.home = home;
    this.file = path.join(home, "tools.toml");
    this.port = 0;
    this.keys = keys;
  }

  /** Starts it, at the same address as before if it ran before. */
  async start() {
    fs.writeFileSync(this.file, `[server]\nname = "test"\nstate_dir = "${this.home}/state"\n` +
      `[operator]\nlisten = "127.0.0.1:${this.port}"\n${this.keys}${TOOLS}`);
    this.process = spawn(this.executable, ["serve", this.file, "--http", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    const said = [];
    for await (const line of readline.createInterface({ input: this.process.stderr })) {
      said.push(line);
      const mcp = line.match(/listening on (\S+)/);
      if (mcp) this.mcp = mcp[1];
      const found = line.match(/page and API at (http:\S+)/);
      if (!found) continue;
      this.url = found[1];
      this.port = Number(new URL(this.url).port);
      this.process.stderr.resume();
      return this;
    }
    throw new Error(`the server did not start:\n${said.join("\n")}`);
  }
  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    await this.ended;
  }
  remove() {
    fs.rmSync(this.home, { recursive: true, force: true });
  }

  async ask(method, route, body, key) {
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    const reply = await fetch(`${this.url}api/v1/${route}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await reply.text();
    const json = (reply.headers.get("content-type") ?? "").startsWith("application/json") ? JSON.parse(text) : undefined;
    return { status: reply.status, headers: reply.headers, text, json };
  }
  get(route, key) {
    return this.ask("GET", route, undefined, key);
  }
  post(route, body = {}, key = undefined) {
    return this.ask("POST", route, body, key);
  }
  async call(tool, args = {}) {
    const reply = await this.post(`tools/${tool}/call`, { arguments: args });
    if (reply.status !== 200) throw new Error(reply.text);
    return reply.json.task.id;
  }
  await(id, status) {
    return eventually(async () => {
      const task = (await this.get(`tasks/${id}`)).json;
      return task.status === status && task;
    }, `${id} ${status}`);
  }
}

/** Runs named checks; the last line is what scripts/test.sh counts. */
export async function run(checks) {
  let passed = 0;
  const failed = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      ++passed;
    } catch (error) {
      failed.push(name);
      console.log(`FAILED ${name}\n${error.stack}`);
    }
  }
  console.log(`${passed} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
