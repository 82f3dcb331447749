"""Follows a log by C2SP tlog-tiles: follow.py URL VERIFIER-KEY [older-size]

Fetches the checkpoint, every tile and every entry; builds the tree anew and compares. Prints the size."""
import base64
import json
import sys
import urllib.error
import urllib.request

import tlog

prefix, vkey = sys.argv[1:3]


def get(path, kind=None, base=prefix):
    with urllib.request.urlopen(base + path) as answer:
        if kind:
            assert answer.headers["Content-Type"] == kind, (path, answer.headers["Content-Type"])
        if path.startswith("/tile/"):
            assert "immutable" in answer.headers["Cache-Control"], path
        return answer.read()


def missing(path):
    try:
        get(path)
    except urllib.error.HTTPError as error:
        return error.code == 404
    return False


def name(n):
    groups = [f"{n % 1000:03}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03}")
    return "/".join(groups)


def tiles(size, level):
    """(path, width) of each tile of a level, in order."""
    count = size >> (8 * level)
    for n in range(count // 256):
        yield name(n), 256
    if count % 256:
        yield f"{name(count // 256)}.p/{count % 256}", count % 256


note = get("/checkpoint", "text/plain; charset=utf-8").decode()
origin, size, root = tlog.opened(note, vkey)

entries = []
for path, width in tiles(size, 0):
    bundle = get(f"/tile/entries/{path}", "application/octet-stream")
    at, found = 0, 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : at + 2 + length])
        assert len(entries[-1]) == length
        at, found = at + 2 + length, found + 1
    assert found == width, path
assert len(entries) == size
hashes = [tlog.leaf(entry) for entry in entries]
assert tlog.root(hashes) == root, "the entries do not have the root"

level, below = 0, hashes
while size >> (8 * level):
    data = b"".join(get(f"/tile/{level}/{path}", "application/octet-stream") for path, _ in tiles(size, level))
    assert data == b"".join(below), f"level {level}"
    assert missing(f"/tile/{level}/{name((size >> (8 * level)) // 256 + 1)}")
    below = [tlog.root(below[i : i + 256]) for i in range(0, len(below) - 255, 256)]
    level += 1
partial = size % 256
if partial < 255:
    for kind in ("0", "entries"):
        assert missing(f"/tile/{kind}/{name(size // 256)}.p/{partial + 1}"), kind
for width in {min(1, partial), partial // 2, partial} - {0}:
    data = get(f"/tile/0/{name(size // 256)}.p/{width}")
    start = size // 256 * 256
    assert data == b"".join(hashes[start : start + width])
for wrong in ("/tile/64/000", "/tile/00/000", "/tile/0/0", "/tile/0/000.p/0", "/tile/data/000", f"/tile/{level}/000.p/1"):
    assert missing(wrong), wrong

api, lane = prefix, 0
if "/lane/" in prefix:
    api, lane = prefix.split("/lane/")
for index in {0, size // 3, size // 2, size - 1} if size else ():
    proof = get(f"/v1/events/{lane}/{index}/proof", base=api).decode()
    head, _, rest = proof.partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1" and lines[1] == f"index {index}"
    assert tlog.opened(rest, vkey) == (origin, size, root)
    path = [base64.b64decode(line, validate=True) for line in lines[2:]]
    assert tlog.included(index, size, hashes[index], path, root), index
    assert not tlog.included(index, size, tlog.leaf(entries[index] + b" "), path, root)
for older in {1, (size + 1) // 2, size} | {int(text) for text in sys.argv[3:]} if size else ():
    answer = json.loads(get(f"/v1/checkpoints/consistency?lane={lane}&from={older}&to={size}", base=api))
    path = [base64.b64decode(text) for text in answer["hashes"]]
    assert base64.b64decode(answer["from"]["root"]) == tlog.root(hashes[:older])
    assert tlog.consistent(older, size, tlog.root(hashes[:older]), root, path), older
print(size)
