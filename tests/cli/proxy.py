# SPDX-License-Identifier: Apache-2.0
"""A proxy between a client and a server over HTTP/1.1 that does what networks and proxies do at their worst:
it cuts replies at any byte, sends them late, twice or byte by byte, answers itself, and swallows requests.

A rule is asked for each request, with its number among all and what it is about, and gives a Fault or None.
"""
import select
import socket
import threading
import time


class Fault:
    """What happens to one request or its reply."""

    def __init__(self, cut=None, late=0.0, bytewise=False, twice=False, answer=None, unsent=False):
        self.cut = cut  # the connection breaks after so many bytes of the reply
        self.late = late  # seconds before the reply begins
        self.bytewise = bytewise  # each byte by itself
        self.twice = twice  # the whole reply once more
        self.answer = answer  # (status, headers): the server is not asked
        self.unsent = unsent  # the connection breaks before the server is asked

    def __repr__(self):
        return "Fault(" + ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if v) + ")"


class Request:
    def __init__(self, number, head, body):
        self.number, self.head, self.body = number, head, body
        self.verb = head.split(b" ", 1)[0].decode()

    def about(self, method):
        return f'"method":"{method}"'.encode() in self.body

    @property
    def in_session(self):
        return b"\r\nmcp-session-id:" in self.head.lower()


class ReplyEnd:
    """Finds out where a reply ends, from its bytes as they come."""

    def __init__(self):
        self.data, self.left, self.chunked, self.over = b"", None, False, False

    def feed(self, data):
        self.data += data
        if self.left is None and not self.chunked:
            self._head()
        if self.chunked:
            self._chunks()
        elif self.left is not None:
            self.over = len(self.data) >= self.left
        return self.over

    def _head(self):
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return
        head, self.data = self.data[:end].lower(), self.data[end + 4:]
        self.chunked = b"transfer-encoding: chunked" in head
        if not self.chunked:
            length = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
            self.left = int(length[0].split(b":")[1]) if length else 0

    def _chunks(self):
        while not self.over:
            end = self.data.find(b"\r\n")
            if end < 0:
                return
            size = int(self.data[:end].split(b";")[0], 16)
            if len(self.data) < end + 2 + size + 2:
                return
            self.data = self.data[end + 2 + size + 2:]
            self.over = size == 0


class Proxy:
    def __init__(self, url, rule):
        """`url`: of the server behind it; `rule(request)` is called under a lock, one request after the other."""
        self.place, self.path = url.split("//", 1)[1].split("/", 1)
        self.rule, self.lock, self.count, self.faults = rule, threading.Lock(), 0, []
        self.sizes = {}  # of whole replies, by the number of their request
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/{self.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = None
        try:
            while (request := self._read(client)) is not None:
                fault = self._judge(request) or Fault()
                if fault.unsent:
                    return
                if fault.answer:
                    client.sendall(answer(*fault.answer))
                    continue
                server = server or self._connect(client)
                if server is None:
                    return
                server.sendall(request.head + request.body)
                if not self._relay(client, server, fault, request.number):
                    return
        except OSError:
            pass
        finally:
            client.close()
            if server:
                server.close()

    def _judge(self, request):
        with self.lock:
            request.number = self.count
            self.count += 1
            fault = self.rule(request)
            if fault:
                self.faults.append((request.number, fault))
            return fault

    def _connect(self, client):
        host, port = self.place.rsplit(":", 1)
        try:
            return socket.create_connection((host, int(port)), 10)
        except OSError:
            client.sendall(answer(502, {}))
            return None

    def _read(self, client):
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = client.recv(65536)
            if not more:
                return None
            data += more
        head, body = data[:end + 4], data[end + 4:]
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while length and len(body) < int(length[0].split(b":")[1]):
            more = client.recv(65536)
            if not more:
                return None
            body += more
        return Request(0, head, body)

    def _relay(self, client, server, fault, number):
        """False: this connection is over."""
        end, sent, whole = ReplyEnd(), 0, b""
        if fault.late:
            time.sleep(fault.late)
        while not end.over:
            ready, _, _ = select.select([client, server], [], [])
            if client in ready and not client.recv(1, socket.MSG_PEEK):
                return False
            if server not in ready:
                continue
            data = server.recv(65536)
            if not data:
                return False
            whole += data
            if end.feed(data):
                self.sizes[number] = len(whole)  # before the client has it all: it may be gone then
            if fault.cut is not None and sent + len(data) >= fault.cut:
                client.sendall(data[:fault.cut - sent])
                return False
            for part in ([data[i:i + 1] for i in range(len(data))] if fault.bytewise else [data]):
                client.sendall(part)
            sent += len(data)
        if fault.twice:
            client.sendall(whole)
        return True


REASONS = {307: "Temporary Redirect", 404: "Not Found", 429: "Too Many Requests", 502: "Bad Gateway",
           503: "Service Unavailable"}


def answer(status, headers):
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Content-Length: 0"]
    return ("\r\n".join(lines + [f"{name}: {value}" for name, value in headers.items()]) + "\r\n\r\n").encode()
