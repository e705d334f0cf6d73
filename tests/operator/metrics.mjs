// SPDX-License-Identifier: Apache-2.0
// The figures of a real server, as a real Prometheus reads them with a key that may only read: the values
// after known work, the rules of docs/operator/alerts.yml, every query of the dashboard and of the docs.
//   node tests/operator/metrics.mjs build/release/longhaul
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { eventually, keys, run, Served } from "./served.mjs";

const executable = process.argv[2];
const root = path.resolve(import.meta.dirname, "../..");
const text = (name) => fs.readFileSync(path.join(root, name), "utf8");
const tool = (name, script, more = "", policy = "always") =>
  `[[tool]]\nname = "${name}"\ndescription = "Is counted"\npolicy = "${policy}"\ncommand = ["sh", "-c", '''${script}''']\n${more}\n`;

const FILE = (home, port) => `[server]
name = "figures"
state_dir = "${home}/state"
max_open_per_owner = 3
[operator]
listen = "127.0.0.1:${port}"
${keys}
${tool("works", "printf 12345; printf 678 >&2")}
${tool("plain", "printf 12345; printf 678 >&2", "", "never")}
${tool("fails", "exit 3")}
${tool("killed", "kill -KILL $$")}
${tool("tries", "[ $LONGHAUL_ATTEMPT -ge 3 ] || exit 75", 'retry_on = [75]\nretry_backoff = "10ms"')}
${tool("asks", `printf '{{"ask":{{"key":"n","message":"How many?"}}}}\\n' >&$LONGHAUL_FD; read -r answer <&$LONGHAUL_FD`)}
${tool("sleeps", "exec sleep 600")}
`;

/** What the patterns found in lines of a stream, when each has found something; rejects at its end. */
async function found(stream, what, ...patterns) {
  const said = [], first = patterns.map(() => undefined);
  for await (const line of readline.createInterface({ input: stream })) {
    said.push(line);
    patterns.forEach((pattern, at) => (first[at] ??= line.match(pattern)?.[1]));
    if (first.includes(undefined)) continue;
    stream.resume();
    return first;
  }
  throw new Error(`${what} did not start:\n${said.join("\n")}`);
}

/** With tools and bounds that are meant to be counted; who asks may act unless it says otherwise. */
class Counted extends Served {
  async start() {
    fs.writeFileSync(this.file, FILE(this.home, this.port));
    this.process = spawn(this.executable, ["serve", this.file, "--http", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    [this.mcp, this.url] = await found(this.process.stderr, "the server", /listening on (\S+)/, /page and API at (\S+)/);
    this.port = Number(new URL(this.url).port);
    return this;
  }
  ask(method, route, body, key = "act") {
    return super.ask(method, route, body, key);
  }
  scrape({ method = "GET", key = "read", query = "" } = {}) {
    return fetch(`${this.url}metrics${query}`, { method, headers: key ? { authorization: `Bearer ${key}` } : {} });
  }
  async figures() {
    const reply = await this.scrape();
    assert.equal(reply.status, 200);
    return read(await reply.text());
  }
}

/** Families by name: their type and their samples by series. */
function read(page) {
  const families = new Map();
  let family;
  for (const line of page.split("\n").filter(Boolean)) {
    const [, kind, name, rest] = line.match(/^# (HELP|TYPE) (\S+) (.*)$/) ?? [];
    if (kind === "HELP") families.set(name, family = { name, help: rest, type: "", samples: new Map() });
    if (kind === "TYPE") family.type = rest;
    if (kind) continue;
    const [, series, value] = line.match(/^(\S+?(?:\{.*\})?) (\S+)$/);
    assert.ok(series.startsWith(family.name), `${series} stands below ${family.name}`);
    assert.ok(!family.samples.has(series), `${series} stands there twice`);
    family.samples.set(series, Number(value));
  }
  return families;
}
const isCounter = (family) => family.type !== "gauge";

class Prometheus {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "longhaul-prometheus-"));

  async start(target) {
    const config = path.join(this.home, "prometheus.yml");
    fs.writeFileSync(path.join(this.home, "key"), "read\n");
    fs.writeFileSync(config, `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["${root}/docs/operator/alerts.yml"]
scrape_configs:
  - job_name: longhaul
    authorization: {credentials_file: key}
    static_configs: [{targets: ["${target}"]}]
`);
    this.process = spawn("prometheus", [`--config.file=${config}`, `--storage.tsdb.path=${this.home}/data`, "--web.listen-address=127.0.0.1:0"],
      { stdio: ["ignore", "ignore", "pipe"] });
    this.ended = new Promise((resolve) => {
      this.process.on("exit", resolve);
      this.process.on("error", resolve);
    });
    const [address] = await found(this.process.stderr, "Prometheus", /msg="Listening on" address=(\S+)/);
    this.url = `http://${address}/api/v1/`;
    await eventually(async () => (await fetch(`http://${address}/-/ready`)).status === 200, "Prometheus is ready");
    return this;
  }
  async ask(route, parameters = {}) {
    const reply = await fetch(`${this.url}${route}?${new URLSearchParams(parameters)}`);
    const body = await reply.json();
    assert.equal(body.status, "success", `${route} ${JSON.stringify(parameters)}: ${body.error}`);
    return body.data;
  }
  async query(expression) {
    return (await this.ask("query", { query: expression })).result;
  }
  /** Values by the labels that are named, joined by spaces. */
  async values(expression, ...labels) {
    const all = await this.query(expression);
    return Object.fromEntries(all.map((one) => [labels.map((label) => one.metric[label]).join(" "), Number(one.value[1])]));
  }
  /** Until the values are these. */
  async comesTo(expected, expression, ...labels) {
    let seen;
    await eventually(async () => {
      seen = await this.values(expression, ...labels);
      try {
        assert.deepEqual(seen, expected);
        return true;
      } catch {
        return false;
      }
    }, expression).catch((error) => {
      assert.deepEqual(seen, expected, error.message);
    });
  }
  async stop() {
    this.process?.kill("SIGTERM");
    await this.ended;
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

/** A tool of Prometheus, which has nothing to complain of. */
function promtool(parameters, input) {
  const done = spawnSync("promtool", parameters, { cwd: root, input, encoding: "utf8" });
  assert.equal(done.status, 0, `promtool ${parameters.join(" ")}\n${done.stdout}${done.stderr}${done.error ?? ""}`);
  return done.stdout + done.stderr;
}
const isClosed = (port) => new Promise((resolve) => {
  const socket = net.connect(port, "127.0.0.1", () => resolve(socket.destroy() && false)).on("error", () => resolve(true));
});

/** What src/operator/metrics.cpp knows. */
const known = new Map([...text("src/operator/metrics.cpp").matchAll(/out\.(gauge|counter|histogram)s\(\s*"(\w+)"/g)].map(([, type, name]) => [name, type]));
/** Names of figures in an expression, as the families that they belong to. */
function familiesIn(expression) {
  const names = expression.replace(/"[^"]*"/g, "").match(/\b(?:longhaul|process)_\w+/g) ?? [];
  return names.map((name) => (known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "")));
}
const dashboard = JSON.parse(text("docs/operator/grafana.json"));
const chosen = (expression) =>
  expression.replaceAll("$__rate_interval", "5m").replaceAll("$job", "longhaul").replaceAll(/\$(instance|tool)/g, ".*");
// There are none of these here: no store that others share, no traces.
const ABSENT = /longhaul_lease_age|longhaul_spans|ALERTS/;

const server = new Counted(executable);
const prometheus = new Prometheus();
const sleeping = [];

const checks = {
  async "who may read, and how"() {
    for (const key of ["", "other"]) assert.equal((await server.scrape({ key })).status, 401);
    for (const key of ["read", "act"]) assert.equal((await server.scrape({ key })).status, 200);
    const whole = await server.scrape();
    assert.equal(whole.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const head = await server.scrape({ method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    for (const key of ["read", "act"]) {
      const post = await server.scrape({ method: "POST", key });
      assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
    }
    assert.equal((await server.scrape({ query: "?name=x" })).status, 400);
  },
  async "known work is done"() {
    for (const name of ["works", "works", "tries"]) await server.await(await server.call(name), "completed");
    for (const name of ["fails", "killed"]) await server.await(await server.call(name), "error");
    const asks = await server.call("asks");
    await server.await(asks, "input_required");
    await server.post(`tasks/${asks}/answer`, { answers: { n: { action: "accept", content: { answer: "7" } } } });
    await server.await(asks, "completed");
    const called = spawnSync(executable, ["call", server.mcp, "plain"], { encoding: "utf8", env: { ...process.env, XDG_STATE_HOME: server.home } });
    assert.deepEqual([called.status, called.stdout.trim()], [0, "12345"], called.stderr);
    for (let i = 0; i < 3; ++i) sleeping.push(await server.call("sleeps"));
    for (const id of sleeping) await server.await(id, "running");
    const refused = await server.post("tools/sleeps/call", { arguments: {} });
    assert.equal(refused.status, 429, refused.text);
    assert.equal((await server.post(`tasks/${sleeping.pop()}/cancel`)).status, 200);
    await eventually(async () => (await server.figures()).get("longhaul_slots_used").samples.get("longhaul_slots_used") === 2, "two run");
  },
  async "promtool has nothing to complain of"() {
    assert.equal(promtool(["check", "metrics"], await (await server.scrape()).text()), "");
    assert.match(promtool(["check", "rules", "docs/operator/alerts.yml"]), /SUCCESS/);
    assert.match(promtool(["test", "rules", "tests/operator/alerts_test.yml"]), /SUCCESS/);
  },
  async "histograms hold together"() {
    const families = await server.figures();
    for (const { name, samples, type } of families.values()) {
      if (type !== "histogram") continue;
      const below = new Map();
      for (const [series, value] of samples) {
        const [, labels, bound] = series.match(/_bucket\{(.*?),?le="([^"]+)"\}$/) ?? [];
        if (bound === undefined) continue;
        assert.ok(value >= (below.get(labels) ?? 0), `${series} is less than the one before`);
        below.set(labels, value);
        if (bound === "+Inf") assert.equal(samples.get(`${name}_count${labels ? `{${labels}}` : ""}`), value, series);
      }
      assert.notEqual(below.size, 0, name);
    }
    for (const [series, attempts] of families.get("longhaul_attempts_total").samples) {
      const waits = series.replace("attempts_total", "task_wait_seconds_count");
      assert.equal(families.get("longhaul_task_wait_seconds").samples.get(waits), attempts, waits);
    }
  },
  async "no counter goes down"() {
    const before = await server.figures();
    await server.await(await server.call("works"), "completed");
    const after = await server.figures();
    for (const family of [...before.values()].filter(isCounter)) {
      for (const [series, value] of family.samples) assert.ok(after.get(family.name).samples.get(series) >= value, series);
    }
  },
  async "Prometheus reads them with a key"() {
    await prometheus.start(`127.0.0.1:${server.port}`);
    await eventually(async () => {
      const [target] = (await prometheus.ask("targets")).activeTargets;
      return target?.health === "up" && target.lastError === "";
    }, "the target is up");
    await prometheus.comesTo({ longhaul: 1 }, "up", "job");
  },
  async "it has what was done"() {
    await prometheus.comesTo({ works: 3, plain: 1, fails: 1, killed: 1, tries: 1, asks: 1, sleeps: 3 }, "longhaul_tasks_created_total", "tool");
    await prometheus.comesTo({ "works completed": 3, "plain completed": 1, "fails error": 1, "killed error": 1, "tries completed": 1,
      "asks completed": 1, "sleeps cancelled": 1 }, "longhaul_tasks_ended_total > 0", "tool", "outcome");
    const attempts = { works: 3, plain: 1, fails: 1, killed: 1, tries: 3, asks: 1, sleeps: 3 };
    await prometheus.comesTo(attempts, "longhaul_attempts_total", "tool");
    await prometheus.comesTo(attempts, "longhaul_task_wait_seconds_count", "tool");
    await prometheus.comesTo({ ...attempts, sleeps: 1 }, "longhaul_attempt_seconds_count", "tool");
    await prometheus.comesTo({ tries: 2 }, "longhaul_retries_total > 0", "tool");
    await prometheus.comesTo({ asks: 1 }, "longhaul_question_seconds_count > 0", "tool");
    await prometheus.comesTo({ max_open_per_owner: 1 }, "longhaul_refusals_total > 0", "bound");
    await prometheus.comesTo({ 0: 6, 3: 1, 75: 2, SIGKILL: 1, SIGTERM: 1 }, "longhaul_program_exits_total > 0", "code");
    await prometheus.comesTo({ stdout: 20, stderr: 12 }, "longhaul_program_output_bytes_total", "stream");
    await prometheus.comesTo({ "sleeps running": 2, "sleeps cancelled": 1, "works completed": 3, "fails completed": 1, "killed completed": 1,
      "tries completed": 1, "asks completed": 1 }, "longhaul_tasks > 0", "tool", "status");
    await prometheus.comesTo({ "": 2 }, "longhaul_slots_used");
    await prometheus.comesTo({ "": 1 }, "longhaul_store_up");
    assert.deepEqual(await prometheus.values('longhaul_http_replies_total{listener="operator", code=~"401|405|429"}', "code"), { 401: 2, 405: 2, 429: 1 });
    assert.deepEqual(await prometheus.query("longhaul_lease_age_seconds"), []);
    assert.equal((await server.post("tools/works/pause")).status, 200);
    await prometheus.comesTo({ works: 1 }, "longhaul_tool_paused > 0", "tool");
    assert.equal((await server.post("tools/works/resume")).status, 200);
    await prometheus.comesTo({}, "longhaul_tool_paused > 0", "tool");
  },
  async "the rules are loaded, described and tested"() {
    const rules = () => prometheus.ask("rules").then(({ groups }) => groups.flatMap((group) => group.rules));
    await eventually(async () => (await rules()).every((rule) => rule.health !== "unknown"), "all rules were evaluated");
    const page = text("docs/alerts.md"), tested = text("tests/operator/alerts_test.yml");
    for (const { name, query, health, lastError, labels, annotations } of await rules()) {
      assert.deepEqual([health, lastError], ["ok", undefined], name);
      assert.match(labels.severity, /^(critical|warning)$/, name);
      assert.ok(annotations.summary && annotations.description, name);
      assert.equal(annotations.runbook_url, `docs/alerts.md#${name.toLowerCase()}`);
      assert.deepEqual(familiesIn(query).filter((family) => !known.has(family)), [], name);
      assert.ok(tested.includes(`{alertname="${name}"}', value: `), `${name} never fires in alerts_test.yml`);
    }
    assert.deepEqual([...page.matchAll(/^## (Longhaul\w+)$/gm)].map(([, name]) => name).sort(), (await rules()).map(({ name }) => name).sort());
  },
  async "each query of the dashboard has an answer"() {
    const targets = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((one) => [panel.title, one.expr]));
    assert.ok(targets.length > 30);
    for (const [title, expression] of [...targets, ...dashboard.annotations.list.filter((one) => one.expr).map((one) => [one.name, one.expr])]) {
      assert.deepEqual(familiesIn(expression).filter((family) => !known.has(family)), [], title);
      assert.ok(!chosen(expression).includes("$"), chosen(expression));
      await prometheus.query(chosen(expression));
      if (!ABSENT.test(expression)) await eventually(async () => (await prometheus.query(chosen(expression))).length > 0, `${title}: ${expression}`);
    }
    const shown = new Set(targets.flatMap(([, expression]) => familiesIn(expression)));
    assert.deepEqual([...known.keys()].filter((name) => !shown.has(name)), ["process_virtual_memory_bytes"], "what the dashboard does not show");
    for (const { name, type, query } of dashboard.templating.list.filter((one) => one.type === "query")) {
      const [, series, label] = query.query.match(/^label_values\((.*), (\w+)\)$/);
      const values = await prometheus.ask(`label/${label}/values`, { "match[]": chosen(series) });
      assert.notEqual(values.length, 0, `${type} ${name}`);
    }
    for (const title of text("docs/alerts.md").matchAll(/(?:\*([^*]+)\* on the\s+dashboard|dashboard's \*([^*]+)\*)/g)) {
      assert.ok(dashboard.panels.some((panel) => panel.title === (title[1] ?? title[2])), title[0]);
    }
  },
  async "the docs say what there is"() {
    const rows = [...text("docs/operator.md").matchAll(/^\| `((?:longhaul|process)_\w+)` \| (\w+) \|([^|]*)\| [PS] \|/gm)];
    const described = new Map(rows.map(([, name, type, labels]) => [name, { type, labels: [...labels.matchAll(/`(\w+)`/g)].map((one) => one[1]) }]));
    assert.deepEqual([...described.keys()].sort(), [...known.keys()].sort());
    const shown = await server.figures();
    assert.deepEqual([...known.keys()].filter((name) => !shown.has(name) && !ABSENT.test(name)), []);
    for (const [name, { type, labels }] of described) {
      assert.equal(type, known.get(name), name);
      for (const series of shown.get(name)?.samples.keys() ?? []) {
        const there = [...series.matchAll(/[{,](\w+)="/g)].map((one) => one[1]).filter((label) => label !== "le");
        assert.deepEqual(there, labels, series);
      }
    }
    for (const [, expression] of text("docs/alerts.md").matchAll(/`([^`\n]*\b(?:longhaul|process)_\w+[^`\n]*)`/g)) {
      assert.deepEqual(familiesIn(expression).filter((family) => !known.has(family)), [], expression);
      await prometheus.query(expression.replaceAll("…", "up"));
    }
    for (const [, block] of text("docs/alerts.md").matchAll(/^```yaml\n(.*?)^```$/gms)) {
      const file = path.join(prometheus.home, "example.yml");
      fs.writeFileSync(file, block.startsWith("  -") ? `scrape_configs:\n${block}` : block);
      promtool(["check", "config", "--syntax-only", file]);
    }
  },
  async "a server that was told to stop says so"() {
    server.process.kill("SIGTERM");
    await prometheus.comesTo({ "": 1 }, "longhaul_draining");
    await server.stop();
    await prometheus.comesTo({ longhaul: 0 }, "up", "job");
    assert.ok(await isClosed(server.port));
  },
  async "counters begin anew, the store does not"() {
    await server.start();
    await prometheus.comesTo({ longhaul: 1 }, "up", "job");
    await server.await(await server.call("works"), "completed");
    await prometheus.comesTo({ works: 1 }, "longhaul_tasks_created_total > 0", "tool");
    await prometheus.comesTo({ works: 4 }, 'longhaul_tasks{status="completed", tool="works"}', "tool");
    assert.deepEqual(await prometheus.values("changes(process_start_time_seconds[5m])", "job"), { longhaul: 1 });
    const [[, grown]] = Object.entries(await prometheus.values('increase(longhaul_store_write_seconds_count[5m])', "job"));
    assert.ok(grown > 0);
  },
};
try {
  await server.start();
  await run(checks);
} finally {
  await Promise.all([prometheus.stop(), server.stop()]);
  server.remove();
}
for (const url of [server.url, prometheus.url].filter(Boolean)) {
  if (await isClosed(Number(new URL(url).port))) continue;
  console.log(`FAILED: somebody still listens at ${url}\n0 passed, 1 failed`);
  process.exitCode = 1;
}
