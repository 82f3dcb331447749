"""A `dossier up --sample` of ours, and what can be told of it from outside."""

import http.client
import json
import os
import re
import shlex
import time

from programs import Failure, Program, run

MIB = 1 << 20


class Service:
    """Runs while it is entered. It must neither end nor grow."""

    def __init__(self, dossier, directory):
        self.dossier, self.directory = dossier, directory
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
        self.program = Program("up", [dossier, "up", "--sample", "--data", directory + "/data", "--listen",
                                      "127.0.0.1:0"], directory, self.environment, "Try, in another terminal")

    def __enter__(self):
        self.program.start(300)
        said = self.program.said()
        self.host, self.port = re.search(r"http://([0-9.]+):(\d+)", said).groups()
        self.port = int(self.port)
        self.environment["DOSSIER_DATABASE_URL"] = shlex.split(
            re.search(r"DOSSIER_DATABASE_URL=(.*)", said).group(1))[0]
        self.environment["DOSSIER_URL"] = "http://%s:%d" % (self.host, self.port)
        self.memory, self.gateway = [], None
        return self

    def __exit__(self, *_):
        if self.gateway:
            self.gateway.end()
        self.program.end()

    def with_gateway(self):
        """Starts a gateway whose Manila is the service itself: what is passed on, and how, is answered by one we know."""
        self.gateway = Program("gateway", [
            self.dossier, "gateway", "--upstream", self.environment["DOSSIER_URL"], "--listen", "127.0.0.1:0", "--admin",
            "127.0.0.1:0", "--spool", self.directory + "/spool", "--spool-reserve", "0"], self.directory, self.environment,
            "recorded, is at").start(60)
        return int(re.search(r"http://127.0.0.1:(\d+)", self.gateway.said()).group(1))

    def answer(self, *words):
        """What a command of Dossier says that ends well."""
        status, said = run([self.dossier] + list(words), self.environment)
        if status != 0:
            raise Failure("dossier %s ended with %d:\n%s" % (" ".join(words), status, said[-2000:]))
        return said

    def captured(self):
        """The bodies of the sample: events drawn out of a real Manila's traffic."""
        path = self.directory + "/sample.ndjson"
        self.answer("export", "--to", path)
        with open(path, encoding="utf-8") as lines:
            return [line.rstrip("\n") for line in lines]

    def connection(self, timeout=120):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def get(self, path):
        connection = self.connection()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    # MARK: What must not happen

    def sample(self):
        """Notes how much memory it has, in MiB; fails where it is gone."""
        if not self.program.is_running:
            raise Failure("the service ended with %s; it said:\n%s" % (
                self.program.process.returncode, self.program.said()[-3000:]))
        if self.gateway and not self.gateway.is_running:
            raise Failure("the gateway ended; it said:\n%s" % self.gateway.said()[-3000:])
        with open("/proc/%d/status" % self.program.process.pid) as status:
            self.memory.append(int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024)

    def grown(self):
        """The means of the three thirds of the samples, as text; fails where the last is beyond the bound.

        A quarter and 64 MiB above the first third's. What is under way at once is bounded by the limits of push, and the
        allocator keeps what that took at its peak, once; a leak of a hundred bytes an event would be 30 MiB between the
        thirds of a million, and that of one body each request far more.
        """
        third = max(len(self.memory) // 3, 1)
        means = [sum(part) / len(part) for part in (
            self.memory[:third], self.memory[third:2 * third] or self.memory[:third], self.memory[-third:])]
        if means[2] > means[0] * 1.25 + 64:
            raise Failure("memory grew from %.0f over %.0f to %.0f MiB" % tuple(means))
        return "memory %.0f, %.0f, %.0f MiB by thirds, at most %.0f" % (*means, max(self.memory))

    def complaints(self):
        """Fails where the service says that it went wrong by itself."""
        for line in self.program.said().splitlines():
            if re.search(r"Fatal error|AddressSanitizer|\berror: (?!.*Manila)", line) and " 503" not in line:
                raise Failure("the service says: " + line[:500])

    def verified(self):
        """That it answers as ever, and its log verifies."""
        self.sample()
        status, body = self.get("/readyz")
        if status != 200:
            raise Failure("/readyz is %d: %s" % (status, body[:300]))
        self.complaints()
        self.answer("verify")
        return "the log verifies"


class Problems:
    """Answers that are no good, the first of them in full."""

    def __init__(self):
        self.count, self.first = 0, []

    def add(self, what):
        self.count += 1
        if len(self.first) < 12:
            self.first.append(what)

    def check(self, service):
        if self.count:
            with open(service.directory + "/problems", "w") as file:
                file.write("\n\n".join(self.first))
            raise Failure("%d answers are wrong:\n    %s" % (self.count, "\n    ".join(self.first)))


def wait_for(what, holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Failure("after %d s still not: %s" % (seconds, what))
        time.sleep(0.05)


def loads(body):
    try:
        return json.loads(body)
    except ValueError:
        return None
