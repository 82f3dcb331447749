"""Secrets put in by every way there is, and looked for in every byte that is kept or told.

Each secret is one random text with the place it was put at behind it. The text is looked for as it is and in every
encoding that could hide it: in all files below one directory, which holds PostgreSQL's data and its write-ahead log,
its own log with the parameters of every statement, the spool, the checkpoints, the log of each program, exports, and
what every command and route told. A text that is no secret is put in beside them, and must be found.
"""

import base64
import gzip
import http.client
import http.server
import json
import mmap
import os
import random
import subprocess
import threading

from programs import Cluster, Failure, Program, free_ports
from service import wait_for

SERVER = "8c041935-231e-405a-a0d2-d5b0acdceb46"
CALL = "org.openstack.manila.share_server.call"
TIME = "2026-11-23T09:55:14Z"


class Secrets:
    """Makes secrets of one core, each told from the others by its place."""

    def __init__(self, seed):
        draw = random.Random(seed)
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
        self.core = "".join(draw.choice(letters) for _ in range(24))
        self.open = "".join(draw.choice(letters) for _ in range(24))
        self.places = []

    def at(self, place):
        self.places.append(place)
        return self.core + place.replace(" ", "-")


def encodings(text):
    """How a text may stand somewhere, by the name of the encoding."""
    raw = text.encode()
    found = {"as it is": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode(),
             "percent": b"".join(b"%%%02X" % byte for byte in raw), "per cent": b"".join(b"%%%02x" % byte for byte in raw),
             "JSON": b"".join(b"\\u00%02x" % byte for byte in raw), "json": b"".join(b"\\u00%02X" % byte for byte in raw),
             "UTF-16": text.encode("utf-16-le"), "backwards": raw[::-1], "lower case": raw.lower(), "upper case": raw.upper()}
    for shift in range(3):
        # Without the characters that hang on what stands before and behind.
        code = base64.b64encode(b"\0" * shift + raw)
        found["base64, %d" % shift] = code[4 if shift else 0:len(code) // 4 * 4 - 4]
    return found


# MARK: What is put in

def hidden(secrets, where):
    """Data with a secret wherever one can be told from its name."""
    def at(place):
        return secrets.at("%s %s" % (where, place))
    return {
        "request": {"share_server": {"driver_options": {"password": at("nested"), "list": [{"X-Auth-Token": at("array")}]}}},
        "backend_details": {"SSH_Key_Path": at("case"), "json": json.dumps({"a": [{"secret": at("json")}]}),
                            "deep": json.dumps({"b": json.dumps({"token": at("json in json")})}),
                            "escaped": '{"pass\\u0077ord": "%s"}' % at("escaped key"), "python": "{'password': u'%s'}" % at("python"),
                            "url": "nfs://admin:%s@host/x" % at("userinfo"), "export": "https://%s@host/x" % at("user")},
        "headers": [{"name": "X-Auth-Token", "value": at("named header")}, ["Authorization", "Bearer " + at("pair")]],
        "message": "Login failed: password=%s for admin, Authorization: Basic %s" % (at("message"), at("basic")),
        "link": "https://h/x?a=1&token=%s#f" % at("query"), "form": "a=1&pass%%77ord=%s" % at("escaped form"),
        "xml": "<password>%s</password>" % at("xml"), "argv": "manila --os-password %s list" % at("option"),
        "open": secrets.open + where.replace(" ", "-"),
    }


def event(secrets, where, **members):
    made = {"specversion": "1.0", "id": where.replace(" ", "-"), "source": "/hostile", "type": CALL, "time": TIME,
            "subject": SERVER, "data": dict(hidden(secrets, where), operation="show", method="GET", http_status=500,
                                            path="/v2/share-servers/%s?token=%s" % (SERVER, secrets.at(where + " path")),
                                            fault={"code": 500, "message": "token: " + secrets.at(where + " fault")})}
    made.update(members)
    return made


def events(secrets, where):
    return [
        event(secrets, where),
        event(secrets, where + " unknown", type="com.example.unknown", subject="password=" + secrets.at(where + " subject")),
        event(secrets, where + " attributes", authtoken=secrets.at(where + " extension"), note="Bearer " + secrets.at(where + " note"),
              source="https://me:%s@host/x" % secrets.at(where + " source"),
              dataschema="https://h/?secret=" + secrets.at(where + " schema")),
        event(secrets, where + " details", type="org.openstack.manila.share_server.backend_details",
              data={"details": hidden(secrets, where + " details")}),
        event(secrets, where + " status", type="org.openstack.manila.share_server.status",
              data=dict(hidden(secrets, where + " status"), status="active", host="lab@alpha")),
        event(secrets, where + " intent", type="org.dossier.gateway.intent"),
        {"specversion": "1.0", "id": where + "-bytes", "source": "/hostile", "type": "com.example.bytes", "time": TIME,
         "data_base64": base64.b64encode(json.dumps(hidden(secrets, where + " bytes")).encode()).decode()},
    ]


def refused(secrets, where):
    """Lines that are no events, with secrets in them: what tells of it must not repeat them."""
    whole = json.dumps(event(secrets, where + " refused"))
    return [whole[:-40], whole.replace('"data"', '"password": "%s", "password": 1, "data"' % secrets.at(where + " twice"), 1),
            whole.replace(TIME, secrets.at(where + " time")), whole.replace('"/hostile"', '"a b %s"' % secrets.at(where + " bad source")),
            whole.replace("500,", '"%s",' % secrets.at(where + " status code"), 1), '"%s' % secrets.at(where + " open text"),
            json.dumps({"password": secrets.at(where + " no event")}), whole.replace(SERVER + '"', secrets.at(where + " no subject") + '"')]


def archive(secrets):
    """A HAR of share-server calls with secrets in every part of them."""
    def exchange(number, body, answer, kind="application/json"):
        at = lambda place: secrets.at("har %d %s" % (number, place))
        return {"startedDateTime": TIME, "time": 5, "request": {
            "method": "POST", "url": "http://me:%s@host/v2/share-servers/manage?password=%s" % (at("userinfo"), at("query")),
            "headers": [{"name": "X-Auth-Token", "value": at("token")}, {"name": "Cookie", "value": "s=" + at("cookie")}],
            "cookies": [{"name": "s", "value": at("cookies")}], "queryString": [{"name": "password", "value": at("queryString")}],
            "postData": {"mimeType": kind, "text": body}}, "response": {
            "status": 500, "headers": [{"name": "Set-Cookie", "value": at("set cookie")}, {"name": "x-openstack-request-id", "value": "req-%d" % number}],
            "content": {"mimeType": "application/json", "text": answer}}}
    fault = json.dumps({"computeFault": {"code": 500, "message": "driver says password='%s'" % secrets.at("har fault")}})
    big = dict(hidden(secrets, "har big"), filler="x" * 200_000)
    return {"log": {"version": "1.2", "entries": [
        exchange(1, json.dumps(hidden(secrets, "har request")), json.dumps(hidden(secrets, "har answer"))),
        exchange(2, "a=1&password=" + secrets.at("har form"), fault, "application/x-www-form-urlencoded"),
        exchange(3, json.dumps(big), "<html>token: %s</html>" % secrets.at("har html")),
        exchange(4, '{"token": "%s", "token": 1}' % secrets.at("har twice"), json.dumps(big)),
        exchange(5, "pass%%77ord=%s" % secrets.at("har escaped"), '{"broken": "%s", "password": "%s' % ("x" * 70_000, secrets.at("har broken")))]}}


def notifications(secrets):
    lines = []
    for number, phase in enumerate(("request", "response")):
        cadf = {"typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "id": "cadf-1", "eventType": "activity", "eventTime":
                "2026-11-23T09:55:14.000000+0000", "action": "read/list", "outcome": "success", "observer": {"id": "target"},
                "requestPath": "/v2/share-servers/detail?token=" + secrets.at("cadf path"), "initiator": {
                    "id": "u", "name": "n", "project_id": "p", "request_id": "req-1", "host": {"address": "10.0.0.1", "agent": "x"},
                    "credential": {"token": secrets.at("cadf credential"), "identity_status": "Confirmed"}},
                "target": {"id": "t", "addresses": [{"url": "http://u:%s@h" % secrets.at("cadf address")}]},
                "reason": {"reasonCode": "200", "reasonType": "HTTP"}, "reporterchain": []}
        message = {"message_id": "m-%d" % number, "publisher_id": "share.lab", "event_type": "audit.http." + phase, "priority": "INFO",
                   "payload": cadf, "timestamp": "2026-11-23 09:55:14.000000", "_context_auth_token": secrets.at("context " + phase),
                   "_context_password": secrets.at("context password")}
        lines.append(json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(message)}))
    lines.append('{"oslo.version": "2.0", "oslo.message": "{\\"_context_auth_token\\": \\"%s\\"' % secrets.at("broken notification"))
    return lines


# MARK: A Keystone and a Manila that answer as recorded, with secrets in their answers

class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    secrets = None
    count = 0

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        Upstream.count += 1
        number, at, path = Upstream.count, self.secrets.at, self.path
        headers = {"x-openstack-request-id": "req-%d" % number, "Set-Cookie": "s=" + at("upstream cookie")}
        status, body = 202, hidden(self.secrets, "upstream answer %d" % number)
        token = {"token": {"user": {"id": "u", "name": "n"}, "project": {"id": "p"}, "roles": [{"name": "admin"}], "methods": ["password"],
                           "expires_at": "2999-01-01T00:00:00.000000Z", "issued_at": TIME, "audit_ids": ["a"], "catalog": [
            {"type": "sharev2", "endpoints": [{"interface": "public", "region": "R", "region_id": "R", "url": self.server.url + "/v2"}]}]}}
        if path.startswith("/v3/auth/tokens"):
            status, body = (201, token) if self.command == "POST" else (200, token)
            headers["X-Subject-Token"] = at("keystone token")
        elif path.startswith("/v3/OS-REVOKE"):
            status, body = 200, {"events": []}
        elif path.startswith("/v3"):
            status, body = 200, {"version": {"id": "v3.14", "status": "stable"}}
        elif path in ("/", "/v2", "/v2/"):
            status, body = 300, {"versions": [{"id": "v2.0", "version": "2.80", "min_version": "2.0"}]}
        elif "fail" in path:
            status, body = 500, {"computeFault": {"code": 500, "message": "back end: token=" + at("upstream fault")}}
        elif path.endswith("/details"):
            status, body = 200, {"details": hidden(self.secrets, "upstream details %d" % number)["backend_details"]}
        elif path.endswith("share-servers") and self.command == "GET":
            status, body = 200, {"share_servers": [self.share_server()]}
        elif self.command == "GET":
            status, body = 200, {"share_server": self.share_server()}
        if "odd" in path:
            body = "<html>password: %s</html>" % at("upstream html")
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def share_server(self):
        return {"id": SERVER, "status": "active", "host": "lab@alpha", "project_id": "p", "share_network_id": None, "created_at": None,
                "updated_at": None, "share_network_name": "name password=" + self.secrets.at("upstream name"), "task_state": None,
                "backend_details": hidden(self.secrets, "upstream show")["backend_details"]}

    do_GET = do_POST = do_DELETE = do_PUT = answer

    def log_message(self, *_):
        pass


class Run:
    def __init__(self, dossier, directory, seed):
        self.dossier, self.secrets = dossier, Secrets(seed)
        # What is scanned, and what we put in.
        self.kept, self.given = directory + "/kept", directory + "/given"
        os.makedirs(self.kept + "/told")
        os.makedirs(self.given)
        os.chmod(self.kept, 0o755)
        port = free_ports(4)
        self.api, self.gateway, self.admin, self.upstream = ("127.0.0.1:%d" % (port + number) for number in range(4))
        self.programs, self.told = [], 0

    def start(self):
        # The log of PostgreSQL has every statement with its parameters.
        self.cluster = Cluster(self.kept + "/pg", [
            "log_statement=all", "log_min_duration_statement=0", "log_parameter_max_length_on_error=-1",
            "log_error_verbosity=verbose", "wal_compression=off", "fsync=off", "max_wal_size=4GB"])
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOSSIER_", "OS_"))}
        self.environment.update(
            DOSSIER_DATABASE_URL=self.cluster.url, DOSSIER_LOG_LEVEL="trace", DOSSIER_LOG_ACCESS="info", DOSSIER_URL="http://" + self.api,
            DOSSIER_DATA=self.kept + "/data", OS_AUTH_URL="http://%s/v3" % self.upstream, OS_USERNAME="dossier",
            OS_PASSWORD=self.secrets.at("keystone password"), OS_PROJECT_NAME="service", OS_USER_DOMAIN_NAME="Default",
            OS_PROJECT_DOMAIN_NAME="Default", OS_REGION_NAME="R")
        Upstream.secrets = self.secrets
        host, port = self.upstream.split(":")
        self.server = http.server.ThreadingHTTPServer((host, int(port)), Upstream)
        self.server.daemon_threads = True
        self.server.url = "http://" + self.upstream
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.command("migrate")
        self.command("keys", "generate", "--origin", "audit.example/hostile", self.given + "/log.key")
        self.program("serve", "--listen", self.api, "--signing-key", self.given + "/log.key", "--checkpoint-file",
                     self.kept + "/checkpoints", "--checkpoint-interval", "1", ready="answers at")
        self.program("gateway", "--upstream", "http://" + self.upstream, "--listen", self.gateway, "--admin", self.admin, "--callers",
                     "keystone", "--spool", self.kept + "/spool", "--spool-reserve", "0", "--source", "/gateway/hostile", ready="recorded, is at")
        self.program("poll", "--interval", "1", ready="watching")

    def program(self, *words, ready):
        program = Program(words[0], [self.dossier] + list(words), self.kept, self.environment, ready)
        self.programs.append(program)
        return program.start()

    def command(self, *words, given=None, status=(0,)):
        """Runs a command; what it says is scanned."""
        done = subprocess.run([self.dossier] + list(words), input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=self.environment, timeout=300, stdin=subprocess.DEVNULL if given is None else None)
        self.keep("command " + " ".join(words[:2]), done.stdout)
        if done.returncode not in status:
            raise Failure("dossier %s ended with %d: %s" % (" ".join(words), done.returncode, done.stdout[-1500:]))
        return done.stdout

    def keep(self, what, data):
        self.told += 1
        with open("%s/told/%d" % (self.kept, self.told), "wb") as file:
            file.write(what.encode() + b"\n" + data)

    def ask(self, address, method, path, body=None, headers=None, isKept=True):
        host, port = address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=120)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if isKept:
            # The path of a question is the asker's own; an answer has none of it.
            self.keep("answer %d" % answer.status, str(answer.getheaders()).encode() + data)
        return answer.status, data

    # MARK: Ways in

    def push(self):
        kinds = [("application/cloudevents+json", lambda lines: lines[0]), ("application/json", lambda lines: lines[1]),
                 ("application/cloudevents-batch+json", lambda lines: "[%s]" % ",".join(lines)), ("application/x-ndjson", "\n".join)]
        for number, (kind, join) in enumerate(kinds):
            for compressed in (False, True):
                where = "push %d%s" % (number, "z" if compressed else "")
                body = join([json.dumps(made) for made in events(self.secrets, where)]).encode()
                headers = {"Content-Type": kind, "X-Auth-Token": self.secrets.at(where + " header"), "Cookie": self.secrets.at(where + " cookie")}
                if compressed:
                    body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
                status, data = self.ask(self.api, "POST", "/v1/events", body, headers)
                if status not in (200, 207):
                    raise Failure("a push of %s was answered %d: %s" % (kind, status, data[:500]))
        binary = {"ce-specversion": "1.0", "ce-id": "binary", "ce-source": "/x?token=" + self.secrets.at("binary source"), "ce-type": "com.example.b",
                  "ce-time": TIME, "ce-authtoken": self.secrets.at("binary extension")}
        self.ask(self.api, "POST", "/v1/events", json.dumps(hidden(self.secrets, "binary")), dict(binary, **{"Content-Type": "application/json"}))
        self.ask(self.api, "POST", "/v1/events", "password=" + self.secrets.at("binary text"),
                 dict(binary, **{"ce-id": "text", "Content-Type": "text/plain"}))
        for line in refused(self.secrets, "push"):
            for kind in ("application/x-ndjson", "application/json"):
                self.ask(self.api, "POST", "/v1/events", line.encode(), {"Content-Type": kind})

    def questions(self):
        for path in ("/v1/servers?token=", "/v1/events?password=", "/v1/servers/token=", "/v1/events?cursor=", "/v1/events?from=",
                     "/v1/servers?limit=", "/nowhere/token=", "/v2/share-servers/token=", "/v1/metrics/calls?step="):
            self.ask(self.api, "GET", path + self.secrets.at("question " + path.strip("=")), headers={
                "X-Auth-Token": self.secrets.at("question token"), "Authorization": "Bearer " + self.secrets.at("question bearer")})
        self.ask(self.api, "POST", "/v1/events", b"x", {"Content-Type": "application/json", "Content-Encoding": "gzip"})

    def calls(self, where):
        """Calls through the gateway; what their callers get is Manila's own answer."""
        at = lambda place: self.secrets.at("%s %s" % (where, place))
        bodies = [json.dumps(hidden(self.secrets, where + " body")), json.dumps(dict(hidden(self.secrets, where + " long"), filler="x" * 90_000)),
                  json.dumps(dict(hidden(self.secrets, where + " huge"), filler="x" * 1_200_000)), "a=1&token=" + at("form"),
                  "pass%77ord=" + at("escaped form"), '{"password": "%s", "password": 1}' % at("twice"),
                  '{"pass\\u0077ord": "%s"' % at("broken"), "\ufeff{'token': '%s'}" % at("mark")]
        statuses = []
        for number, body in enumerate(bodies):
            for path in ("/v2/share-servers/manage", "/v2/share-servers/%s/action" % SERVER, "/v2/share-servers/%s/fail" % SERVER,
                         "/v2/share-servers/%s/odd" % SERVER):
                statuses.append(self.call("POST", path + "?password=" + at("query"), body.encode(), at("token")))
        for path in ("/v2/share-servers", "/v2/share-servers/" + SERVER, "/v2/share-servers/%s/details" % SERVER,
                     "/v2/share-servers/token=%s" % at("path"), "/v2/share-servers/pass%%77ord=%s/x" % at("escaped path"),
                     "/v2/share-servers/tokens/%s" % at("segment"), "/v2/share-servers?next=http://u:%s@h/" % at("userinfo")):
            statuses.append(self.call("GET", path, None, at("token")))
        statuses.append(self.call("DELETE", "/v2/share-servers/" + SERVER, None, at("token")))
        if any(status in (502, 503) for status in statuses):
            raise Failure("the gateway refused calls: %s" % statuses)

    def call(self, method, path, body, token):
        return self.ask(self.gateway, method, path, body, {
            "X-Auth-Token": token, "X-Service-Token": token, "Authorization": "Bearer " + token, "Content-Type": "application/json",
            "X-OpenStack-Manila-API-Version": "2.80"}, isKept=False)[0]

    def imports(self):
        files = {
            "capture.har": json.dumps(archive(self.secrets)), "notifications.ndjson": "\n".join(notifications(self.secrets)),
            "events.ndjson": "\n".join(json.dumps(made) for made in events(self.secrets, "import")),
            "events.json": json.dumps(events(self.secrets, "import array")), "bad.ndjson": "\n".join(refused(self.secrets, "import"))}
        for name, text in files.items():
            with open(self.given + "/" + name, "w") as file:
                file.write(text)
            said = self.command("import", self.given + "/" + name, status=(0, 1))
            if b"appended" not in said and name != "bad.ndjson":
                raise Failure("import of %s: %s" % (name, said[-1000:]))

    # MARK: Ways out

    def tells(self):
        for words in (["servers"], ["events", "--limit", "all"], ["errors"], ["calls"], ["conformance"], ["coverage"], ["show", SERVER],
                      ["history", SERVER, "--reads"], ["stuck"], ["capacity"]):
            for output in ("table", "json", "csv"):
                self.command(*words, "--output", output, status=(0, 1, 64))
        for path in ("/metrics", "/v1/events?limit=1000", "/v1/servers", "/v2/share-servers", "/v2/share-servers/%s/details" % SERVER,
                     "/v1/servers/%s/history?limit=1000" % SERVER, "/checkpoint", "/tile/entries/000", "/tile/entries/000.p/1", "/v1/errors"):
            self.ask(self.api, "GET", path)
        self.ask(self.admin, "GET", "/metrics")
        self.command("export", "--to", self.kept + "/export.ndjson")
        self.command("verify")
        dump = subprocess.run([self.cluster.bin + "/pg_dump", "--dbname", self.cluster.url], stdout=subprocess.PIPE, check=True).stdout
        with open(self.kept + "/dump.sql", "wb") as file:
            file.write(dump)

    def scan(self):
        """All that is kept and told; answers how many files and bytes, and where the text stood that is no secret."""
        needles, files, size, seen, faults = encodings(self.secrets.core), 0, 0, set(), []
        for root, _, names in os.walk(self.kept):
            for name in names:
                path = os.path.join(root, name)
                if not os.path.isfile(path) or not os.path.getsize(path):
                    continue
                files += 1
                with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    size += len(data)
                    if data.find(self.secrets.open.encode()) >= 0:
                        seen.add(os.path.relpath(path, self.kept).split("/")[0])
                    for encoding, needle in needles.items():
                        at = data.find(needle)
                        if at >= 0:
                            faults.append("%s, %s: %r" % (path, encoding, data[max(at - 150, 0):at + 80]))
        if faults:
            raise Failure("%d places have secrets:\n    %s" % (len(faults), "\n    ".join(faults[:12])))
        return files, size, seen


def spooled(path):
    return os.path.isdir(path) and any(name.endswith(".events") and os.path.getsize(os.path.join(path, name)) > 100
                                       for name in os.listdir(path))


def run_all(run_, rounds):
    run_.start()
    for number in range(rounds):
        run_.push()
        run_.calls("gateway %d" % number)
    run_.imports()
    run_.questions()
    run_.cluster.kill()
    run_.ask(run_.api, "POST", "/v1/events", json.dumps(event(run_.secrets, "away")), {"Content-Type": "application/json"})
    run_.calls("spooled")
    wait_for("events are spooled", lambda: spooled(run_.kept + "/spool"))
    spool = run_.scan()[2]
    if "spool" not in spool:
        raise Failure("what is no secret is not in the spool, but in %s" % spool)
    run_.cluster.restart()
    wait_for("the spool is drained", lambda: b'dossier_recorder_destination{to="log"} 1' in run_.ask(run_.admin, "GET", "/metrics")[1], 120)
    run_.tells()
    for program in run_.programs[::-1]:
        program.end()
    run_.cluster.stop()
    files, size, seen = run_.scan()
    missing = {"pg", "export.ndjson", "dump.sql", "told"} - seen
    if missing:
        raise Failure("what is no secret is not in %s: the scan is blind" % ", ".join(sorted(missing)))
    digests = open(run_.kept + "/export.ndjson").read().count("hmac-sha256:")
    return "%s secrets put in at %d places, none in %d files of %.0f MB; %d digests stand for them" % (
        format(len(run_.secrets.places), ","), len(set(run_.secrets.places)), files, size / 1e6, digests)


def run(dossier, directory, rounds, seed):
    run_ = Run(dossier, directory, seed)
    try:
        return run_all(run_, rounds)
    finally:
        for program in run_.programs[::-1]:
            program.end()
        if hasattr(run_, "cluster"):
            run_.cluster.stop()
