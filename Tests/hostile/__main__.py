"""Sends Dossier what it should never be sent, and looks whether it stays as it is: make fuzz.

    python3 Tests/hostile events   --dossier .build/debug/dossier   mutated events, pushed by the thousand
    python3 Tests/hostile requests --dossier …                      broken HTTP over bare sockets
    python3 Tests/hostile contract --dossier … --venv …             schemathesis over the served document
    python3 Tests/hostile secrets  --dossier …                      secrets put in by every way, looked for in every byte

What is sent follows from --seed. The number is that of --count, or of DOSSIER_MUTATIONS and DOSSIER_REQUESTS.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))

from programs import Failure  # noqa: E402

import contract  # noqa: E402
import events  # noqa: E402
import requests_  # noqa: E402
import secrets_  # noqa: E402
from service import Service  # noqa: E402

DEFAULTS = {"events": ("DOSSIER_MUTATIONS", 1_000_000), "requests": ("DOSSIER_REQUESTS", 50_000),
            "contract": ("DOSSIER_EXAMPLES", 100), "secrets": ("DOSSIER_ROUNDS", 3)}


def main():
    parser = argparse.ArgumentParser(prog="hostile", description=__doc__.split("\n")[0])
    parser.add_argument("suite", choices=sorted(DEFAULTS))
    parser.add_argument("--dossier", required=True, help="the program")
    parser.add_argument("--count", type=int, help="how many are sent")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("DOSSIER_SEED", 1)))
    parser.add_argument("--venv", default=".build/fuzz-venv", help="schemathesis, kept from run to run")
    options = parser.parse_args()
    variable, usual = DEFAULTS[options.suite]
    count = options.count or int(os.environ.get(variable, usual))
    # Short: PostgreSQL's socket lies in it, and the path of a socket has at most 107 bytes.
    directory = tempfile.mkdtemp(prefix="dh-")
    os.chmod(directory, 0o755)
    begun, isDone = time.monotonic(), False
    try:
        if options.suite == "secrets":
            told = secrets_.run(os.path.abspath(options.dossier), directory, count, options.seed)
        else:
            with Service(os.path.abspath(options.dossier), directory) as service:
                if options.suite == "events":
                    told = events.run(service, count, options.seed)
                elif options.suite == "requests":
                    told = requests_.run(service, count, options.seed)
                else:
                    told = contract.run(service, count, options.seed, os.path.abspath(options.venv))
                told += "; " + service.verified()
        isDone = True
    except Failure as failure:
        print("✗ %s, seed %d: %s" % (options.suite, options.seed, failure))
        print("  What was written down is in " + directory)
        sys.exit(1)
    finally:
        if isDone:
            shutil.rmtree(directory, ignore_errors=True)
    print("✓ %s: %s; seed %d, %.0f s" % (options.suite, told, options.seed, time.monotonic() - begun))


main()
