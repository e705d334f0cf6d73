# SPDX-License-Identifier: Apache-2.0
"""Traces: a server with OpenTelemetry's variables set, and a collector that looks at what comes."""
import http.server
import json
import re
import ssl
import threading
import urllib.request

from cli import equal, has, lacks, test, until
from keys import certificate

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

PRINTER = """
[[tool]]
name = "printer"
description = "Prints the trace that it was given."
command = ["sh", "-c", "printf %s \\"$TRACEPARENT\\""]

[[tool]]
name = "twice"
description = "Fails, then works."
command = ["sh", "-c", "test $LONGHAUL_ATTEMPT = 2"]
retry_on = [1]
max_attempts = 2
retry_backoff = "10ms"
"""


class Collector:
    """Takes OTLP over HTTP as JSON; `status` is what it answers. `tls`: files of its certificate and key."""

    def __init__(self, tls=None):
        self.spans, self.headers, self.resources, self.status, self.asked = [], [], [], 200, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.take(self.path, self.headers, body)
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}"

    def take(self, path, headers, body):
        equal(path, "/v1/traces")
        self.asked += 1
        if self.status != 200:
            return
        for group in json.loads(body)["resourceSpans"]:
            self.resources.append({one["key"]: one["value"] for one in group["resource"]["attributes"]})
            for scope in group["scopeSpans"]:
                self.spans += scope["spans"]
        self.headers.append(dict(headers))

    def named(self, name, trace=None):
        return [one for one in self.spans if one["name"] == name and trace in (None, one["traceId"])]

    def one(self, name, trace=None):
        return until(lambda: self.named(name, trace), lambda: f"a span {name} in {self.spans}")[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def serve(box, collector, **more):
    box.write("traced.toml", box.read("tools.toml") + PRINTER)
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50", **more.pop("env", {})}
    return box.serve(file="traced.toml", env=env, **more)


def plain_call(url, traceparent):
    """Of `printer`, by a host that knows no tasks: what came back."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "printer", "arguments": {}, "_meta": {
            "traceparent": traceparent, "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}}}}
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
               "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "printer"}
    asked = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(asked) as reply:
        return reply.read().decode()


@test
def a_call_is_one_trace(box):
    with Collector() as collector:
        url = serve(box, collector, env={"OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b",
                                         "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test"}).url
        printed = box.run("call", url, "printer").out.splitlines()[0]
        handed = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", printed)
        assert handed, printed
        call = collector.one("tools/call printer")
        attempt = collector.one("attempt 1")
        write = collector.one("store.create")
        equal({call["traceId"], attempt["traceId"], write["traceId"]}, {handed[1]})
        equal(attempt["spanId"], handed[2], "what the program traces is a child of its attempt")
        equal(attempt["parentSpanId"], call["spanId"])
        equal(write["parentSpanId"], call["spanId"])
        equal(call.get("parentSpanId", ""), "", "nobody sent a trace")
        for child in (attempt, write, collector.one("store.finish")):
            assert int(call["startTimeUnixNano"]) <= int(child["startTimeUnixNano"]), (call, child)
            assert int(child["startTimeUnixNano"]) <= int(child["endTimeUnixNano"]), child
            assert int(child["endTimeUnixNano"]) <= int(call["endTimeUnixNano"]), (call, child)
        equal(collector.headers[0]["X-Key"] if "X-Key" in collector.headers[0] else collector.headers[0]["x-key"], "a b")
        resource = collector.resources[0]
        equal(resource["service.name"], {"stringValue": "cli"})
        equal(resource["deployment.environment"], {"stringValue": "test"})
        lacks(json.dumps(collector.spans), box.last_id(), "local")


@test
def a_caller_s_trace_goes_on(box):
    with Collector() as collector:
        url = serve(box, collector).url
        done = plain_call(url, f"00-{TRACE}-{PARENT}-01")
        call = collector.one("tools/call printer", TRACE)
        equal(call["parentSpanId"], PARENT)
        has(done, f"00-{TRACE}-{collector.one('attempt 1', TRACE)['spanId']}-01")
        has(plain_call(url, f"00-{TRACE}-{PARENT}-00"), f"00-{TRACE}-{PARENT}-00")
        box.run("call", url, "printer")
        until(lambda: len(collector.named("tools/call printer")) >= 2, lambda: collector.spans)
        equal(len(collector.named("tools/call printer", TRACE)), 1, "the one that was not sampled is not told")


@test
def over_tls(box):
    certificate(box)
    known = str(box.folder / "tls.pem")
    with Collector(tls=(known, box.folder / "tls.key")) as collector:
        stranger = serve(box, collector)
        box.run("call", stranger.url, "printer")
        until(lambda: "traces.failed" in stranger.err(), stranger.err)
        has(stranger.err(), "certificate")
        equal(collector.asked, 0, "a collector that nobody vouches for is told nothing")
        box.run("call", serve(box, collector, store="memory:", env={"OTEL_EXPORTER_OTLP_CERTIFICATE": known}).url, "printer")
        collector.one("tools/call printer")


@test
def failures_and_retries_are_told(box):
    with Collector() as collector:
        url = serve(box, collector).url
        box.run("call", url, "fail", code=None)
        failed = collector.one("tools/call fail")
        equal(failed["status"]["code"], 2, failed)
        box.run("call", url, "twice")
        call = collector.one("tools/call twice")
        first, second = collector.one("attempt 1", call["traceId"]), collector.one("attempt 2", call["traceId"])
        assert first["spanId"] != second["spanId"], (first, second)
        equal({first["parentSpanId"], second["parentSpanId"]}, {call["spanId"]})
        collector.one("store.retry", call["traceId"])


@test
def a_collector_that_fails_costs_spans_only(box):
    with Collector() as collector:
        collector.status = 503
        server = serve(box, collector)
        box.run("call", server.url, "printer")
        server.says("traces.failed")
        until(lambda: collector.asked >= 2, lambda: f"asked {collector.asked} times")
        collector.status = 200
        collector.one("tools/call printer")
        server.says("traces.mended")
        equal(server.stop(), 0)


@test
def what_waits_leaves_before_the_server_does(box):
    with Collector() as collector:
        server = serve(box, collector, env={"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
        box.run("call", server.url, "printer")
        equal(server.stop(), 0)
        collector.one("tools/call printer")


@test
def variables_that_cannot_be_read_are_refused(box):
    told = box.run("serve", "tools.toml", "--http", "127.0.0.1:0", "--store", "memory:", code=2,
                   env={"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"})
    has(told.err, "OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318")
    told = box.run("serve", "tools.toml", "--http", "127.0.0.1:0", "--store", "memory:", code=2,
                   env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    has(told.err, "OTEL_EXPORTER_OTLP_PROTOCOL", "4318")
