"""Requests over bare sockets that no client of good will would send."""

import base64
import gzip
import json
import random
import re
import socket
import threading
import zlib

from programs import Failure
from service import MIB, Problems, loads

TEXTS = ["", "x", "0", "-1", "1001", "99999999999999999999", "%00", "%", "%zz", "%C3%28", "%E2%80%AE", "%0d%0aX:%20y", "..%2f..%2f",
         "a" * 1024, "a" * 1025, "1e5", "NaN", "true", "8c041935-231e-405a-a0d2-d5b0acdceb46", "2026-11-23T09:55:14Z",
         "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1d", "100y", "1s", "4xx", "999", "[]", "{}", "'--",
         "%F0%9F%98%80", "a&a=b", "fleet", "server", "active", "=1", ";", "#", "+", "0/0", "18446744073709551616", "1970-01-01T00:00:00Z"]
EVENT = (b'{"specversion":"1.0","id":"%s","source":"/hostile","type":"com.example.t","time":"2026-11-23T09:00:00Z"}')
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"BREW", b"get", b"G\x00T", b""]


class Target:
    """The routes and parameters of the served document, and real cursors to forge others from."""

    def __init__(self, service):
        document = loads(service.get("/openapi.json")[1])
        self.routes = []
        for path, item in document["paths"].items():
            shared = item.get("parameters", [])
            for method, operation in item.items():
                if method in ("get", "post"):
                    names = [self.name(document, parameter) for parameter in shared + operation.get("parameters", [])]
                    self.routes.append((path, [name for name in names if name]))
        self.cursors = []
        for path in ("/v1/servers?limit=1", "/v1/events?limit=1", "/v1/errors?limit=1", "/v1/coverage?limit=1"):
            cursor = (loads(service.get(path)[1]) or {}).get("next_cursor")
            if cursor:
                self.cursors.append(cursor)

    @staticmethod
    def name(document, parameter):
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        return parameter["name"] if parameter["in"] == "query" else None


class Maker:
    """Makes the same requests of the same seed, by kind."""

    def __init__(self, target, seed):
        self.random, self.target = random.Random(seed), target

    def next(self):
        kind = self.random.choices(
            (self.question, self.event, self.framing, self.smuggling, self.headers, self.noise, self.chunks),
            (40, 15, 10, 10, 10, 10, 5))[0]
        return kind.__name__, kind()

    def text(self):
        return self.random.choice(TEXTS)

    def cursor(self):
        if not self.target.cursors or self.random.random() < 0.2:
            return self.text()
        cursor = self.random.choice(self.target.cursors)
        if self.random.random() < 0.3:
            at = self.random.randrange(len(cursor))
            return cursor[:at] + self.random.choice("AZaz09-_=%") + cursor[at + 1:]
        members = json.loads(base64.urlsafe_b64decode(cursor + "==="))
        members[self.random.choice(list(members))] = self.random.choice(
            (-1, 0, 1, 2**53, 2**63, 1e300, "", "x", None, [], {}, True, "9999-12-31T23:59:59Z", 32767, 32768, 1.5))
        return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")

    def question(self):
        path, names = self.random.choice(self.target.routes)
        path = re.sub(r"\{(\w+)\}", lambda _: self.random.choice(
            TEXTS + ["0", "1", "fleet", "8c041935-231e-405a-a0d2-d5b0acdceb46", "2026-11-23T09:55:30Z"]) or "-", path)
        query = []
        for _ in range(self.random.choice((0, 1, 1, 2, 3, 8))):
            name = self.random.choice(names + [self.text()]) if names else self.text()
            query.append("%s=%s" % (name, self.cursor() if name == "cursor" else self.text()))
        target = (path + ("?" + "&".join(query) if query else "")).replace(" ", "%20")
        method = self.random.choice((b"GET", b"GET", b"GET", b"HEAD", b"OPTIONS", b"DELETE"))
        return self.request(method, target.encode(), b"")

    def request(self, method, target, body, headers=()):
        lines = [b"%s %s HTTP/1.1" % (method, target), b"Host: h", b"Connection: close"]
        lines += headers
        if body:
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def event(self):
        """Bodies of every kind under every name."""
        event = EVENT % str(self.random.randrange(10**9)).encode()
        bodies = [event, b"[" + event + b"]", event + b"\n" + event, b"", b"\xff\xfe", b"[" * 5000, b"{" + b'"a":' * 70 + b"1" + b"}" * 70,
                  gzip.compress(event), gzip.compress(event)[:-5], gzip.compress(b"0" * MIB) + b"junk", zlib.compress(event),
                  gzip.compress(gzip.compress(event)), b'{"a":' + b"9" * 5000 + b"}", b"\x00" * 2000, event[:-1]]
        types = [b"application/json", b"application/cloudevents+json", b"application/cloudevents-batch+json", b"application/x-ndjson",
                 b"text/plain", b"", b"application/xml", b"application/json; charset=utf-16", b"multipart/form-data", b"\xff", b"a" * 5000]
        headers = [b"Content-Type: " + self.random.choice(types)]
        if self.random.random() < 0.4:
            headers.append(b"Content-Encoding: " + self.random.choice((b"gzip", b"x-gzip", b"deflate", b"br", b"gzip, gzip", b"", b"\x01")))
        if self.random.random() < 0.2:
            headers += [b"ce-specversion: 1.0", b"ce-id: " + self.random.choice((b"1", b"%zz", b'"a', b"\xc3\x28", b"")),
                        b"ce-source: /x", b"ce-type: t", b"ce-time: 2026-11-23T09:00:00Z"][:self.random.randrange(1, 6)]
        return self.request(b"POST", b"/v1/events", self.random.choice(bodies), headers)

    def framing(self):
        """Requests that are none, or not whole."""
        event = EVENT % b"f"
        whole = self.request(b"POST", b"/v1/events", event, [b"Content-Type: application/json"])
        at = self.random.randrange(1, len(whole))
        return self.random.choice((
            whole[:at],
            whole.replace(b"HTTP/1.1", self.random.choice((b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"ICE/1.0", b""))),
            whole.replace(b"Content-Length: ", self.random.choice((
                b"Content-Length: -", b"Content-Length: +", b"Content-Length: 0x", b"Content-Length:\t9999", b"Content-Length : ",
                b"Content-Length: 99999999999999999999"))),
            whole.replace(b"Host: h\r\n", self.random.choice((b"", b"Host: a\r\nHost: b\r\n", b"Host: \xff\r\n", b" Host: h\r\n"))),
            whole.replace(b"\r\n", b"\n"), whole.replace(b"\r\n", b"\r"),
            whole.replace(b"Connection", self.random.choice((b"Conn ection", b"X\x00", b"X\x7f", b"", b":", b"X\r\n folded"))),
            self.request(self.random.choice(METHODS), b"/v1/servers", b""),
            self.request(b"GET", self.random.choice((b"*", b"http://other/v1/servers", b"//x", b"v1", b"/v1/servers\x00", b"/\xff", b"")), b""),
            self.request(b"GET", b"/v1/servers", b"x" * self.random.choice((1, 70_000)), [b"Expect: 100-continue"]),
            self.request(b"POST", b"/v1/events", b"", [b"Content-Type: application/json", b"Upgrade: h2c", b"Connection: Upgrade"]),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100))

    def smuggling(self):
        """A request in the body of another, whose end is told in two ways: it must never be answered by itself."""
        inner = b"GET /v1/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
        chunked = self.random.choice((
            b"Transfer-Encoding: chunked", b"Transfer-Encoding: xchunked", b"Transfer-Encoding:\tchunked",
            b"transfer-encoding: chunked, identity", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding : chunked",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow", b"X: y\nTransfer-Encoding: chunked", b"Transfer-Encoding: \x0bchunked"))
        body = self.random.choice((b"0\r\n\r\n" + inner, b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner), inner))
        length = self.random.choice((len(body), 4, 0, len(body) - len(inner)))
        pair = [chunked, b"Content-Length: %d" % length]
        if self.random.random() < 0.2:
            pair = [b"Content-Length: %d" % length, b"Content-Length: %d" % (length + 1)]
        self.random.shuffle(pair)
        head = b"\r\n".join([b"POST /v1/events HTTP/1.1", b"Host: h", b"Content-Type: application/json"] + pair)
        return head + b"\r\n\r\n" + body

    def headers(self):
        headers = self.random.choice((
            [b"X-%d: y" % n for n in range(self.random.choice((100, 999, 1100, 5000)))],
            [b"X: " + b"y" * self.random.choice((8_000, 79_000, 82_000, 300_000))],
            [b"Cookie: " + b"a=b; " * 15_000], [b"X" * 82_000 + b": y"], [b"X-Request-Id: " + self.text().encode()],
            [b"If-None-Match: " + b'W/"x", ' * 2_000], [b"Accept: " + b"\xff" * 50], [b"Range: bytes=0-,0-,0-"],
            [b"X-OpenStack-Manila-API-Version: " + self.text().encode()], [b"X-OpenStack-Manila-API-Version: 2.99999999999"]))
        target = self.random.choice((b"/v1/servers", b"/v2/share-servers", b"/v1/events?limit=1", b"/" + b"x" * self.random.choice((9_000, 82_000))))
        return self.request(b"GET", target, b"", headers)

    def noise(self):
        return bytes(self.random.choice(b"GET /v1 HTP.:\r\n\x00\xff{}[]\"0") for _ in range(self.random.randrange(1, 2_000)))

    def chunks(self):
        event = EVENT % b"c"
        size = self.random.choice((b"%x" % len(event), b"0", b"-1", b"ffffffffffffffff", b"FFFFFFFFFFFFFFFFF", b"zz", b"", b"0x5", b"%x;" % len(event) + b"e" * 20_000))
        body = size + b"\r\n" + event + self.random.choice((b"\r\n0\r\n\r\n", b"0\r\n\r\n", b"\r\n", b"", b"\r\n0\r\nX: y\r\n\r\n"))
        return self.request(b"POST", b"/v1/events", b"", [b"Content-Type: application/json", b"Transfer-Encoding: chunked"]) + body


class Caller:
    def __init__(self, service, problems):
        self.service, self.problems, self.statuses = service, problems, {}
        self.gateway, self.unanswered = service.with_gateway(), 0

    def send(self, kind, data, port):
        """Sends, says that nothing more comes, and reads until the other side closes."""
        answer = b""
        with socket.create_connection((self.service.host, port), timeout=90) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # Closed before all was sent: what was answered may still be read.
            try:
                while chunk := connection.recv(65536):
                    answer += chunk
            except ConnectionError:
                pass
            except TimeoutError:
                return self.problems.add("%s: no end of %r" % (kind, data[:300]))
        self.hold(kind if port == self.service.port else kind + " through the gateway", data, answer)

    def hold(self, kind, data, answer):
        statuses = [int(code) for code in re.findall(rb"(?:^|\n|\}|\n\n)HTTP/1\.[01] (\d\d\d) ", answer)]
        if not statuses:
            self.unanswered += 1
            if answer:
                self.problems.add("%s: %r was answered with %r" % (kind, data[:200], answer[:200]))
            return
        for status in statuses:
            self.statuses[status] = self.statuses.get(status, 0) + 1
        if b"smuggled" in data and (b"/v1/smuggled" in answer or 404 in statuses):
            self.problems.add("%s: the request within %r was answered" % (kind, data[:300]))
        if any(status >= 500 and not (status == 503 and b"retry-after" in answer.lower()) for status in statuses):
            self.problems.add("%s: %r was answered %s: %r" % (kind, data[:300], statuses, answer[-300:]))
        head, _, body = answer.partition(b"\r\n\r\n")
        if len(statuses) == 1 and statuses[0] >= 400 and body and b"chunked" not in head.lower():
            told = loads(body)
            if not isinstance(told, dict):
                self.problems.add("%s: %r: the error is no JSON: %r" % (kind, data[:200], body[:200]))
            elif b"problem+json" in head and not {"type", "title", "status"} <= set(told):
                self.problems.add("%s: %r: not a whole problem: %r" % (kind, data[:200], body[:300]))


def bomb(service, problems, mebibytes):
    """A body that is small until it is decompressed: one line without an end."""
    compressor = zlib.compressobj(9, wbits=31)
    body = b"".join(compressor.compress(b"0" * MIB) for _ in range(mebibytes)) + compressor.flush()
    connection = service.connection(600)
    connection.request("POST", "/v1/events", body, {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status not in (400, 413):
        problems.add("a bomb of %d MiB was answered %d: %s" % (mebibytes, answer.status, text[:200]))


def dribble(service, count):
    """Connections that send a byte now and then, as long as the others are at it; they are nobody's but ours."""
    connections = []
    for number in range(count):
        connection = socket.create_connection((service.host, service.port), timeout=5)
        connection.sendall(b"GET /v1/servers HTTP/1.1\r\nX: " if number % 2 else
                           b"POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        connections.append(connection)
    ended = threading.Event()

    def drip():
        while not ended.wait(5):
            for connection in connections:
                try:
                    connection.sendall(b" ")
                except OSError:
                    pass
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    return ended, connections


def run(service, count, seed):
    problems = Problems()
    maker, caller = Maker(Target(service), seed), Caller(service, problems)
    if not maker.target.cursors:
        raise Failure("there are no cursors to forge")
    ended, slow = dribble(service, 100)
    kinds = {}
    for number in range(count):
        kind, data = maker.next()
        kinds[kind] = kinds.get(kind, 0) + 1
        caller.send(kind, data, caller.gateway if maker.random.random() < 0.3 else service.port)
        if number % 100 == 0:
            service.sample()
            if problems.count > 50:
                break
    for size in (1, 64) + ((1100,) if count >= 20_000 else ()):
        bomb(service, problems, size)
    ended.set()
    for connection in slow:
        connection.close()
    problems.check(service)
    return "%s requests (%s), %s without an answer; answers %s; %s" % (
        format(count, ","), ", ".join("%d %s" % (n, kind) for kind, n in sorted(kinds.items())), caller.unanswered,
        ", ".join("%d × %d" % (n, status) for status, n in sorted(caller.statuses.items())), service.grown())
