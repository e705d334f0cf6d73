// SPDX-License-Identifier: Apache-2.0
// The operators' page in a real browser, before a real server: each view, what is done there, what
// must never happen (an error in the console, a violation of the content security policy, a serious
// finding of axe). Screenshots are left in FOLDER.
//   node tests/operator/page.mjs build/release/longhaul FOLDER
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { eventually, keys, run, Served } from "./served.mjs";

const [executable, folder] = process.argv.slice(2);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
fs.mkdirSync(folder, { recursive: true });

const server = new Served(executable);
await server.start();
await server.stop();
// As if a hundred thousand had been there before.
const filled = spawnSync("python3", ["-c", `
import sqlite3, sys, time
file = sqlite3.connect(sys.argv[1])
file.execute("PRAGMA synchronous = OFF")
now = int(time.time() * 1000)
n = range(1, 100001)
# What a week ago was created sorts before all that is to come.
at = lambda i: now - 604800000 + i
def ident(i):
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    text, rest = "", at(i)
    for _ in range(10): text, rest = digits[rest % 32] + text, rest // 32
    return text + "%026x" % i
file.executemany("INSERT INTO tasks (seq, id, owner, hidden, tool, arguments, created_at, on_crash, max_attempts, retry_backoff, external) "
                 "VALUES (?, ?, 'local', 0, 'print', ?, ?, 0, 3, 1000, 0)", ((i, ident(i), '{"steps":%d}' % i, at(i)) for i in n))
file.executemany("INSERT INTO states (seq, rev, epoch, attempt, status, ended, message, run_at, updated_at, anchor, questions, checkpointed, "
                 "result, result_kind, began_at) VALUES (?, 3, 1, 1, 2, 1, '', 0, ?, 0, 0, 0, '{\\"content\\":[]}', 0, ?)", ((i, at(i) + 5, at(i)) for i in n))
file.execute("INSERT INTO finished VALUES ('local', 'print', 2, 100000, 120000000)")
file.commit()
`, path.join(server.home, "state", "test.db")], { encoding: "utf8" });
if (filled.status !== 0) throw new Error(filled.stderr);
await server.start();

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const wide = { viewport: { width: 1200, height: 800 } };

/** Opens a view, and closes it again; whatever is wrong in it fails. `ignored`: errors that are meant. */
async function on(view, use, { ignored = /(?!)/, at = server, ...options } = {}) {
  const context = await browser.newContext({ ...wide, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation",
    (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
  await page.goto(`${at.url}#/${view}`);
  try {
    await page.locator("#view h1, #view h2").first().waitFor();
    await use(page);
  } finally {
    const name = `${view.replace(/\W+/g, "-").slice(0, 20)}${options.colorScheme === "dark" ? "-dark" : ""}${options.viewport ? "-narrow" : ""}`;
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    await context.close();
  }
  assert.deepEqual(problems.filter((one) => !ignored.test(one)), []);
}
const shows = (page, text) => eventually(async () => (await page.locator("body").textContent()).includes(text), `the page shows ${text}`);
async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes[0].html}`), []);
}

const printed = await server.call("print", { steps: 5 });
await server.await(printed, "completed");
const failed = await server.call("fails");
await server.await(failed, "error");
const sleeping = await server.call("sleep", { seconds: 3600 });
const views = ["now", "tasks", `tasks/${printed}`, `tasks/${failed}`, "tools", "tools/sleep", "processes", "owners", "audit"];

const checks = {
  async "it is small"() {
    const here = new URL("../../src/operator/page/", import.meta.url);
    const bytes = fs.readdirSync(here).reduce((sum, name) => sum + fs.statSync(new URL(name, here)).size, 0);
    assert.ok(bytes <= 80_000, `${bytes} bytes`);
  },
  async "every view is without fault, in light, in dark and on a telephone"() {
    for (const view of views) {
      await on(view, accessible);
      await on(view, accessible, { colorScheme: "dark" });
      await on(view, async (page) => {
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, `${view} is wider than the screen`);
      }, { viewport: { width: 360, height: 740 } });
    }
  },
  async "what runs and what asks is there at once"() {
    const asks = await server.call("ask");
    await server.await(asks, "input_required");
    await on("now", async (page) => {
      await shows(page, "sleep");
      await page.locator(`a[href="#/tasks/${asks}"]`).first().click();
      const form = page.locator("form.panel").first();
      await form.getByLabel("n", { exact: false }).first().fill("0");
      await form.getByRole("button", { name: "Answer" }).click();
      await shows(page, "fit");
      await form.getByLabel("n", { exact: false }).first().fill("12");
      await form.getByRole("button", { name: "Answer" }).click();
      const task = await server.await(asks, "completed");
      assert.deepEqual(task.questions[0].response.content, { n: 12 });
      await shows(page, "completed");
      await shows(page, "waited for the answer");
    }, { ignored: /400/ });
  },
  async "the filter stands in the address, and a hundred thousand tasks are no burden"() {
    await on("tasks", async (page) => {
      await page.locator("[name=q]").fill("steps");
      await eventually(() => page.url().includes("q=steps"), "the text in the address");
      await page.locator("[name=tool]").fill("print");
      await eventually(() => page.url().includes("tool=print"), "the tool in the address");
      const rows = page.locator(".tasks tbody tr");
      await eventually(async () => (await rows.count()) >= 50, "a page of tasks");
      for (let i = 0; i < 4; ++i) {
        const before = await rows.count();
        await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
        await eventually(async () => (await rows.count()) > before, "more of them");
      }
      await page.goto(`${server.url}#/tasks?status=running`);
      await eventually(async () => (await rows.count()) === 1, "the one that runs");
      await page.goto(`${server.url}#/now`);
      await shows(page, "100,00");
    });
  },
  async "many are cancelled with their number in the question"() {
    const ids = [];
    for (let i = 0; i < 4; ++i) ids.push(await server.call("sleep", { seconds: 900 }));
    await on("tasks?status=waiting", async (page) => {
      await eventually(async () => (await page.locator(".tasks tbody tr").count()) === 3, "three wait");
      await page.locator("thead .check input").check();
      await page.getByRole("button", { name: "Cancel …" }).click();
      assert.match(await page.locator("dialog").textContent(), /3 tasks/);
      await page.locator("dialog .main").click();
      await shows(page, "3 done");
    });
    for (const id of ids.slice(1)) await server.await(id, "cancelled");
    await server.post(`tasks/${ids[0]}/cancel`);
  },
  async "output is followed, with its colours, and lines that are overwritten"() {
    const id = await server.call("print", { steps: 40 });
    await on(`tasks/${id}`, async (page) => {
      const screen = page.locator(".screen");
      await eventually(async () => (await screen.textContent()).includes("line 39"), "the last line");
      await eventually(async () => (await screen.textContent()).includes("done"), "the end");
      const text = await screen.textContent();
      assert.ok(!text.includes("\u001b") && !text.includes("at 3"), text.slice(-300));
      const colours = await screen.evaluate((at) => new Set([...at.querySelectorAll("span")].map((one) => getComputedStyle(one).color)).size);
      assert.ok(colours >= 4, `${colours} colours`);
    });
  },
  async "what is hostile is shown as text"() {
    const id = await server.call("hostile");
    await server.await(id, "completed");
    await on(`tasks/${id}`, async (page) => {
      await shows(page, "<script>alert(1)</script>");
      assert.equal(await page.locator("#view script, #view img").count(), 0);
    });
    await on(`tasks/${failed}`, async (page) => {
      await shows(page, "<img src=x onerror=alert(1)>");
      assert.equal(await page.locator("#view img").count(), 0);
    });
  },
  async "a tool is called, and paused"() {
    await on("tools/sleep", async (page) => {
      await page.getByLabel("seconds", { exact: false }).first().fill("1");
      await page.getByRole("button", { name: "Call it" }).click();
      await eventually(() => page.url().includes("#/tasks/"), "its task");
    });
    await on("tools/print", async (page) => {
      await page.locator("#view").getByRole("button", { name: "Pause" }).first().click();
      await eventually(async () => (await server.get("tools")).json.tools.find((one) => one.name === "print").pausedSince, "the pause");
      await page.locator("#view").getByRole("button", { name: "Resume" }).first().click();
      await eventually(async () => !(await server.get("tools")).json.tools.find((one) => one.name === "print").pausedSince, "the end of it");
    });
  },
  async "a key is asked for, and what there is to copy works elsewhere"() {
    const guarded = await new Served(executable, { keys }).start();
    try {
      const task = (await guarded.post("tools/print/call", {}, "act")).json.task.id;
      await on(`tasks/${task}`, async (page) => {
        const dialog = page.locator("dialog");
        for (const key of ["wrong", "read"]) {
          await dialog.getByLabel("Key", { exact: true }).fill(key);
          assert.equal(await page.locator("#live").textContent(), "");
          await dialog.getByRole("button", { name: "Go on" }).click();
          if (key === "wrong") await shows(page, "This key was not accepted.");
        }
        await shows(page, "Its life");
        await shows(page, "● live");
        await dialog.waitFor({ state: "detached" });
        assert.equal(await page.getByRole("button", { name: "Keep …" }).count(), 0);
        const lines = await page.locator("p.row:has(button) code").allTextContents();
        const [asTask, asOutput, asTerminal] = lines.filter((line) => /^(curl|longhaul) /.test(line));
        assert.match(asOutput, /stdout/);
        for (const line of [asTask, asTerminal]) {
          const told = spawnSync("bash", ["-c", line], { encoding: "utf8", env: {
            PATH: `${path.dirname(executable)}:${process.env.PATH}`, HOME: guarded.home, LONGHAUL_OPERATOR_KEY: "read",
          } });
          assert.equal(told.status, 0, `${line}\n${told.stderr}`);
          assert.match(told.stdout, new RegExp(task), line);
        }
      }, { at: guarded, ignored: /401/ });
    } finally {
      await guarded.stop();
      guarded.remove();
    }
  },
  async "all is reached with the keyboard"() {
    await on("tasks", async (page) => {
      await eventually(async () => (await page.locator(".tasks tbody tr").count()) > 10, "tasks");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      assert.equal(await page.locator("tbody tr:has(:checked)").count(), 1);
      await page.keyboard.press("?");
      await page.locator("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("/");
      assert.equal(await page.evaluate(() => document.activeElement.name), "q");
      await page.keyboard.press("Escape");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await eventually(() => page.url().includes("#/tasks/"), "the task");
    });
  },
  async "a restart of the server is survived"() {
    await on("now", async (page) => {
      await server.stop("SIGKILL");
      await page.locator("#lost").waitFor({ state: "visible" });
      await server.start();
      await page.locator("#lost").waitFor({ state: "hidden" });
      await server.await(sleeping, "failed");
      await page.goto(`${server.url}#/tasks/${sleeping}`);
      await shows(page, "failed");
    }, { ignored: /ERR_|Failed to load|network/i });
  },
};
try {
  await run(checks);
} finally {
  await browser.close();
  await server.stop();
  server.remove();
}
