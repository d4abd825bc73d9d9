"""The error catalogue, row by row. All of these are fatal; the others stand with the commands they belong to."""

import struct

import pytest

from pluqtest.client import sized

MSG, BODY, COUNT = 1048576, 5242880, 1048575


def i32(*numbers):
    return struct.pack(f">{len(numbers)}i", *numbers)


NEGATIVE = [0, -1, -2147483648]

IN_INIT = [
    (b"RDY 1\n", "E_INVALID cannot RDY in current state"),
    (b"FIN 0123456789abcdef\n", "E_INVALID cannot FIN in current state"),
    (b"FIN\n", "E_INVALID cannot FIN in current state"),
    (b"REQ 0123456789abcdef 0\n", "E_INVALID cannot REQ in current state"),
    (b"TOUCH 0123456789abcdef\n", "E_INVALID cannot TOUCH in current state"),
    (b"CLS\n", "E_INVALID cannot CLS in current state"),
    (b"AUTH x\n", "E_INVALID AUTH invalid number of parameters"),
    (b"AUTH \n", "E_INVALID AUTH invalid number of parameters"),
    (b"AUTH\n" + i32(BODY + 1), f"E_BAD_BODY AUTH body too big {BODY + 1} > {BODY}"),
    *[(b"AUTH\n" + i32(n), f"E_BAD_BODY AUTH invalid body size {n}") for n in NEGATIVE],
    (b"AUTH\n" + sized(b"secret"), "E_AUTH_DISABLED AUTH disabled"),
    (b"SUB\n", "E_INVALID SUB insufficient number of parameters"),
    (b"SUB t\n", "E_INVALID SUB insufficient number of parameters"),
    (b"SUB t! c\n", 'E_BAD_TOPIC SUB topic name "t!" is not valid'),
    (b"SUB t! c!\n", 'E_BAD_TOPIC SUB topic name "t!" is not valid'),
    (b"SUB t c!\n", 'E_BAD_CHANNEL SUB channel name "c!" is not valid'),
    (b"IDENTIFY\n" + i32(BODY + 1), f"E_BAD_BODY IDENTIFY body too big {BODY + 1} > {BODY}"),
    (b"IDENTIFY\n" + i32(2147483647), f"E_BAD_BODY IDENTIFY body too big 2147483647 > {BODY}"),
    *[(b"IDENTIFY\n" + i32(n), f"E_BAD_BODY IDENTIFY invalid body size {n}") for n in NEGATIVE],
]

PUBLISHING = [
    *[(f"{c}\n".encode(), f"E_INVALID {c} insufficient number of parameters") for c in ("PUB", "MPUB", "DPUB")],
    (b"DPUB t\n", "E_INVALID DPUB insufficient number of parameters"),
    (b"PUB t*\n", 'E_BAD_TOPIC PUB topic name "t*" is not valid'),
    (b"DPUB t* 0\n", 'E_BAD_TOPIC DPUB topic name "t*" is not valid'),
    (b"DPUB t* x\n", 'E_BAD_TOPIC DPUB topic name "t*" is not valid'),
    (b"MPUB t*\n", 'E_BAD_TOPIC E_BAD_TOPIC MPUB topic name "t*" is not valid'),
    *[(f"{c}\n".encode() + i32(n), f"E_BAD_MESSAGE {c.split()[0]} invalid message body size {n}")
      for c in ("PUB @", "DPUB @ 0") for n in NEGATIVE],
    *[(f"{c}\n".encode() + i32(n), f"E_BAD_MESSAGE {c.split()[0]} message too big {n} > {MSG}")
      for c in ("PUB @", "DPUB @ 0") for n in (MSG + 1, 2147483647)],
    *[(b"MPUB @\n" + i32(n), f"E_BAD_BODY MPUB invalid body size {n}") for n in NEGATIVE],
    (b"MPUB @\n" + i32(BODY + 1), f"E_BAD_BODY MPUB body too big {BODY + 1} > {BODY}"),
    *[(b"MPUB @\n" + i32(4, n), f"E_BAD_BODY MPUB invalid message count {n}") for n in [*NEGATIVE, COUNT + 1]],
    *[(b"MPUB @\n" + i32(30, 2) + sized(b"a") + i32(n), f"E_BAD_MESSAGE MPUB invalid message(1) body size {n}")
      for n in NEGATIVE],
    (b"MPUB @\n" + i32(30, 1, MSG + 1), f"E_BAD_MESSAGE MPUB message too big {MSG + 1} > {MSG}"),
    *[(f"DPUB @ {p}\n".encode(), f"E_INVALID DPUB could not parse timeout {p}")
      for p in ("x", "-1", "+1", "1.5", "1x", "0x10", "\u0661")],
    *[(f"DPUB @ {n}\n".encode(), f"E_INVALID DPUB timeout {n} out of range 0-3600000")
      for n in (3600001, 18446744073709551615)],
]

# What the client leaves unsent when it half-closes inside a command.
CUT_SHORT = [
    (b"IDENTIFY\n", "E_BAD_BODY IDENTIFY failed to read body size"),
    (b"IDENTIFY\n\0\0", "E_BAD_BODY IDENTIFY failed to read body size"),
    (b"IDENTIFY\n" + i32(2), "E_BAD_BODY IDENTIFY failed to read body"),
    (b"IDENTIFY\n" + i32(2) + b"{", "E_BAD_BODY IDENTIFY failed to read body"),
    (b"AUTH\n\0", "E_BAD_BODY AUTH failed to read body size"),
    (b"AUTH\n" + i32(5) + b"secr", "E_BAD_BODY AUTH failed to read body"),
    *[(f"{c}\n".encode(), f"E_BAD_MESSAGE {c.split()[0]} failed to read message body size") for c in ("PUB @", "DPUB @ 5")],
    *[(f"{c}\n\0\0\0".encode(), f"E_BAD_MESSAGE {c.split()[0]} failed to read message body size")
      for c in ("PUB @", "DPUB @ 5")],
    *[(f"{c}\n".encode() + i32(9) + b"12345678", f"E_BAD_MESSAGE {c.split()[0]} failed to read message body")
      for c in ("PUB @", "DPUB @ 5")],
    (b"PUB @\n" + i32(MSG) + b"x" * (MSG - 1), "E_BAD_MESSAGE PUB failed to read message body"),
    (b"MPUB @\n", "E_BAD_BODY MPUB failed to read body size"),
    (b"MPUB @\n\0\0\0", "E_BAD_BODY MPUB failed to read body size"),
    (b"MPUB @\n" + i32(30), "E_BAD_BODY MPUB failed to read message count"),
    (b"MPUB @\n" + i32(30) + b"\0\0\0", "E_BAD_BODY MPUB failed to read message count"),
    (b"MPUB @\n" + i32(30, 2), "E_BAD_MESSAGE MPUB failed to read message(0) body size"),
    (b"MPUB @\n" + i32(30, 2) + sized(b"abc") + b"\0", "E_BAD_MESSAGE MPUB failed to read message(1) body size"),
    (b"MPUB @\n" + i32(30, 2) + sized(b"abc") + i32(3) + b"ab", "E_BAD_MESSAGE MPUB failed to read message body"),
    (b"MPUB @\n" + i32(30, 1, MSG) + b"x" * 70000, "E_BAD_MESSAGE MPUB failed to read message body"),
]

WHEN_SUBSCRIBED = [
    (b"IDENTIFY\n", "E_INVALID cannot IDENTIFY in current state"),
    (b"AUTH\n", "E_INVALID cannot AUTH in current state"),
    (b"AUTH x\n", "E_INVALID cannot AUTH in current state"),
    (b"SUB\n", "E_INVALID cannot SUB in current state"),
    (b"SUB t c\n", "E_INVALID cannot SUB in current state"),
    *[(f"RDY {p}\n".encode(), f"E_INVALID RDY could not parse count {p}") for p in ("x", "-1", "+1", "1.0", "1e3", "0x1")],
    (b"RDY 2501\n", "E_INVALID RDY count 2501 out of range 0-2500"),
    (b"RDY 18446744073709551615\n", "E_INVALID RDY count -1 out of range 0-2500"),
    (b"RDY 9223372036854775808\n", "E_INVALID RDY count -9223372036854775808 out of range 0-2500"),
    # the original wraps these around silently, to 0 and 1
    (b"RDY 18446744073709551616\n", "E_INVALID RDY could not parse count 18446744073709551616"),
    (b"REQ 0123456789abcdef 18446744073709551617\n", "E_INVALID REQ could not parse timeout 18446744073709551617"),
    (b"FIN\n", "E_INVALID FIN insufficient number of params"),
    (b"REQ\n", "E_INVALID REQ insufficient number of params"),
    (b"REQ 0123456789abcdef\n", "E_INVALID REQ insufficient number of params"),
    (b"TOUCH\n", "E_INVALID TOUCH insufficient number of params"),
    *[(c + p + b"\n", "E_INVALID invalid message ID")
      for c, p in ((b"FIN ", b""), (b"FIN ", b"0" * 15), (b"FIN ", b"0" * 17), (b"TOUCH ", b"1"), (b"REQ ", b"1 0"))],
    *[(f"REQ 0123456789abcdef {p}\n".encode(), f"E_INVALID REQ could not parse timeout {p}") for p in ("x", "-1", "1.5")],
]

WHEN_CLOSING = [
    (b"CLS\n", "E_INVALID cannot CLS in current state"),
    (b"SUB t c\n", "E_INVALID cannot SUB in current state"),
    (b"IDENTIFY\n", "E_INVALID cannot IDENTIFY in current state"),
    (b"AUTH\n", "E_INVALID cannot AUTH in current state"),
]


def named(cases):
    return [pytest.param(data, text, id=f"{i}-{text[:60]}") for i, (data, text) in enumerate(cases)]


def send(c, data, topic):
    c.send(data.replace(b"@", topic.encode()))


@pytest.mark.parametrize("data, text", named(IN_INIT + PUBLISHING))
def test_fatal_error_in_state_init(broker, topic, data, text):
    c = broker.client()
    send(c, data, topic)
    c.fatal(text)


@pytest.mark.parametrize("data, text", named(CUT_SHORT))
def test_client_half_closes_inside_a_command(broker, topic, data, text):
    c = broker.client()
    send(c, data, topic)
    c.half_close()
    c.fatal(text)


@pytest.mark.parametrize("data, text", named(WHEN_SUBSCRIBED + PUBLISHING))
def test_fatal_error_when_subscribed(broker, topic, data, text):
    c = broker.consumer(topic + "_s", "c")
    send(c, data, topic)
    c.fatal(text)


@pytest.mark.parametrize("data, text", named(WHEN_CLOSING))
def test_fatal_error_when_closing(broker, topic, data, text):
    c = broker.consumer(topic, "c")
    c.cls()
    c.send(data)
    c.fatal(text)


def test_sub_with_heartbeats_off(broker):
    c = broker.client()
    c.identify(heartbeat_interval=-1)
    c.send(b"SUB\n")
    c.fatal("E_INVALID cannot SUB with heartbeats disabled")


def test_half_close_inside_a_body_after_answered_commands(broker, topic):
    c = broker.client()
    c.pub(topic, "one")
    c.send(f"PUB {topic}\n".encode() + sized(b"two") + f"PUB {topic}\n".encode() + i32(5) + b"thre")
    c.half_close()
    c.response()
    c.fatal("E_BAD_MESSAGE PUB failed to read message body")
    assert broker.topic_stats(topic)["depth"] == 2


def test_the_daemon_logs_no_error_for_a_clients_mistake_and_serves_on(broker, topic):
    before = len(broker.log())
    c = broker.client()
    c.send(b"NONSENSE\n")
    c.fatal("E_INVALID invalid command NONSENSE")
    broker.client().pub(topic, "x")
    assert not [line for line in broker.log()[before:].splitlines() if " fatal " in line.lower()]
