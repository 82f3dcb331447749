"""Callers of our own, who go on when a connection breaks, and write down what each call was answered."""

import http.client
import json
import random
import threading
import time

from programs import Failure
from record import Captured


class Caller:
    """Calls through one address with one token. Every call is on a connection of its own."""

    def __init__(self, port, token):
        self.port, self.token = port, token
        self.calls = []

    def call(self, method, path, body=None, patience=30):
        """Answers (status, body); status None where no answer came: nobody knows what came of the call then."""
        headers = {"X-Auth-Token": self.token, "X-OpenStack-Manila-API-Version": "2.99",
                   "X-OpenStack-Manila-API-Experimental": "True", "Accept": "application/json"}
        text = None if body is None else json.dumps(body)
        if text is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience)
        is_sent, answer, status, said, request_id = False, None, None, b"", None
        try:
            connection.connect()
            is_sent = True
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            said = answer.read()
            status, request_id = answer.status, answer.getheader("X-Openstack-Request-Id")
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        if is_sent:
            self.calls.append(Captured("admin", method, path, text, status, request_id))
        return status, said

    def wanted(self, method, path, body=None):
        """What an answer in the 2xx says."""
        status, said = self.call(method, path, body)
        if status is None or not 200 <= status < 300:
            raise Failure("%s %s was answered %s: %s" % (method, path, status, said[:500]))
        return json.loads(said) if said else None

    def until(self, good, path, patience=90):
        deadline = time.monotonic() + patience
        while True:
            answer = self.wanted("GET", path)
            if good(answer):
                return answer
            if time.monotonic() > deadline:
                raise Failure("GET %s goes on saying %s" % (path, answer))
            time.sleep(0.2)


def make_servers(caller, count):
    """Share servers with a share each, made as tenants make them: by asking for shares on new networks."""
    tag = "%06x" % random.getrandbits(24)
    type = caller.wanted("POST", "/v2/types", {"share_type": {
        "name": "kills-" + tag, "share_type_access:is_public": True,
        "extra_specs": {"driver_handles_share_servers": "True", "share_backend_name": "alpha"}}})["share_type"]["id"]
    servers = []
    for number in range(count):
        name = "kills-%s-%d" % (tag, number)
        network = caller.wanted("POST", "/v2/share-networks", {"share_network": {"name": name}})["share_network"]["id"]
        caller.wanted("POST", "/v2/shares", {"share": {
            "name": name, "share_proto": "NFS", "size": 1, "share_type": type, "share_network_id": network}})
        found = caller.until(lambda answer: answer["share_servers"], "/v2/share-servers?share_network_id=" + network)
        server = found["share_servers"][0]["id"]
        caller.until(lambda answer: answer["share_server"]["status"] == "active", "/v2/share-servers/" + server)
        servers.append((server, network))
    return servers


def rounds_of_calls(server, network):
    """Changes that are accepted and refused, and reads, again and again."""
    path = "/v2/share-servers/" + server
    while True:
        yield "POST", path + "/action", {"reset_status": {"status": "error"}}
        yield "GET", path, None
        yield "POST", path + "/action", {"reset_status": {"status": "active"}}
        yield "GET", path + "/details", None
        yield "DELETE", path, None
        yield "GET", "/v2/share-servers?share_network_id=" + network, None
        yield "POST", path + "/action", {"unmanage": {"force": False}}


class Crowd:
    """Several callers at once, each with a server of its own, until they are told to stop."""

    def __init__(self, port, token, servers):
        self.stopping = threading.Event()
        self.callers = [Caller(port, token) for _ in servers]
        self.threads = [threading.Thread(target=self._go_on, args=pair, daemon=True)
                        for pair in zip(self.callers, servers)]
        for thread in self.threads:
            thread.start()

    def _go_on(self, caller, place):
        for method, path, body in rounds_of_calls(*place):
            if self.stopping.is_set():
                return
            status, _ = caller.call(method, path, body)
            if status is None or status >= 500:
                time.sleep(0.1)

    @property
    def answered(self):
        return sum(1 for caller in self.callers for call in caller.calls[:] if call.request_id)

    def wait_for_answers(self, count, patience=120):
        """Waits for so many more, however slow the machine; then for a moment that no answer chooses."""
        wanted, deadline = self.answered + count, time.monotonic() + patience
        while self.answered < wanted:
            if time.monotonic() > deadline:
                raise Failure("callers are not answered any more")
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.3))

    def stop(self):
        """Answers every call that was sent."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
        return [call for caller in self.callers for call in caller.calls]
