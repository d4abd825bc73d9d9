"""The first four bytes of a connection."""

import pytest

from pluqtest import Client


def test_good_magic_is_not_answered(broker):
    c = broker.client()
    c.nothing()


def test_magic_may_come_byte_by_byte(broker, topic):
    c = broker.client(magic=None)
    for b in b"  V2":
        c.send(bytes([b]))
        c.nothing(0.01)
    c.pub(topic, "x")


def test_command_may_follow_the_magic_in_one_segment(broker, topic):
    c = broker.client(magic=None)
    c.send(b"  V2PUB " + topic.encode() + b"\n\x00\x00\x00\x01x")
    c.response()


@pytest.mark.parametrize("magic", [b"  V1", b"V2  ", b"GET ", b"\x00\x00\x00\x00", b"  v2"])
def test_wrong_magic_is_refused_with_a_bare_code(broker, magic):
    c = broker.client(magic=magic)
    assert c.read_exact(22) == b"\x00\x00\x00\x12\x00\x00\x00\x01E_BAD_PROTOCOL"
    c.closed()


@pytest.mark.parametrize("start", [b"", b" ", b"  V"])
def test_end_before_four_bytes_closes_silently(broker, start):
    c = broker.client(magic=None)
    c.send(start)
    c.half_close()
    c.closed()


def test_a_silent_probe_costs_no_log_line_above_debug(broker, topic):
    broker.client().pub(topic, "settles earlier lines")
    before = len(broker.log())
    for _ in range(20):
        Client(broker.tcp, magic=None).close()
    broker.client().pub(topic, "after the probes")
    lines = broker.log()[before:].splitlines()
    assert [line for line in lines if " debug " not in line.lower()] == []
