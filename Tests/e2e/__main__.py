"""Runs Dossier against a real Manila, from end to end, on loopback: make e2e.

A real Manila's share servers are exercised straight, through a gateway, and through kills of the gateway and of
PostgreSQL. What the log holds then is held against what the callers saw and against what Manila says itself.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import checks
from driver import Caller, Crowd, make_servers
from manila import Manila
from programs import Cluster, Failure, Program, free_ports, run
from record import CALL, COVERAGE, INTENT, STATUS, Capture, Record, moments
from report import Report

# Seconds until a gateway has heard of a revocation, and a little more.
REVOCATION = 15
KILLS = ["gateway", "gateway", "postgres", "gateway", "both", "gateway", "postgres", "both"]


class Run:
    def __init__(self, options, directory):
        self.dossier, self.directory, self.report = os.path.abspath(options.dossier), directory, Report()
        port = free_ports(12)
        self.manila = Manila(os.path.abspath(options.manila), self.path("manila"), os.path.abspath(options.venv), port)
        self.ports = {name: port + 6 + number for number, name in enumerate(
            ["gateway", "gateway admin", "cli gateway", "cli gateway admin", "serve"])}
        self.cluster, self.programs = None, []

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def url(self, name, path=""):
        return "http://127.0.0.1:%d%s" % (self.ports[name], path)

    # MARK: The parts

    def start(self):
        self.report.title("A real Manila, PostgreSQL and Dossier")
        begun = time.monotonic()
        self.manila.up()
        self.manila.watch_states()
        self.report.note("Manila with Keystone", "%s, up in %.0f s" % (self.manila.api, time.monotonic() - begun))
        self.cluster = Cluster(self.path("postgres"))
        self.environment = dict(os.environ, DOSSIER_DATABASE_URL=self.cluster.url, DOSSIER_LOG_LEVEL="debug",
                                DOSSIER_URL=self.url("serve"), **self.manila.credentials)
        self.answer("migrate")
        self.people = {user: self.manila.login(user) for user in ("admin", "demo", "viewer", "demoadmin")}
        self.serve = self.program("serve", ["--listen", self.url("serve")[7:]], "answers at")
        self.gateway = self.gateway_at("gateway", "/gateway/e2e")
        self.poller = self.program("poll", ["--interval", "1", "--endpoint", self.manila.api], "watching")
        self.report.note("gateway, poller, service", self.url("gateway"))

    def program(self, name, options, ready, log=None):
        program = Program(log or name, [self.dossier, name] + options, self.directory, self.environment, ready)
        self.programs.append(program)
        return program.start()

    def gateway_at(self, name, source):
        return self.program("gateway", [
            "--upstream", self.manila.api[:-len("/v2")], "--callers", "keystone", "--source", source,
            "--listen", self.url(name)[7:], "--admin", self.url(name + " admin")[7:],
            "--spool", self.path("spool", name.replace(" ", "-"))], "recorded, is at", log=name.replace(" ", "-"))

    def answer(self, *words):
        """What a command of Dossier says that ends well."""
        status, said = run([self.dossier] + list(words), self.environment, output=self.path("commands.log"))
        if status != 0:
            raise Failure("dossier %s ended with %d:\n%s" % (" ".join(words), status, said[-2000:]))
        return said

    def record(self):
        path = self.path("export.ndjson")
        self.answer("export", "--to", path)
        return Record(path)

    # MARK: What is run

    def exercise(self, way, base):
        """The exercise and the standard client side by side: both wait most of the time."""
        begun = time.monotonic()
        capture, output = self.path("exercise-%s.ndjson" % way), self.path("cli-" + way)
        exercise, commands = self.manila.exercise(base, capture), self.manila.commands(output)
        status = exercise.wait(600)
        with open(capture + ".log") as log:
            last = [line for line in log if " misbehaved" in line][-1:]
        self.report.check("manila-exercise, " + way, status == 0,
                          "%s, %.0f s" % ("".join(last).strip(), time.monotonic() - begun), [capture + ".log"])
        status = commands.wait(600)
        with open(output + ".log") as log:
            lines = [line.strip() for line in log]
        self.report.check("the standard client, " + way, status == 0,
                          "%s, %.0f s" % (lines[-1], time.monotonic() - begun), lines)
        return Capture(capture), lines

    def through(self, straight):
        self.report.title("Through the gateway")
        self.cli = self.gateway_at("cli gateway", "/gateway/cli")
        # From now on the standard client is sent to a gateway by the catalogue.
        self.manila.up(public_url=self.url("cli gateway", "/v2"))
        passed, results = self.exercise("through a gateway", self.url("gateway", "/v2"))
        checks.same_answers(self.report, straight[0], passed)
        self.report.check("the same results of the client", results == straight[1], "%d commands" % (len(results) - 1),
                          results)
        record = self.record()
        events, calls = record.of(CALL, "/gateway/e2e"), passed.calls()
        checks.exactly(self.report, "the log has the exercise's calls, exactly", events, calls)
        checks.actors(self.report, events, calls, {name: token for name, (_, token) in self.people.items()})
        checks.transcripts(self.report, self.path("cli-through a gateway"), record.of(CALL, "/gateway/cli"))
        self.tokens = straight[0].tokens() | passed.tokens()

    def revocation(self):
        self.report.title("A token that Keystone takes back")
        token, person = self.manila.login("demo")
        caller = Caller(self.ports["gateway"], token)
        caller.call("GET", "/v2/share-servers")
        self.manila.revoke(token)
        # Keystone is asked every ten seconds; what it said of the token before would count for a minute.
        time.sleep(REVOCATION)
        caller.call("GET", "/v2/share-servers")
        checks.revoked(self.report, self.record().of(CALL, "/gateway/e2e"), caller.calls, person)
        self.tokens.add(token)

    def kills(self):
        self.report.title("While the gateway and PostgreSQL are killed")
        token = self.people["admin"][0]
        servers = make_servers(Caller(self.ports["gateway"], token), 4)
        first, audited = len(self.record().events), len(self.manila.audited())
        crowd = Crowd(self.ports["gateway"], token, servers)
        for kill in KILLS:
            crowd.wait_for_answers(40)
            if kill in ("postgres", "both"):
                self.cluster.kill()
            if kill == "postgres":
                # Into the spool, and killed with something in it.
                crowd.wait_for_answers(20)
            self.gateway.kill()
            self.gateway.start()
            if kill in ("postgres", "both"):
                crowd.wait_for_answers(20)
                self.cluster.restart()
                self.restarted = time.time()
        crowd.wait_for_answers(40)
        calls = crowd.stop()
        self.report.note("kill -9", "gateway %d times, PostgreSQL %d times" % (
            len(KILLS), sum(kill != "gateway" for kill in KILLS)))
        self.report.check("the spool is drained", self.settle(), "and outcomes that nobody knows are looked for")
        events = Record(self.path("export.ndjson"))
        events.events = self.record().events[first:]
        # The answer's audit is told a moment after the answer.
        time.sleep(2)
        checks.kept_through_kills(
            self.report, calls, events.of(CALL, "/gateway/e2e"), events.of(INTENT, "/gateway/e2e"),
            self.manila.audited()[audited:])
        self.report.check_none("service, poller and gateways run still",
                               [program.name for program in self.programs if not program.is_running],
                               "%d of them" % len(self.programs))

    def settle(self):
        """Waits until all that was spooled is in the log, every intent has an outcome, and the poller sees again."""
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            with urllib.request.urlopen(self.url("gateway admin", "/metrics")) as answer:
                is_direct = b'dossier_recorder_destination{to="log"} 1' in answer.read()
            record = self.record()
            calls = {event["id"] for event in record.of(CALL)}
            sees = any(event["source"].startswith("/poller/") and moments(event)[1] > self.restarted * 1e6
                       for event in record.of(COVERAGE))
            outcomes = {"call/" + event["id"].split("/", 1)[1] for event in record.of(INTENT)}
            if is_direct and sees and outcomes <= calls:
                return True
            time.sleep(1)
        return False

    def conclude(self):
        self.report.title("What the log says in the end")
        # What is under way in Manila comes to its end, and the poller sees it.
        time.sleep(5)
        status, said = run([self.dossier, "reconcile", "--endpoint", self.manila.api], self.environment,
                           output=self.path("commands.log"))
        lines = said.strip().splitlines()
        self.report.check("reconcile finds no difference", status == 0, lines[-1], lines)
        for program in self.programs:
            self.report.check("%s ends in order" % program.name, program.end() == 0, "SIGTERM")
        status, said = run([self.dossier, "verify"], self.environment, output=self.path("commands.log"))
        self.report.check("verify", status == 0, said.strip())
        record, visits = self.record(), self.manila.visits()
        poller = [event for event in record.of(STATUS) if event["source"].startswith("/poller/")]
        watching = [event for event in record.of(COVERAGE) if event["source"].startswith("/poller/")]
        lists = checks.lists(self.manila.audited())
        checks.polled(self.report, poller, visits, lists, checks.gaps(watching))
        checks.states(self.report, "the poller", poller, visits)
        gateway = [event for event in record.of(STATUS) if event["source"].startswith("/gateway/")]
        checks.states(self.report, "the gateway", gateway, visits)
        logs = ["commands.log", "postgres.log"] + [os.path.basename(program.path) for program in self.programs]
        checks.no_secrets(
            self.report, [self.path(name) for name in ["export.ndjson", "spool"] + logs],
            self.tokens | {token for token, _ in self.people.values()}, set(self.manila.passwords))

    # MARK: The end

    def clean(self):
        """Ends everything, whatever came before; Manila's logs stay beside ours where something failed."""
        for program in self.programs:
            if program.is_running:
                program.end(30)
        if self.cluster:
            self.cluster.stop()
        if os.path.isdir(self.path("manila")):
            self.manila.keep_logs(self.path("manila-log"))
            self.manila.wipe()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossier", default=".build/debug/dossier", help="the program")
    parser.add_argument("--manila", default="../shared/manila", help="where manila-up and the scripts beside it are")
    parser.add_argument("--venv", default=".build/e2e-venv", help="Manila's Python packages, kept from run to run")
    options = parser.parse_args()
    missing = [name for name in ("manila-up", "manila-exercise", "manila-cli")
               if not os.access(os.path.join(options.manila, name), os.X_OK)]
    if missing:
        sys.exit("There is no %s in %s: say where the scripts are that start a real Manila, with make e2e MANILA=…"
                 % (" and no ".join(missing), options.manila))
    if os.geteuid() != 0:
        sys.exit("A real Manila is installed and started as root: sudo make e2e")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    directory = tempfile.mkdtemp(prefix="dossier-e2e-")
    # PostgreSQL runs as another user.
    os.chmod(directory, 0o755)
    running, is_well = Run(options, directory), False
    try:
        running.start()
        running.report.title("Straight at Manila")
        straight = running.exercise("straight", running.manila.api)
        running.through(straight)
        running.revocation()
        running.kills()
        running.conclude()
        is_well = running.report.summary()
    except (Failure, subprocess.TimeoutExpired) as failure:
        print("\n%s" % failure)
    finally:
        # Whoever is impatient waits for this all the same: nothing is to be left running.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        running.clean()
        if is_well:
            shutil.rmtree(directory)
        else:
            print("\nWhat was written down meanwhile is in " + directory)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
