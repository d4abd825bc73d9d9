"""Noise instead of a protocol, and dialogues with flipped, lost and doubled bytes."""

import os
import random

from pluqtest import Client, Closed, NoFrame, RawHttp
from pluqtest.client import mpub_body, sized

SEED = int(os.environ.get("PLUQ_TEST_SEED", random.SystemRandom().randrange(1 << 32)))


def talk(address, data):
    """Sends it, half-closes and reads to the end; what comes back does not matter, that it ends does."""
    c = Client(address, magic=None, timeout=10)
    try:
        c.send(data)
        c.half_close()
        while True:
            c.frame(timeout=10)
    except (Closed, OSError):
        pass
    except NoFrame:
        raise AssertionError(f"the daemon neither answers nor closes: {data[:200]!r}") from None
    finally:
        c.close()


def http_talk(address, data):
    with RawHttp(address) as h:
        try:
            h.send(data)
            h.half_close()
            while h.file.read(65536):
                pass
        except ConnectionError:
            pass


def alive(d, topic):
    d.client().pub(topic, "still here")
    assert d.http("GET", "/ping").body == b"OK"


def test_noise(broker, topic):
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    for _ in range(500):
        noise = rng.randbytes(rng.choice([1, 3, 10, 100, 5000]))
        talk(broker.tcp, noise)
        talk(broker.tcp, b"  V2" + noise)
        http_talk(broker.http_at, noise)
    alive(broker, topic)


def dialogue(topic):
    return (b"  V2IDENTIFY\n" + sized(b'{"client_id":"x","feature_negotiation":true,"heartbeat_interval":5000}')
            + f"PUB {topic}\n".encode() + sized(b"a body") + f"DPUB {topic} 10\n".encode() + sized(b"another")
            + f"MPUB {topic}\n".encode() + mpub_body([b"one", b"two", b"three"])
            + f"SUB {topic} chan\nRDY 10\nTOUCH 0123456789abcdef\nREQ 0123456789abcdef 10\nFIN 0123456789abcdef\nCLS\n".encode())


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = rng.randrange(len(data))
        how = rng.randrange(5)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.choice(b"\0\n\r \xff\x7f0")
        elif how == 2:
            del data[at:at + rng.randrange(1, 5)]
        elif how == 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 5))
        else:
            end = min(len(data), at + rng.randrange(1, 40))
            data[at:at] = data[at:end]
    return bytes(data)


def test_mutated_dialogues(broker, topic):
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    for i in range(3000):
        talk(broker.tcp, mutated(rng, dialogue(f"{topic}_{i % 7}")))
    alive(broker, topic)


def test_mutated_http_requests(broker, topic):
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    whole = (f"POST /pub?topic={topic}&defer=5 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
             f"POST /mpub?topic={topic}&binary=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
             "9\r\n\0\0\0\1\0\0\0\1x\r\n0\r\n\r\n"
             "PUT /config/log_level HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\ndebug"
             "GET /stats?format=json&topic=%41 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").encode()
    for _ in range(2000):
        http_talk(broker.http_at, mutated(rng, whole))
    alive(broker, topic)
