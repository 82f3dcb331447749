"""Processes of ours: started in sessions of their own, ended in order or killed, their output in files."""

import os
import shutil
import signal
import socket
import subprocess
import time


class Failure(Exception):
    """Why the run cannot go on, for whoever reads its output."""


class Program:
    """A program that runs while we do, and that may be killed and started again."""

    def __init__(self, name, words, directory, environment, ready):
        """`ready` is what it says once it works."""
        self.name, self.words, self.environment, self.ready = name, words, environment, ready
        self.path = os.path.join(directory, name + ".log")
        self.starts = 0
        self.process = None

    def start(self, patience=60):
        with open(self.path, "ab") as log:
            said = log.tell()
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self.environment,
                start_new_session=True)
        self.starts += 1
        deadline = time.monotonic() + patience
        while self.ready not in self.said(since=said):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure("%s did not start; it said:\n%s" % (self.name, self.said(since=said)[-2000:]))
            time.sleep(0.02)
        return self

    def said(self, since=0):
        with open(self.path, "rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self, patience=90):
        """Asks it to end in order; answers its exit status."""
        if not self.is_running:
            return None if self.process is None else self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode


def run(words, environment=None, output=None, patience=600):
    """Runs a program to its end; answers its exit status and what it said, which goes to the file `output` as well."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
        timeout=patience, start_new_session=True)
    said = done.stdout.decode(errors="replace")
    if output:
        with open(output, "a") as file:
            file.write(said)
    return done.returncode, said


def free_ports(count, first=29100, last=32000):
    """The first of `count` ports in a row on which nobody listens. Below those that the system gives to callers."""
    for base in range(first, last, count):
        if all(is_free(port) for port in range(base, base + count)):
            return base
    raise Failure("No %d ports in a row are free between %d and %d." % (count, first, last))


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


class Cluster:
    """A durable PostgreSQL of ours, whose processes may be killed."""

    def __init__(self, directory, settings=()):
        self.directory = directory
        self.data = os.path.join(directory, "data")
        self.bin = self.programs()
        os.makedirs(directory)
        owner = []
        if os.geteuid() == 0:
            # PostgreSQL does not run as root.
            shutil.chown(directory, "postgres", "postgres")
            owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        status, said = run(owner + [
            self.bin + "/initdb", "-D", self.data, "--auth=trust", "--username=dossier", "--encoding=UTF8",
            "--locale=C", "--no-instructions"])
        if status != 0:
            raise Failure("initdb: " + said)
        self.server = Program("postgres", owner + [
            self.bin + "/postgres", "-D", self.data, "-c", "listen_addresses=", "-c",
            "unix_socket_directories=" + directory] + [word for setting in settings for word in ("-c", setting)],
            os.path.dirname(directory), dict(os.environ),
            "database system is ready to accept connections")
        self.server.start()

    @property
    def url(self):
        return "host=%s user=dossier dbname=postgres" % self.directory

    @staticmethod
    def programs():
        """The newest of the distribution's, as the package `postgresql` lays them."""
        root = "/usr/lib/postgresql"
        versions = sorted((int(name) for name in os.listdir(root) if name.isdigit()), reverse=True)
        if not versions:
            raise Failure("There is no PostgreSQL below %s: make install." % root)
        return "%s/%d/bin" % (root, versions[0])

    def kill(self):
        """`kill -9` of the postmaster and of every process of it, at once."""
        postmaster = self.server.process.pid
        for process in [postmaster] + children(postmaster):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.server.process.wait()

    def restart(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.server.start()
                return
            except Failure:
                # What was killed may take a moment to be gone.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.25)

    def stop(self):
        if self.server.is_running:
            # Fast shutdown: sessions are ended.
            self.server.process.send_signal(signal.SIGINT)
            self.server.process.wait()


def children(parent):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as stat:
                    # The name, in parentheses, may hold anything; the parent is the second field after it.
                    if int(stat.read().rsplit(")", 1)[1].split()[1]) == parent:
                        found.append(int(name))
            except (OSError, IndexError):
                pass
    return found
