"""A real Manila of ours, the scripts that drive it, and what its own database says of its share servers."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.parse
from datetime import datetime, timezone

from programs import Failure, run

# Every status of every share server, with its moment, as Manila's database gets it: what is told is held against this.
TRIGGERS = """
CREATE DATABASE truth;
CREATE TABLE truth.states (n BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6) NOT NULL, server CHAR(36) NOT NULL,
    status VARCHAR(255), is_gone BOOLEAN NOT NULL);
CREATE TRIGGER manila.truth_of_new AFTER INSERT ON manila.share_servers FOR EACH ROW
    INSERT INTO truth.states (at, server, status, is_gone) VALUES (UTC_TIMESTAMP(6), NEW.id, NEW.status, FALSE);
CREATE TRIGGER manila.truth_of_changed AFTER UPDATE ON manila.share_servers FOR EACH ROW
    INSERT INTO truth.states (at, server, status, is_gone)
    VALUES (UTC_TIMESTAMP(6), NEW.id, NEW.status, NEW.deleted <> 'False');
"""


class Manila:
    """Started by the scripts of a folder, below a directory of ours, on ports from `port` on."""

    def __init__(self, scripts, directory, environment, port):
        self.scripts, self.directory, self.environment_directory, self.port = scripts, directory, environment, port
        self.log = directory + "-up.log"
        self.drivers = []

    def up(self, public_url=None):
        """Starts what does not run yet; `public_url` is what Keystone's catalogue names."""
        self._script(["--auth", "keystone"] + (["--public-url", public_url] if public_url else []))
        with open(self.directory + "/env.json") as file:
            self.environment = json.load(file)

    def wipe(self):
        """Ends what drives it, stops all of it, and removes databases and state."""
        for driver in self.drivers:
            if driver.poll() is None:
                os.killpg(driver.pid, signal.SIGKILL)
                driver.wait()
        self._script(["--stop"])
        self._script(["--wipe"])

    def keep_logs(self, directory):
        """Copies what it logged, before it is wiped."""
        if os.path.isdir(self.directory + "/log"):
            shutil.copytree(self.directory + "/log", directory, dirs_exist_ok=True)

    def _script(self, options):
        status, said = run(
            [self.scripts + "/manila-up", self.directory, "--base-port", str(self.port), "--venv",
             self.environment_directory] + options, output=self.log)
        if status != 0:
            raise Failure("manila-up %s failed:\n%s" % (" ".join(options), said[-3000:]))

    @property
    def api(self):
        return self.environment["api_url"]

    @property
    def credentials(self):
        """The `OS_*` variables of the administrator."""
        with open(self.directory + "/openrc") as file:
            return dict(line.strip()[len("export "):].split("=", 1) for line in file if line.startswith("export "))

    def login(self, user):
        """A token of a user, and who that is."""
        password, project = self.environment["users"][user]
        url = urllib.parse.urlsplit(self.environment["keystone_url"])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        connection.request("POST", url.path + "/auth/tokens", json.dumps({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "password": password, "domain": {"id": "default"}}}},
            "scope": {"project": {"name": project, "domain": {"id": "default"}}}}}),
            {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.getheader("X-Subject-Token"), body["token"]

    def revoke(self, token):
        """Has Keystone take back a token, by that token's own right."""
        url = urllib.parse.urlsplit(self.environment["keystone_url"])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        connection.request("DELETE", url.path + "/auth/tokens", headers={
            "X-Auth-Token": token, "X-Subject-Token": token})
        status = connection.getresponse().status
        connection.close()
        if status != 204:
            raise Failure("Keystone answered %d when a token was to be revoked" % status)

    @property
    def passwords(self):
        return sorted({password for password, _ in self.environment["users"].values()})

    # What drives it

    def exercise(self, base, capture):
        """Starts `manila-exercise` against a base URL."""
        return self._start(["manila-exercise", base, "--env", self.directory + "/env.json", "--capture", capture],
                           capture + ".log")

    def commands(self, output):
        """Starts `manila-cli`: the standard client, wherever the catalogue sends it."""
        os.makedirs(output)
        return self._start(["manila-cli", self.directory, output], output + ".log")

    def _start(self, words, log):
        with open(log, "w") as file:
            self.drivers.append(subprocess.Popen(
                [self.scripts + "/" + words[0]] + words[1:], stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True))
        return self.drivers[-1]

    # What it says itself

    def watch_states(self):
        self._sql(TRIGGERS)

    def visits(self):
        """By server, every status that it was in, in order: (status, from, until), microseconds; the last is open."""
        servers = {}
        rows = self._sql("SELECT server, at, status, is_gone FROM truth.states ORDER BY n")
        for line in rows.splitlines():
            server, at, status, is_gone = line.split("\t")
            status, moment = ("absent" if is_gone == "1" else status), microseconds(at.replace(" ", "T") + "Z")
            visits = servers.setdefault(server, [])
            if visits and visits[-1][0] == status:
                continue
            if visits:
                visits[-1] = (visits[-1][0], visits[-1][1], moment)
            visits.append((status, moment, None))
        return servers

    def _sql(self, statements):
        done = subprocess.run(
            ["mariadb", "--no-defaults", "-uroot", "-S", self.directory + "/run/mysql.sock", "--batch",
             "--skip-column-names"], input=statements.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Failure("mariadb: " + done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    def audited(self):
        """The answers to calls, as Manila's audit filter told the message bus of them: CADF events."""
        events = []
        with open(self.directory + "/notifications.ndjson") as file:
            for line in file:
                message = json.loads(json.loads(line)["envelope"]["oslo.message"])
                if message["event_type"] == "audit.http.response":
                    events.append(message["payload"])
        return events


def microseconds(text):
    """Of an RFC 3339 time in UTC."""
    text = re.sub(r"(Z|[+]00:?00)$", "", text)
    moment = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
