"""Ed25519 as RFC 8032 has it, for tests: slow, and nothing that keeps secrets."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    (x, y), (u, v) = a, b
    t = D * x * u * y * v
    return (x * v + y * u) * pow(1 + t, -1, P) % P, (y * v + x * u) * pow(1 - t, -1, P) % P


def times(n, a):
    total = (0, 1)
    while n:
        total = add(total, a) if n & 1 else total
        a, n = add(a, a), n >> 1
    return total


def point(data):
    n = int.from_bytes(data, "little")
    y, sign = n % 2**255, n >> 255
    if y >= P:
        raise ValueError("not a point")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        raise ValueError("not a point")
    return (P - x if x % 2 != sign else x), y


B = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def encoded(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def secret(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (2**254 - 8) | 2**254, digest[32:]


def public(seed):
    return encoded(times(secret(seed)[0], B))


def sign(seed, message):
    scalar, prefix = secret(seed)
    r = number(prefix, message) % L
    start = encoded(times(r, B))
    return start + ((r + number(start, public(seed), message) * scalar) % L).to_bytes(32, "little")


def verify(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    challenge = number(signature[:32], key, message) % L
    return times(s, B) == add(point(signature[:32]), times(challenge, point(key)))
