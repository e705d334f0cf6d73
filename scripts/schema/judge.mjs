// SPDX-License-Identifier: Apache-2.0
// What is wrong with one message of the server, by the schemas of its revision.

const NO_RESULT = new Set(["ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]);
// The extension that our tests make for themselves: held against what every message is.
const OWN = /^(notifications\/)?clock\//;
const OWN_RESULT = "com.example/appointment";
// Schemas of the extension, by what they answer or by what they are.
const OF_TASKS = {
  "tasks/get": "GetTaskResultV2Schema",
  "tasks/update": "UpdateTaskResultV2Schema",
  "tasks/cancel": "CancelTaskResultV2Schema",
  "notifications/tasks": "TaskStatusNotificationV2Schema",
  "create": "CreateTaskResultV2Schema",
};
const MEMBERS = { method: ["jsonrpc", "id", "method", "params"], result: ["jsonrpc", "id", "result"],
  error: ["jsonrpc", "id", "error"] };

/** A task's result is the one that its call would have had. */
function inlineResult(schema, task) {
  return task?.status === "completed" ? schema.faults("CallToolResult", task.result) : [];
}

function byTasks(schemas, name, value) {
  const result = schemas.tasks[OF_TASKS[name]].safeParse(value);
  return result.success
    ? []
    : result.error.issues.map((i) => `${OF_TASKS[name]} ${i.path.join("/")}: ${i.message}`);
}

/** The definition of what answers a method, if the schema has one. */
function resultOf(schema, method, asked, result) {
  if (method === "tools/call" && schema.has("CreateTaskResult") && asked.params?.task && "task" in result) {
    return "CreateTaskResult";
  }
  if (method === "tasks/result") return "CallToolResult";
  if (OWN.test(method)) return "Result";
  if (NO_RESULT.has(method)) return "EmptyResult";
  const request = schema.byMethod.get(method);
  const name = request?.replace(/Request$/, "Result");
  return name && schema.has(name) ? name : undefined;
}

function judgeResult(schemas, schema, modern, message, asked) {
  const result = message.result;
  if (!asked) return { kind: "a result of nothing", faults: ["it answers no request"] };
  const type = result?.resultType;
  if (modern && type === "task") {
    return { kind: `${asked.method} task`, faults: byTasks(schemas, "create", result) };
  }
  if (modern && type === "input_required") {
    return { kind: `${asked.method} input_required`, faults: schema.faults("InputRequiredResult", result) };
  }
  const faults = modern && type !== "complete" && type !== OWN_RESULT ? [`resultType is ${JSON.stringify(type)}`] : [];
  if (modern && asked.method in OF_TASKS) {
    const inside = inlineResult(schema, result);
    return { kind: `${asked.method} result`, faults: faults.concat(byTasks(schemas, asked.method, result), inside) };
  }
  const name = resultOf(schema, asked.method, asked, result ?? {});
  if (!name) return { kind: `${asked.method} result`, faults: ["the revision has no such method"] };
  return { kind: `${asked.method} ${name}`, faults: faults.concat(schema.faults(name, result)) };
}

function judgeMethod(schemas, schema, modern, message) {
  const method = message.method;
  if (modern && "id" in message) return { kind: method, faults: ["a request of the server"] };
  if (modern && method === "notifications/tasks") {
    return { kind: method, faults: byTasks(schemas, method, message).concat(inlineResult(schema, message.params)) };
  }
  if (OWN.test(method) && !("id" in message)) {
    return { kind: method, faults: schema.faults("JSONRPCNotification", message) };
  }
  const name = schema.byMethod.get(method);
  if (!name) return { kind: method, faults: ["the revision has no such method"] };
  const faults = schema.fromServer.has(name) ? [] : [`${name} is not for a server to send`];
  return { kind: method, faults: faults.concat(schema.faults(name, message)) };
}

function judgeError(schema, message, asked) {
  const code = message.error?.code;
  const name = schema.byCode.get(code) ??
    (schema.has("JSONRPCErrorResponse") ? "JSONRPCErrorResponse" : "JSONRPCError");
  // An id that cannot be read cannot be repeated, which older schemas forget.
  const checked = (message.id ?? null) === null && name === "JSONRPCError"
    ? { ...message, id: 0 }
    : message;
  return { kind: `error ${code}`, faults: schema.faults(name, checked) };
}

/** {kind, faults}: `asked` is the request that it answers, `fault` what is wrong already. */
export function judgeMessage(schemas, revision, message, asked, fault) {
  const before = fault ? [fault] : [];
  if (typeof message !== "object" || message === null) {
    return { kind: "no message", faults: before.concat("not an object") };
  }
  const schema = schemas.revisions.get(revision);
  const modern = revision === "2026-07-28";
  const shape = ["method", "result", "error"].filter((member) => member in message);
  if (shape.length !== 1) return { kind: "no message", faults: [`it has ${shape}`] };
  const unknown = Object.keys(message).filter((member) => !MEMBERS[shape[0]].includes(member));
  const more = before.concat(unknown.map((member) => `a member ${member}`));
  const judged = shape[0] === "method" ? judgeMethod(schemas, schema, modern, message)
    : shape[0] === "error" ? judgeError(schema, message, asked)
      : judgeResult(schemas, schema, modern, message, asked);
  const envelope = shape[0] === "result"
    ? schema.faults(schema.has("JSONRPCResultResponse") ? "JSONRPCResultResponse" : "JSONRPCResponse", message)
    : [];
  return { kind: judged.kind, faults: more.concat(judged.faults, envelope) };
}
