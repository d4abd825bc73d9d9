"""Heartbeats, and the deadlines that close a silent client."""

import struct
import time

import pytest

from pluqtest import eventually, scaled
from pluqtest.client import Closed

BEAT = (0, b"_heartbeat_")
LATE_S = 0.2


def beating(broker, **fields):
    c = broker.client()
    c.identify(heartbeat_interval=1000, **fields)
    return c, time.monotonic()


def test_frame_is_byte_exact(broker):
    c, _ = beating(broker)
    assert c.read_exact(19, timeout=2) == struct.pack(">ii", 15, 0) + b"_heartbeat_"


def test_a_silent_client_is_closed_after_two_intervals(broker):
    c, start = beating(broker)
    assert c.frame(timeout=3) == BEAT
    first = time.monotonic() - start
    assert 0.9 <= first < 1 + scaled(LATE_S), first
    try:
        assert c.frame(timeout=3) == BEAT  # it coincides with the close
        c.frame(timeout=3)
        raise AssertionError("not closed")
    except Closed:
        pass
    passed = time.monotonic() - start
    assert 1.9 <= passed < 2 + scaled(LATE_S), passed


@pytest.mark.parametrize("command", [b"NOP\n", b"PUB @\n\x00\x00\x00\x01x", b"IDENTIFY\n\x00\x00\x00\x02{}"])
def test_any_command_keeps_the_connection(broker, topic, command):
    c, start = beating(broker)
    beats = 0
    while beats < 4:
        if c.frame(timeout=3) == BEAT:
            beats += 1
            c.send(command.replace(b"@", topic.encode()))
    assert time.monotonic() - start > 3.9


def test_the_beat_is_not_delayed_by_traffic(broker, topic):
    c, start = beating(broker)
    c.sub(topic, "c", 100)
    publisher = broker.client()
    beats = []
    while len(beats) < 2 and time.monotonic() - start < 4:
        publisher.pub(topic, "traffic")
        f = c.frame()
        if f == BEAT:
            beats.append(time.monotonic() - start)
            c.send(b"NOP\n")
        else:
            c.send(b"FIN " + f.data[10:26] + b"\n")
    assert len(beats) == 2
    assert abs(beats[0] - 1) < scaled(LATE_S) and abs(beats[1] - 2) < scaled(LATE_S), beats


def test_bytes_that_do_not_complete_a_line_do_not_extend_the_deadline(broker):
    c, start = beating(broker)
    c.send(b"NO")

    def trickle():
        c.send_lenient(b"x")
        try:
            c.frame(timeout=0.05)
        except Closed:
            return True
        return False

    def step():
        try:
            return trickle()
        except AssertionError:
            return False

    eventually(step, 5, "closed although bytes trickled in")
    passed = time.monotonic() - start
    assert 1.9 <= passed < 2.1 + scaled(LATE_S), passed


def test_deadline_inside_a_body_answers_the_matching_error(broker, topic):
    c, start = beating(broker)
    c.send(f"PUB {topic}\n".encode() + struct.pack(">i", 10) + b"123")
    frames = []
    try:
        while True:
            frames.append(c.frame(timeout=4))
    except Closed:
        pass
    assert frames[-1] == (1, b"E_BAD_MESSAGE PUB failed to read message body")
    assert set(frames[:-1]) <= {BEAT}
    assert 1.9 <= time.monotonic() - start < 2.1 + scaled(LATE_S)


def test_beats_come_in_every_state(broker, topic):
    c, _ = beating(broker)
    assert c.frame(timeout=2) == BEAT
    c.sub(topic, "c", 1)
    assert c.frame(timeout=2) == BEAT
    c.send(b"NOP\n")
    c.cls()
    assert c.frame(timeout=2) == BEAT


def test_interval_off_means_neither_beats_nor_deadline(broker, topic):
    c = broker.client()
    c.identify(heartbeat_interval=-1)
    c.nothing(2.5)
    c.pub(topic, "x")


def test_a_second_identify_changes_the_deadline_only(broker):
    c, start = beating(broker)
    c.identify(heartbeat_interval=60000)
    assert c.frame(timeout=3) == BEAT
    assert c.frame(timeout=3) == BEAT
    assert c.frame(timeout=3) == BEAT  # at 3 s: beats go on at the first cadence, the deadline is the new one
    assert abs(time.monotonic() - start - 3) < scaled(LATE_S)


def test_the_default_is_not_held_against_the_limit(launch, topic):
    d = launch(max_heartbeat_interval="5s")
    c = d.client()
    c.identify(heartbeat_interval=0)
    c.nothing(0.3)
    c.pub(topic, "x")
