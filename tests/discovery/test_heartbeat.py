"""PING, answers that are waited for, pauses between tries; on a clock that the test moves."""

import pytest

from pluqtest import eventually, never
from pluqtest.client import sized
from pluqtest.shim import Clock


@pytest.fixture
def timed(launch, fake):
    clock = Clock()
    d = launch(lookupd_tcp_address=fake.address, **clock.options())
    d.clock = clock
    fake.peer()
    return d


class Tries:
    """When connections came, by the broker's clock, which is hurried on from one to the next."""

    def __init__(self, clock, fake, on_connect=lambda peer: None):
        self.clock, self.fake, self.at = clock, fake, []

        def note(peer):
            self.at.append(clock.mono_ns / 1e9 + peer.opened)
            on_connect(peer)
        fake.on_connect = note

    def hurry_to(self, count):
        """On a busy machine more may have come before the clock is let alone."""
        def come():
            if len(self.at) < count:
                self.clock.advance(0.25)
            return len(self.at) >= count
        eventually(come, 20)

    def are_apart(self, pauses):
        """Counted from the first, so that it does not matter how far the clock had been moved on when one was noticed."""
        for n in range(len(pauses)):
            assert self.at[n + 1] - self.at[0] >= sum(pauses[:n + 1])


def pings(p):
    return p.lines.count("PING")


def test_ping_every_15_seconds(timed, fake):
    p = fake.peer()
    timed.wait_log("registered")
    for n in range(5):
        timed.clock.advance(13)  # real time passes too
        never(lambda: pings(p) > n, 0.1)
        timed.clock.advance(2)
        eventually(lambda: pings(p) == n + 1)
    assert p is fake.peer()


def test_other_commands_do_not_put_off_the_ping(timed, fake):
    p = fake.peer()
    timed.wait_log("registered")
    timed.clock.advance(13)
    timed.post("/topic/create", topic="t")
    fake.wait_state({"t": []})
    assert not pings(p)
    timed.clock.advance(2)
    eventually(lambda: pings(p) == 1)


@pytest.mark.parametrize("mute", ["PING", "REGISTER t"])
def test_an_answer_that_does_not_come_is_waited_for_5_seconds(timed, fake, mute):
    p = fake.peer()
    timed.wait_log("registered")
    fake.on_command = lambda peer, line: None if line == mute and peer is p else fake.answer(peer, line)
    if mute == "PING":
        timed.clock.advance(15)
    else:
        timed.post("/topic/create", topic="t")
    eventually(lambda: p.lines[-1] == mute)
    timed.clock.advance(3)
    never(lambda: p.ended, 0.1)
    timed.clock.advance(2)
    eventually(lambda: p.ended)
    timed.wait_log("lookupd .*: does not answer")
    eventually(lambda: len(fake.peers) == 2)
    fake.wait_state({} if mute == "PING" else {"t": []})


def test_a_slow_one_that_goes_on_answering_is_not_given_up(timed, fake):
    """Forty registrations, each answered 3 s after the one before."""
    p = fake.peer()
    timed.wait_log("registered")
    fake.on_command = lambda peer, line: None
    for n in range(40):
        timed.post("/topic/create", topic=f"t{n}")
    eventually(lambda: len(p.lines) == 41)
    for n in range(40):
        timed.clock.advance(3)
        p.send(sized(b"OK"))
        for _ in range(2):  # so that loop 0 has seen the answer
            assert timed.http("GET", "/ping").status == 200
        assert not p.ended
    timed.post("/topic/create", topic="last")
    eventually(lambda: p.lines[-1] == "REGISTER last")
    assert len(fake.peers) == 1


def test_pauses_grow(launch, fake):
    """1/4 s, 1/2 s, 1 s ... 8 s; pauses may be longer on a busy machine, but never shorter."""
    clock = Clock()
    tries = Tries(clock, fake, lambda peer: peer.close())
    d = launch(lookupd_tcp_address=fake.address, **clock.options())
    pauses = [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8]
    eventually(lambda: tries.at)
    for n in range(len(pauses)):
        tries.hurry_to(n + 2)
    tries.are_apart(pauses)
    for n in 1, 2, 4, 8:
        d.wait_log(rf"lookupd {fake.address}: closed by the peer \({n} in a row\); tried again")
    assert not [n for n in (3, 5, 6, 7, 9) if f"({n} in a row)" in d.log()]


def test_who_identifies_and_then_refuses_is_not_hurried_either(launch, fake):
    clock = Clock()
    fake.on_command = lambda peer, line: (fake.answer(peer, line) if line == "IDENTIFY" else
                                          peer.send(sized(b"E_INVALID no \x1b[31m")))
    tries = Tries(clock, fake)
    d = launch(lookupd_tcp_address=fake.address, **clock.options())
    d.post("/topic/create", topic="t")
    pauses = [0.25, 0.5, 1, 2, 4, 8, 8, 8]
    for n in range(len(pauses)):
        eventually(lambda: len(fake.peers) > n and fake.peers[n].ended)
        tries.hurry_to(n + 2)
    tries.are_apart(pauses)
    d.wait_log(r'answers a command with "E_INVALID no \\x1b\[31m"')
    fake.on_command = fake.answer
    eventually(lambda: ": registered" in d.log() or clock.advance(0.25), 20)
    fake.wait_state({"t": []}, deadline=20)


def test_one_that_lasted_is_tried_again_at_once(timed, fake):
    """A connection that stood for a heartbeat ends the count."""
    for n in range(1, 6):
        eventually(lambda: len(fake.peers) == n and timed.log().count(": registered") == n)
        timed.clock.advance(15.1)
        eventually(lambda: pings(fake.peers[-1]) == 1)
        fake.drop()
    eventually(lambda: len(fake.peers) == 6)
    assert "(2 in a row)" not in timed.log()
