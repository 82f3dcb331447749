"""A witness by C2SP tlog-witness: witness.py LOG-VERIFIER-KEY. Says its URL and key, then a line for each request.

Keeps what it saw of the log in memory, and checks by itself that it only grows."""
import base64
import http.server
import struct
import sys
import time

import ed25519
import tlog

log_key = sys.argv[1]
seed = bytes(range(32))
material = b"\x04" + ed25519.public(seed)
name = "witness.example/w1"
seen = (0, None)


def cosignature(text):
    now = int(time.time())
    signature = ed25519.sign(seed, f"cosignature/v1\ntime {now}\n{text}".encode())
    data = tlog.key_id(name, material) + struct.pack(">Q", now) + signature
    return f"— {name} {base64.b64encode(data).decode()}\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, answer, kind = self.judge(body)
        print(self.path, status, body.split("\n")[0], flush=True)
        data = answer.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def judge(self, body):
        global seen
        plain = "text/plain; charset=utf-8"
        if self.path != "/add-checkpoint":
            return 404, "", plain
        head, _, note = body.partition("\n\n")
        old, *path = head.split("\n")
        try:
            _, size, root = tlog.opened(note, log_key)
        except (AssertionError, ValueError):
            return 403, "", plain
        old = int(old.removeprefix("old "))
        if old > size:
            return 400, "", plain
        if old != seen[0]:
            return 409, f"{seen[0]}\n", "text/x.tlog.size"
        if old == size and old and seen[1] != root:
            return 409, "", plain
        if old and not tlog.consistent(old, size, seen[1], root, [base64.b64decode(line) for line in path]):
            return 422, "", plain
        if not old and path:
            return 422, "", plain
        seen = (size, root)
        # Others' signatures may stand beside one's own.
        other = "— witness.example/other AAAAAAAAAAAAAAAAAAAA\n"
        return 200, other + cosignature(note.rpartition("\n\n")[0] + "\n"), plain

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
vkey = f"{name}+{tlog.key_id(name, material).hex()}+{base64.b64encode(material).decode()}"
print(f"witness http://127.0.0.1:{server.server_port}+{vkey}", flush=True)
server.serve_forever()
