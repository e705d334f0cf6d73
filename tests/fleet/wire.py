# SPDX-License-Identifier: Apache-2.0
"""What a client says to one replica, and how its answers are read: both revisions of the protocol, one
connection a request. Nothing here decides or repeats.
"""
import dataclasses
import hashlib
import http.client
import itertools
import json
import time

MODERN, LEGACY = "2026-07-28", "2025-11-25"
TERMINAL = ("completed", "tool_error", "failed", "cancelled")
BUSY = 31004


@dataclasses.dataclass
class Answer:
    """kind: ok (result), error (of JSON-RPC), unavailable (HTTP 503), http (another status), refused (no
    connection), timeout, broken (the connection ended without a reply), left (the client did, after its
    time), nobody (there is no replica)."""
    kind: str
    status: int = 0
    result: dict | None = None
    code: int = 0
    message: str = ""
    retry_after: int | None = None
    session: str | None = None


def exchange(port, owner, headers, body, timeout, on_event=None):
    """One POST. `on_event`: called with each message of a stream that is not the reply; true: that is
    enough, and the client leaves."""
    connection, begun = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout), False
    try:
        try:
            connection.connect()
        except ConnectionRefusedError:
            return Answer("refused")
        connection.request("POST", "/mcp", json.dumps(body), {
            "Content-Type": "application/json", "Authorization": f"Bearer {owner}",
            "Accept": "application/json, text/event-stream" if on_event else "application/json", **headers})
        reply = connection.getresponse()
        if (reply.getheader("Content-Type") or "").startswith("text/event-stream"):
            begun = True
            return read_stream(reply, body.get("id"), on_event, time.monotonic() + timeout)
        return read_reply(reply.status, reply.read(), reply.getheader("Mcp-Session-Id"))
    except TimeoutError:
        return Answer("left" if on_event and begun else "timeout")
    except (OSError, http.client.HTTPException) as error:
        return Answer("broken", message=repr(error))
    finally:
        connection.close()


def read_stream(reply, wanted, on_event, end):
    data = ""
    for line in reply:
        if time.monotonic() > end:  # comments keep a quiet stream alive
            return Answer("left")
        line = line.decode().rstrip("\r\n")
        if line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            message, data = json.loads(data), ""
            if message.get("id") == wanted and "method" not in message:
                return answer_of(200, message)
            if on_event(message):
                return Answer("ok", 200, result={})
    return Answer("broken", message="the stream ended without a reply")


def read_reply(status, text, session):
    if status == 503:
        return Answer("unavailable", 503, message=text.decode(errors="replace")[:200])
    if status == 202:
        return Answer("ok", 202, result={}, session=session)
    try:
        answer = answer_of(status, json.loads(text))
    except (ValueError, AttributeError):
        return Answer("http", status, message=text.decode(errors="replace")[:200])
    answer.session = session
    return answer


def answer_of(status, message):
    if "result" in message:
        return Answer("ok", status, result=message["result"])
    error = message.get("error", {})
    return Answer("error", status, code=error.get("code", 0), message=error.get("message", ""),
                  retry_after=(error.get("data") or {}).get("retryAfterMs")
                  if isinstance(error.get("data"), dict) else None)


def modern(port, owner, method, params, timeout, tasks=True, meta=None, on_event=None, number=1):
    capabilities = {"elicitation": {}}
    if tasks:
        capabilities["extensions"] = {"io.modelcontextprotocol/tasks": {}}
    params = {**params, "_meta": {"io.modelcontextprotocol/protocolVersion": MODERN,
                                  "io.modelcontextprotocol/clientCapabilities": capabilities, **(meta or {})}}
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    if name := params.get("name") or params.get("taskId"):
        headers["Mcp-Name"] = name
    return exchange(port, owner, headers, {
        "jsonrpc": "2.0",
        "id": number,
        "method": method,
        "params": params
    }, timeout, on_event)


def open_session(port, owner, timeout):
    begun = exchange(port, owner, {}, {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": LEGACY, "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "fleet", "version": "1"}}}, timeout)
    if begun.kind == "ok":
        told = exchange(port, owner, {"Mcp-Session-Id": begun.session},
                        {"jsonrpc": "2.0", "method": "notifications/initialized"}, timeout)
        if told.kind != "ok":
            return told
    return begun


numbers = itertools.count(1)


def legacy(port, owner, session, message, timeout, on_event=None):
    """`message`: with `method` a request, without it a reply to a question."""
    if "method" in message:
        message = {"id": next(numbers), **message}
    return exchange(port, owner, {"Mcp-Session-Id": session, "MCP-Protocol-Version": LEGACY},
                    {"jsonrpc": "2.0", **message}, timeout, on_event)


# --- what a task's states have in common on both wires

def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def text_of(result):
    return "".join(part.get("text", "") for part in result.get("content", []) if part.get("type") == "text")


def result_digest(result):
    return digest({name: result.get(name) for name in ("content", "isError", "structuredContent")})


def modern_state(task):
    """Of a `tasks/get` or of the reply that made the task."""
    state = {"status": task["status"], "created": task["createdAt"], "updated": task["lastUpdatedAt"],
             "ttl": task.get("ttlMs")}
    if task["status"] == "completed" and "result" in task:
        state["status"] = "tool_error" if task["result"].get("isError") else "completed"
        state["digest"], state["text"] = result_digest(task["result"]), text_of(task["result"])[:300]
    elif task["status"] == "failed" and "error" in task:
        state["digest"] = digest([task["error"].get("code"), task["error"].get("message")])
        state["text"] = task["error"].get("message", "")[:300]
    if task.get("inputRequests"):
        state["asked"] = sorted(task["inputRequests"])
    return state


def legacy_state(task):
    """Of a `tasks/get`: failed may be a tool's error, which only the result tells."""
    return {"status": task["status"], "created": task["createdAt"], "updated": task["lastUpdatedAt"],
            "ttl": task.get("ttl")}


def legacy_result(answer):
    """The state that a reply to `tasks/result` tells; None if it tells none."""
    if answer.kind == "ok":
        return {"status": "tool_error" if answer.result.get("isError") else "completed",
                "digest": result_digest(answer.result), "text": text_of(answer.result)[:300]}
    if answer.kind == "error" and answer.code == 31003:
        return {"status": "cancelled"}
    if answer.kind == "error" and answer.code in (31001, 31002, 31006, 31007):
        return {
            "status": "failed",
            "digest": digest([answer.code, answer.message]),
            "text": answer.message[:300]
        }
    return None
