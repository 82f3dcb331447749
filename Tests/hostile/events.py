"""Events out of a real Manila's traffic, changed at random: whole, broken, hostile."""

import array
import gzip
import json
import random
import zlib

from canonical import canonical
from programs import Failure
from service import Problems, loads

BATCH = 2000
MARKER = "q7Rk2ZpX9vLmT4wN"
SECRET_NAMES = ["password", "X-Auth-Token", "SeCrEt", "private_key", "ssh_key_path", "credentials", "os_auth", "apiKey"]
TEXTS = ["", " ", "\u0000", "\u001b[2J", "\u202e", "=cmd|'/C calc'!A0", "\r\nX: y", "'; DROP TABLE entries; --", "${jndi:x}",
         "%00", "../../etc/passwd", "e\u0301", "\U0001F600", "\ufeff", "null", "NaN", "a" * 300, "日本", "\\u0041", "\ud800"]
TIMES = ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-23T09:55:14",
         "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "2026-11-23t09:55:14.123456789z", "2026-11-23T24:00:00Z",
         "2026-11-23T09:55:14+23:59", "2016-12-31T23:59:60Z", "2026-11-23T09:55:14-00:00", 5, None, [], True]
NUMBERS = ["1e999", "-1e999", "9007199254740993", "-0", "0.1", "1E400", "123456789012345678901234567890", "1e-400", "-1", "01",
           "+1", ".5", "1.", "0x10", "NaN", "Infinity", "2147483648", "99", "600", "200.5"]


class Mutator:
    """Makes the same events of the same seed."""

    def __init__(self, bodies, seed):
        self.random = random.Random(seed)
        self.bodies = bodies
        self.number = 0
        self.prefix = "m%d-" % seed

    def line(self):
        """One line, without its end; bytes that may be anything but a line feed."""
        self.number += 1
        chance = self.random.random()
        event = json.loads(self.random.choice(self.bodies))
        event.pop("recordedtime", None)
        if chance > 0.02:
            event["id"] = self.prefix + str(self.number)
        if chance < 0.40:
            self.harmless(event)
        elif chance < 0.80:
            for _ in range(self.random.choice((1, 1, 2, 3))):
                self.harmful(event)
        line = json.dumps(event, ensure_ascii=self.random.random() < 0.3).encode("utf-8", "surrogatepass")
        return line if chance < 0.80 else self.broken(line)

    def harmless(self, event):
        pick = self.random.randrange(9)
        data = event.setdefault("data", {})
        if pick == 0:
            event["type"] = "com.example." + self.random.choice(("made", "A.B", "ünknown"))
        elif pick == 1:
            event["x%d" % self.random.randrange(99)] = self.random.choice((True, "text", 7, None))
        elif pick == 2:
            self.hide(data)
        elif pick == 3:
            data["request"] = self.nested(self.random.randrange(1, 60))
        elif pick == 4:
            data["note"] = self.random.choice(TEXTS[4:-1]) * self.random.randrange(1, 50)
        elif pick == 5:
            data["n"] = [self.random.uniform(-1e30, 1e30), self.random.randrange(-2**53, 2**53), 5e-324, 1e21, -0.0]
        elif pick == 6:
            data["long"] = "x" * self.random.choices((100, 5000, 60_000), (90, 9, 1))[0]
        elif pick == 7:
            event["time"] = "20%02d-11-%02dT09:55:14.%06dZ" % (
                self.random.randrange(10, 30), self.random.randrange(1, 29), self.random.randrange(1_000_000))
        else:
            event["subject"] = event.get("subject") or "8c041935-231e-405a-a0d2-d5b0acdceb46"

    def hide(self, data):
        """Puts a secret where its name tells."""
        secret = {self.random.choice(SECRET_NAMES): MARKER + str(self.number)}
        for _ in range(self.random.randrange(4)):
            secret = self.random.choice((
                lambda: {"driver_options": secret}, lambda: [1, secret], lambda: json.dumps(secret),
                lambda: {"deep": json.dumps(secret).replace("o", "\\u006f")}))()
        data[self.random.choice(("request", "backend_details", "error"))] = {"hidden": secret}

    def nested(self, depth):
        value = 1
        for _ in range(depth):
            value = [value] if self.random.random() < 0.5 else {"d": value}
        return value

    def harmful(self, event):
        pick = self.random.randrange(12)
        name = self.random.choice(list(event) or ["id"])
        data = event.get("data")
        if pick == 0:
            event.pop(name, None)
        elif pick == 1:
            event[name] = self.random.choice((None, 5, [], {}, True, "", 1.5))
        elif pick == 2:
            event["time"] = self.random.choice(TIMES)
        elif pick == 3:
            event[self.random.choice(("Upper", "with_underscore", "ünicode", "", "a b"))] = "x"
        elif pick == 4:
            event["ext"] = self.random.choice(({"a": 1}, [1], 1.5, 2**40))
        elif pick == 5 and isinstance(data, dict) and data:
            data[self.random.choice(list(data))] = self.random.choice((5, [], {}, "x", None, False))
        elif pick == 6:
            event["subject"] = self.random.choice(TEXTS)
        elif pick == 7:
            event["source"] = self.random.choice(TEXTS + ["a b", "<x>", "x" * 1025])
        elif pick == 8:
            event["data"] = self.nested(self.random.choice((62, 63, 64, 65, 100, 600)))
        elif pick == 9:
            event["data_base64"] = self.random.choice(("AA==", "%%%", 5, "A"))
        elif pick == 10:
            event["specversion"] = self.random.choice(("0.3", 1, "", None))
        else:
            event["data"] = {"big": "y" * self.random.choices((6_500, 65_000, 65_535, 70_000), (97, 1, 1, 1))[0]}

    def broken(self, line):
        pick = self.random.randrange(9)
        at = self.random.randrange(1, len(line))
        if pick == 0:
            return line[:at]
        if pick == 1:
            return line[:at] + bytes([self.random.choice((0, 0x1F, 0x80, 0xC0, 0xFF, 0xED, 0x22, 0x5C))]) + line[at:]
        if pick == 2:
            return line[:at] + line[at + self.random.randrange(1, 9):]
        if pick == 3:
            return line.replace(b'"data"', b'"id":"twice","data"', 1)
        if pick == 4:
            return line[:-1] + b',"n":' + self.random.choice(NUMBERS).encode() + b"}"
        if pick == 5:
            return self.random.choice((b"[]", b"5", b"null", b'"text"', b"{}", b"}{", b"[[[[", b"\xef\xbb\xbf{}", b"{,}"))
        if pick == 6:
            return b"[" * self.random.choices((10, 1000, 50_000), (50, 9, 1))[0]
        if pick == 7:
            return line[:-1] + b',"x":"\\ud800"}' if self.random.random() < 0.5 else line[:-1] + b',"x":"\\u0000"}'
        return bytes(self.random.choice(b'{}[]":,0123456789\\u ab') for _ in range(self.random.randrange(1, 400)))


class Run:
    def __init__(self, service, seed):
        self.service, self.problems = service, Problems()
        self.mutator = Mutator(service.captured(), seed)
        self.first = len(self.mutator.bodies)
        self.outcomes = {"appended": 0, "known": 0, "conflict": 0, "rejected": 0}
        # What was appended, by position: the checksum of its id.
        self.ids = array.array("L")
        self.connection = service.connection()

    def batch(self, count):
        lines = [self.mutator.line() for _ in range(count)]
        lines = [line.replace(b"\n", b" ") for line in lines]
        body, headers = b"\n".join(lines), {"Content-Type": "application/x-ndjson"}
        if self.mutator.random.random() < 0.3:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        self.connection.request("POST", "/v1/events", body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        told = loads(text)
        if answer.status not in (200, 207, 400, 409) or told is None:
            return self.problems.add("a batch was answered %d: %s" % (answer.status, text[:300]))
        if MARKER.encode() in text:
            self.problems.add("an answer tells a secret")
        self.hold(lines, told)

    def hold(self, lines, told):
        """Each line that is not blank has an answer; who is refused is told why."""
        # Blanks are no elements.
        elements = [line for line in lines if line.strip(b" \t\r")]
        results = {result["index"]: result for result in told["results"]}
        if len(results) != len(elements):
            return self.problems.add("%d answers to %d elements" % (len(results), len(elements)))
        for index, line in enumerate(elements):
            result = results.get(index)
            if result is None or result["outcome"] not in self.outcomes:
                self.problems.add("no outcome of %r" % line[:200])
                continue
            self.outcomes[result["outcome"]] += 1
            error = result.get("error")
            if result["outcome"] in ("rejected", "conflict"):
                if not error or not error.get("reason"):
                    self.problems.add("no reason for %r" % line[:200])
                elif "field" not in error and not error["reason"].startswith("not JSON at byte") \
                        and "bytes in canonical form" not in error["reason"] and "line" not in error["reason"]:
                    self.problems.add("no field in %r for %r" % (error, line[:200]))
            elif result["outcome"] == "appended":
                self.keep(line, result["position"])

    def keep(self, line, position):
        try:
            event = json.loads(line)
        except ValueError:
            return self.problems.add("appended, and Python cannot read it: %r" % line[:300])
        while len(self.ids) <= position - self.first:
            self.ids.append(0)
        if position >= self.first:
            self.ids[position - self.first] = zlib.crc32(event["id"].encode("utf-8", "surrogatepass"))

    def exported(self):
        """What was appended is in the log at its position, in canonical form, without secrets."""
        path = self.service.directory + "/after.ndjson"
        self.service.answer("export", "--to", path)
        found = 0
        with open(path, "rb") as lines:
            for position, line in enumerate(lines):
                line = line.rstrip(b"\n")
                if MARKER.encode() in line:
                    self.problems.add("a secret is in entry %d" % position)
                event = json.loads(line)
                if canonical(event).encode() != line:
                    self.problems.add("entry %d is not canonical: %r" % (position, line[:300]))
                if 0 <= position - self.first < len(self.ids):
                    found += 1
                    if self.ids[position - self.first] != zlib.crc32(event["id"].encode()):
                        self.problems.add("entry %d is not what was answered: %s" % (position, event["id"]))
        if found != len(self.ids) or found != self.outcomes["appended"]:
            self.problems.add("%d of %d are in the log" % (found, self.outcomes["appended"]))


def run(service, count, seed):
    fuzz = Run(service, seed)
    done = 0
    while done < count:
        size = min(BATCH, count - done)
        fuzz.batch(size)
        done += size
        service.sample()
        if fuzz.problems.count > 100:
            break
    fuzz.connection.close()
    fuzz.exported()
    fuzz.problems.check(service)
    if min(fuzz.outcomes["appended"], fuzz.outcomes["rejected"]) < count / 10:
        raise Failure("the mutations are one-sided: %s" % fuzz.outcomes)
    return "%s mutated events, %s; %s" % (
        format(count, ","), ", ".join("%s %s" % (format(n, ","), name) for name, n in fuzz.outcomes.items()),
        service.grown())
