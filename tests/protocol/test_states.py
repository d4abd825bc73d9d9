"""Which command is allowed in which state: the whole table."""

import pytest

from pluqtest.client import mpub_body, sized

INIT, SUBSCRIBED, CLOSING = "init", "subscribed", "closing"
STATE_NUMBER = {INIT: 0, SUBSCRIBED: 3, CLOSING: 4}
ID = "0123456789abcdef"

COMMANDS = {
    "IDENTIFY": b"IDENTIFY\n" + sized(b"{}"),
    "AUTH": b"AUTH\n" + sized(b"s"),
    "SUB": b"SUB @other c\n",
    "PUB": b"PUB @\n" + sized(b"x"),
    "MPUB": b"MPUB @\n" + mpub_body([b"x"]),
    "DPUB": b"DPUB @ 10\n" + sized(b"x"),
    "RDY": b"RDY 1\n",
    "FIN": f"FIN {ID}\n".encode(),
    "REQ": f"REQ {ID} 0\n".encode(),
    "TOUCH": f"TOUCH {ID}\n".encode(),
    "CLS": b"CLS\n",
    "NOP": b"NOP\n",
}

OK, SILENT = (0, "OK"), None
AUTH_OFF = (1, "E_AUTH_DISABLED AUTH disabled")


def refused(command):
    return 1, f"E_INVALID cannot {command} in current state"


def not_in_flight(command):
    return 1, f"E_{command}_FAILED {command} {ID} failed ID not in flight"


WANTED = {
    "IDENTIFY": {INIT: OK}, "AUTH": {INIT: AUTH_OFF}, "SUB": {INIT: OK},
    "PUB": {INIT: OK, SUBSCRIBED: OK, CLOSING: OK},
    "MPUB": {INIT: OK, SUBSCRIBED: OK, CLOSING: OK},
    "DPUB": {INIT: OK, SUBSCRIBED: OK, CLOSING: OK},
    "RDY": {SUBSCRIBED: SILENT, CLOSING: SILENT},
    **{c: {SUBSCRIBED: not_in_flight(c), CLOSING: not_in_flight(c)} for c in ("FIN", "REQ", "TOUCH")},
    "CLS": {SUBSCRIBED: (0, "CLOSE_WAIT")},
    "NOP": {INIT: SILENT, SUBSCRIBED: SILENT, CLOSING: SILENT},
}


def in_state(broker, topic, state):
    c = broker.client()
    if state != INIT:
        c.sub(topic + "_s", "c")
    if state == CLOSING:
        c.cls()
    return c


@pytest.mark.parametrize("state", [INIT, SUBSCRIBED, CLOSING])
@pytest.mark.parametrize("command", list(COMMANDS))
def test_command_in_state(broker, topic, command, state):
    c = in_state(broker, topic, state)
    c.send(COMMANDS[command].replace(b"@", topic.encode()))
    wanted = WANTED[command].get(state, refused(command))
    if wanted:
        f = c.frame()
        assert f == (wanted[0], wanted[1].encode())
    fatal = state not in WANTED[command] or wanted == AUTH_OFF
    if fatal:
        c.closed()
    else:
        c.pub(topic, "the connection still works")


@pytest.mark.parametrize("state", [INIT, SUBSCRIBED, CLOSING])
def test_stats_show_the_state(broker, topic, state):
    c = in_state(broker, topic, state)
    c.pub(topic, "x")  # makes it a producer
    s = broker.stats(topic=topic)
    mine = [p for p in s["producers"] if p["remote_address"] == c.local]
    assert [p["state"] for p in mine] == [STATE_NUMBER[state]]


@pytest.mark.parametrize("line", [b"RDY x\n", b"RDY -1\n", b"RDY 99999\n", b"RDY\n"])
def test_rdy_is_ignored_when_closing_even_malformed(broker, topic, line):
    c = in_state(broker, topic, CLOSING)
    broker.client().pub(topic + "_s", "x")
    c.send(line)
    c.sync()
    c.nothing()


def test_identify_is_allowed_again_in_init(broker, topic):
    c = broker.client()
    for i in range(3):
        c.identify(client_id=f"n{i}")
    c.pub(topic, "x")
    c.identify(client_id="after a publish")
