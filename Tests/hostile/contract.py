"""schemathesis over the served document: that every answer is one that the document tells of."""

import os
import re
import subprocess
import sys
import time

from programs import Failure

PACKAGE = "schemathesis==4.32.5"


def run(service, count, seed, venv):
    program = venv + "/bin/schemathesis"
    if not os.path.exists(program):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv + "/bin/pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE], check=True)
    path = service.directory + "/schemathesis.log"
    url = "http://%s:%d" % (service.host, service.port)
    token = closed(service)
    with open(path, "wb") as log:
        status = subprocess.run(
            [program, "run", url + "/openapi.json", "--url", url, "--max-examples", str(count), "--seed", str(seed),
             "--header", "Authorization: Bearer " + token, "--no-color", "--phases", "examples,coverage,fuzzing",
             "--exclude-checks", "positive_data_acceptance,ignored_auth", "--continue-on-failure", "--request-timeout", "60"],
            stdout=log, stderr=subprocess.STDOUT, cwd=service.directory).returncode
    with open(path, encoding="utf-8", errors="replace") as log:
        said = log.read()
    service.sample()
    if status != 0:
        raise Failure("schemathesis found something (%s):\n%s" % (path, said[-6000:]))
    cases = re.search(r"(\d[\d,]*) generated", said)
    return "schemathesis: %s cases over %s operations, nothing found" % (
        cases.group(1) if cases else "all", (re.search(r"Operations:\s+(\d+)", said) or re.search(r"(\d+)", "0")).group(1))


def closed(service):
    """Makes the first token, of an admin, and waits until nobody is let in without one, as the document says."""
    said = service.answer("tokens", "create", "--name", "contract", "--role", "admin")
    deadline = time.monotonic() + 60
    while service.get("/v1/servers")[0] != 401:
        if time.monotonic() > deadline:
            raise Failure("the service lets everybody in though there is a token")
        time.sleep(0.2)
    return re.search(r"^dossier_\S+", said, re.MULTILINE).group(0)
