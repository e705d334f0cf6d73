// SPDX-License-Identifier: Apache-2.0
// Holds the replies of a real server against the description that it serves: every route is asked,
// and so is every kind of refusal.
//   node tests/operator/api.mjs build/release/longhaul
import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import { eventually, keys, run, Served } from "./served.mjs";

const executable = process.argv[2];

const server = await new Served(executable).start();
const description = (await server.get("openapi.json")).json;
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema({ $id: "openapi", ...description });
const asked = new Set();

/** The part of the description that a route and a status have. */
function responseOf(route, method, status) {
  const template = Object.keys(description.paths).find((one) =>
    new RegExp(`^${one.replace(/\{\w+\}/g, "[^/]+")}$`).test(`/${route.split("?")[0]}`) && description.paths[one][method]);
  assert.ok(template, `${method} ${route} is not described`);
  asked.add(`${method} ${template}`);
  let response = description.paths[template][method].responses[String(status)];
  assert.ok(response, `${method} ${template}: ${status} is not described`);
  if (response.$ref) response = description.components.responses[response.$ref.split("/").pop()];
  return response;
}
function validate(schema, value, where) {
  const check = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')));
  assert.ok(check(value), `${where}: ${ajv.errorsText(check.errors)}\n${JSON.stringify(value).slice(0, 400)}`);
}
function hold(route, method, reply) {
  const response = responseOf(route, method, reply.status);
  const type = Object.keys(response.content).find((one) => reply.headers.get("content-type")?.startsWith(one.split(";")[0]));
  assert.ok(type, `${method} ${route}: the type ${reply.headers.get("content-type")} is not described`);
  if (reply.json !== undefined) validate(response.content[type].schema, reply.json, `${method} ${route} ${reply.status}`);
  return reply;
}
const get = async (route, status = 200) => {
  const reply = await server.get(route);
  assert.equal(reply.status, status, reply.text);
  return hold(route, "get", reply);
};
const post = async (route, body, status = 200) => {
  const reply = await server.post(route, body);
  assert.equal(reply.status, status, reply.text);
  return hold(route, "post", reply);
};

/** The events of a stream until `enough` says so, or its end. */
async function events(route, enough, headers = {}) {
  const stop = new AbortController();
  const reply = await fetch(`${server.url}api/v1/${route}`, { signal: stop.signal, headers });
  assert.equal(reply.status, 200);
  const schema = responseOf(route, "get", 200).content["text/event-stream"].schema;
  const all = [];
  let text = "";
  try {
    for await (const chunk of reply.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const data = text.slice(0, end).split("\n").find((line) => line.startsWith("data: "));
        if (!data) continue;
        all.push(JSON.parse(data.slice(6)));
        validate(schema, all.at(-1), route);
        if (enough(all)) return all;
      }
    }
  } finally {
    stop.abort();
  }
  return all;
}

const checks = {
  async "every page and list is as described"() {
    const id = await server.call("print", { steps: 2 });
    await server.await(id, "completed");
    for (const route of ["status", "tasks", "tasks?status=completed&limit=1", "tasks/count", "tasks/count?q=print", `tasks/${id}`,
      "tools", "owners", "processes", "audit", "openapi.json"]) await get(route);
    assert.equal((await get("tasks/count?q=STEPS")).json.count, 1);
  },
  async "every state of a task is as described"() {
    const asks = await server.call("ask");
    await server.await(asks, "input_required");
    await get(`tasks/${asks}`);
    const once = { arguments: { steps: 1 }, idempotencyKey: "once" };
    const made = (await post("tools/print/call", once)).json.task.id;
    assert.equal((await post("tools/print/call", once)).json.task.id, made);
    await post("tools/print/call", { arguments: { steps: 2 }, idempotencyKey: "once" }, 409);
    await post(`tasks/${asks}/answer`, { answers: { n: { action: "accept", content: { n: "x" } } } }, 400);
    await post(`tasks/${asks}/answer`, { answers: { n: { action: "accept", content: { n: 7 } } } });
    await server.await(asks, "completed");
    const answered = (await get(`tasks/${asks}`)).json;
    assert.deepEqual(answered.questions[0].response.content, { n: 7 });
    const fails = await server.call("fails");
    assert.equal((await server.await(fails, "error")).isError, true);
    await get(`tasks/${fails}`);
    const again = (await post(`tasks/${fails}/retry`)).json.task.id;
    assert.equal((await server.await(again, "error")).retryOf, fails);
    const sleeps = [];
    for (let i = 0; i < 3; ++i) {
      sleeps.push(await server.call("sleep", { seconds: 600 }));
      if (i < 2) await server.await(sleeps[i], "running");  // of one millisecond any may begin
    }
    const waiting = await server.await(sleeps[2], "waiting");
    assert.match(waiting.why, /2 of 2 running/);
    assert.equal((await get("status")).json.oldestWaiting.id, sleeps[2]);
    await get("tasks?status=waiting,running");
    await post(`tasks/${sleeps[0]}/cancel`, { reason: "enough" });
    await post(`tasks/${sleeps[0]}/cancel`, {}, 409);
    await get(`tasks/${sleeps[0]}`);
    await post(`tasks/${sleeps[0]}/retain`, { retentionMs: 3_600_000 });
    await post(`tasks/${sleeps[0]}/retain`, {}, 400);
    await post(`tasks/${sleeps[1]}/delete`, {}, 409);
    await post(`tasks/${sleeps[0]}/delete`);
    await get(`tasks/${sleeps[0]}`, 404);
    await post("tasks:cancel", { filter: { tool: "sleep" }, expect: 7 }, 409);
    assert.equal((await post("tasks:cancel", { ids: sleeps.slice(1) })).json.applied, 2);
    const retried = (await post("tasks:retry", { ids: [fails, "nothing"] })).json;
    assert.deepEqual([retried.applied, retried.refused, retried.made.length], [1, 1, 1]);
    assert.equal((await server.await(retried.made[0], "error")).retryOf, fails);
    const wrong = async (status) => (await get(`tasks?status=${status}`)).json.tasks.map((task) => task.id);
    assert.ok((await wrong("failed,error")).includes(fails));
    assert.ok(!(await wrong("completed,failed")).includes(fails));
    await post("tasks:delete", { filter: { tool: "sleep", status: "cancelled" }, expect: 2 });
  },
  async "tools are paused, resumed and called"() {
    await post("tools/print/pause");
    await post("tools/print/resume");
    await post("tools/print/call", { arguments: { steps: 1 } });
    await post("tools/print/call", { arguments: { steps: "many" } }, 400);
    await post("tools/nothing/call", {}, 404);
  },
  async "output is read whole, in parts and as it comes"() {
    const id = await server.call("print", { steps: 20 });
    const all = await events(`tasks/${id}/stdout?follow=true&offset=0`, () => false);
    assert.equal(all.at(-1).ended, true);
    const text = all.map((one) => one.text).join("");
    const whole = await get(`tasks/${id}/stdout?offset=0`);
    assert.equal(text, whole.text);
    assert.match(text, /line 19/);
    assert.equal(whole.headers.get("longhaul-ended"), "true");
    assert.equal(Number(whole.headers.get("longhaul-total")), Buffer.byteLength(whole.text));
    assert.equal((await get(`tasks/${id}/stdout?tail=5`)).text, "done\n");
    assert.equal((await get(`tasks/${id}/stdout?offset=3&limit=2`)).text.length, 2);
    assert.equal((await get(`tasks/${id}/stderr`)).text, "oops\n");
    assert.equal((await get(`tasks/${id}/stdout?offset=0&tail=1`, 400)).json.code, "invalid");
    await get("tasks/nothing/stdout", 404);
    const rest = await events(`tasks/${id}/stdout?follow=true`, () => false, { "last-event-id": String(all.at(-1).nextOffset - 5) });
    assert.equal(rest.map((one) => one.text).join(""), "done\n", "a stream is taken up where it was left");
  },
  async "output that is hostile arrives as text"() {
    const id = await server.call("hostile");
    await server.await(id, "completed");
    const reply = await server.get(`tasks/${id}/stdout?offset=0`);
    assert.match(reply.headers.get("content-type"), /^text\/plain/);
    assert.equal(reply.headers.get("x-content-type-options"), "nosniff");
    const all = await events(`tasks/${id}/stdout?follow=true&offset=0`, () => false);
    const text = all.map((one) => one.text).join("");
    assert.ok(text.includes("\uFFFD\uFFFD no text") && text.length > 1_000_000);
  },
  async "a thousand follow one output"() {
    const id = await server.call("print", { steps: 60 });
    const streams = Array.from({ length: 1000 }, () => events(`tasks/${id}/stdout?follow=true&offset=0`, () => false));
    const texts = new Set((await Promise.all(streams)).map((all) => all.map((one) => one.text).join("")));
    assert.equal(texts.size, 1);
    assert.match([...texts][0], /line 59\D[^]*done\n$/);
    assert.equal((await get("status")).json.state, "serving");
  },
  async "events tell of a change within seconds"() {
    const before = (await get("status")).json.counts.completed;
    const seen = events("events", (all) => all.at(-1).counts.completed > before);
    await server.call("print", { steps: 1 });
    await seen;
  },
  async "each route was asked"() {
    const described = Object.entries(description.paths).flatMap(([route, ways]) => Object.keys(ways).map((method) => `${method} ${route}`));
    assert.deepEqual(described.filter((one) => !asked.has(one)), []);
  },
  async "keys say who may do what"() {
    const guarded = await new Served(executable, { keys }).start();
    try {
      assert.equal((await guarded.get("status")).status, 401);
      assert.equal((await guarded.get("status", "other")).status, 401);
      assert.equal((await guarded.get("status", "read")).json.caller.role, "read");
      for (const [route, ways] of Object.entries(description.paths)) {
        for (const method of Object.keys(ways)) {
          const path = route.slice(1).replace(/\{\w+\}/g, "x");
          if (path === "events") continue;
          assert.equal((await guarded.ask(method.toUpperCase(), path, method === "post" ? {} : undefined)).status, 401, path);
          if (method !== "post") continue;
          const reply = await guarded.post(path, {}, "read");
          assert.equal(reply.status, 403, path);
          validate(description.components.schemas.Error, reply.json, path);
        }
      }
      assert.equal((await guarded.post("tools/print/pause", {}, "act")).status, 200);
      assert.equal((await guarded.get("audit", "read")).json.actions[0].who, "acter");
    } finally {
      await guarded.stop();
      guarded.remove();
    }
  },
  async "it is all there after a restart, at the same address"() {
    const before = (await get("tasks/count")).json.count;
    const running = await server.call("sleep", { seconds: 600 });
    await server.await(running, "running");
    await server.stop("SIGKILL");
    await server.start();
    assert.equal((await get("tasks/count")).json.count, before + 1);
    await eventually(async () => (await server.get(`tasks/${running}`)).json.status === "failed", "the lost task");
    await get(`tasks/${running}`);
  },
};
try {
  await run(checks);
} finally {
  await server.stop();
  server.remove();
}
