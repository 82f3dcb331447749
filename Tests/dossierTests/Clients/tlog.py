"""RFC 6962 trees and C2SP notes, written from the specifications, for tests."""
import base64
import hashlib

import ed25519


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(hashes):
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(root(hashes[:k]), root(hashes[k:]))


def included(index, size, leaf_hash, path, expected):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf_hash
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == expected


def consistent(first, second, first_root, second_root, path):
    """RFC 9162, section 2.1.4.2."""
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path
    path = ([first_root] if first & (first - 1) == 0 else []) + path
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


def key_id(name, material):
    return hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]


def opened(note, vkey):
    """(origin, size, root) of a checkpoint that the key signed."""
    name, digits, material = vkey.split("+", 2)
    material = base64.b64decode(material, validate=True)
    assert material[0] == 1 and key_id(name, material).hex() == digits
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    good = 0
    for line in signatures.splitlines():
        dash, signer, data = line.split(" ")
        data = base64.b64decode(data, validate=True)
        assert dash == "—"
        if signer == name and data[:4] == key_id(name, material):
            assert ed25519.verify(material[1:], text.encode(), data[4:]), "a false signature"
            good += 1
    assert good, "not signed by the key"
    origin, size, root_hash = text.split("\n")[:3]
    assert origin == name and str(int(size)) == size
    return origin, int(size), base64.b64decode(root_hash, validate=True)
