"""What the log holds, read from its export; and what callers saw, read from what they wrote down."""

import collections
import json
import re

from manila import microseconds

CALL = "org.openstack.manila.share_server.call"
STATUS = "org.openstack.manila.share_server.status"
INTENT = "org.dossier.gateway.intent"
COVERAGE = "org.dossier.source.coverage"

SHARE_SERVERS = re.compile(r"/v2(/[^/?]+)?/share-servers(?=[/?]|$)")
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
ACTIONS = {"unmanage", "reset_status", "migration_check", "migration_start", "migration_complete", "migration_cancel",
           "migration_get_progress", "reset_task_state"}
CHANGES = {"delete", "manage", "unmanage", "reset_status", "migration_start", "migration_complete", "migration_cancel",
           "reset_task_state"}


class Record:
    """The entries of an export."""

    def __init__(self, path):
        with open(path) as file:
            self.events = [json.loads(line) for line in file]

    def of(self, type, source=None):
        return [event for event in self.events
                if event["type"] == type and (source is None or event["source"] == source)]


class Captured:
    """A call as its caller saw it."""

    def __init__(self, who, method, path, body, status, request_id):
        self.who, self.method, self.path, self.status, self.request_id = who, method, path, status, request_id
        self.operation = operation(method, path, body)

    @property
    def told(self):
        """What an entry has to say of it."""
        return (self.request_id, self.method, self.path, self.operation, self.status)


def operation(method, path, body):
    """What a share-server call asks for, by Manila's API reference."""
    rest = SHARE_SERVERS.sub("", path.split("?")[0]).strip("/").split("/")
    rest = [part for part in rest if part]
    if method == "GET" and not rest:
        return "list"
    if method == "GET" and len(rest) == 1:
        return "show"
    if method == "GET" and rest[1:] == ["details"]:
        return "details"
    if method == "DELETE" and len(rest) == 1:
        return "delete"
    if method == "POST" and rest == ["manage"]:
        return "manage"
    if method == "POST" and rest[1:] == ["action"]:
        try:
            keys = list(json.loads(body or ""))
        except ValueError:
            keys = []
        return keys[0] if len(keys) == 1 and keys[0] in ACTIONS else "other"
    return "other"


def told(event):
    data = event["data"]
    return (data.get("request_id"), data["method"], data["path"], data["operation"], data.get("http_status"))


class Capture:
    """What `manila-exercise` wrote down of a run."""

    def __init__(self, path):
        with open(path) as file:
            self.exchanges = [json.loads(line) for line in file]

    def calls(self):
        """The calls to share servers."""
        calls = []
        for exchange in self.exchanges:
            method, path = exchange["request"]["line"].split(" ")[:2]
            if SHARE_SERVERS.search(path):
                headers = {name.lower(): value for name, value in exchange["response"]["headers"]}
                calls.append(Captured(
                    exchange["who"], method, path, exchange["request"]["body"], status(exchange),
                    headers.get("x-openstack-request-id")))
        return calls

    def tokens(self):
        return {value for exchange in self.exchanges for name, value in exchange["request"]["headers"]
                if name == "X-Auth-Token"}

    def steps(self):
        """What was asked and answered, identifiers left out; of a step that is repeated until it is well, the last.

        Each is ((step, method, path), (status, type, members of the body), statuses that are as good).
        """
        steps = []
        for exchange in self.exchanges:
            method, path = exchange["request"]["line"].split(" ")[:2]
            tag = re.compile(r"-[0-9a-f]{6}\b")
            asked = (exchange["step"], method, tag.sub("-TAG", IDENTIFIER.sub("ID", path.split("/v2", 1)[-1])))
            headers = {name.lower(): value for name, value in exchange["response"]["headers"]}
            try:
                members = json.loads(exchange["response"]["body"])
                members = sorted(members) if isinstance(members, dict) else type(members).__name__
            except ValueError:
                members = None
            step = (asked, (status(exchange), headers.get("content-type"), members), exchange["wanted"])
            if steps and steps[-1][0] == asked:
                steps.pop()
            steps.append(step)
        return steps


def status(exchange):
    return int(exchange["response"]["line"].split(" ")[1])


def doubled(values):
    return [value for value, count in collections.Counter(values).items() if count > 1]


def moments(event):
    """When a status was told to have begun: no earlier than, no later than."""
    latest = microseconds(event["time"])
    earliest = event["data"].get("not_before")
    return (None if earliest is None else microseconds(earliest), latest)
