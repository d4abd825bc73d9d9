"""AUTH, and what it lets a client do, as the protocol tells it. The plugin behind it says what the test wants."""

import struct

import pytest

from pluqtest import eventually
from pluqtest.client import ERROR, HEARTBEAT, MESSAGE, RESPONSE, mpub_body
from pluqtest.guarded import ALL, HOUR, RULES, Guarded


@pytest.fixture(scope="module")
def guarded():
    d = Guarded(RULES).start()
    yield d
    d.stop()
    d.remove()


@pytest.fixture
def fresh(adopt):
    """A broker of the test's own."""
    return lambda rules=None, **options: adopt(Guarded(rules or RULES, **options)).start()


# AUTH


def test_identify_tells_that_auth_is_required(guarded, broker):
    assert guarded.client().identify(feature_negotiation=True)["auth_required"] is True
    assert broker.client().identify(feature_negotiation=True)["auth_required"] is False


def test_the_answer_names_the_client(guarded):
    c = guarded.client()
    c.command("AUTH", "good")
    assert c.live_frame() == (RESPONSE, b'{"identity":"id-good","identity_url":"","permission_count":1}')
    c.pub("t", "x")


def test_without_plugins_auth_is_disabled(broker):
    c = broker.client()
    c.command("AUTH", "x")
    c.fatal("E_AUTH_DISABLED AUTH disabled")


@pytest.mark.parametrize("secret, error", [
    ("none", "E_UNAUTHORIZED AUTH no authorizations found"), ("unheard of", "E_UNAUTHORIZED AUTH no authorizations found"),
    ("bad", "E_AUTH_FAILED AUTH failed"), ("broken", "E_AUTH_FAILED AUTH failed"),
])
def test_who_is_not_let_in_is_told(guarded, secret, error):
    c = guarded.client()
    c.command("AUTH", secret)
    c.fatal(error)


def test_auth_twice(guarded):
    c = guarded.authed()
    c.command("AUTH", "good")
    c.fatal("E_INVALID AUTH already set")


def test_the_form_of_auth_is_judged_first(guarded):
    for line, body, error in [("AUTH x", None, "E_INVALID AUTH invalid number of parameters"),
                              ("AUTH ", None, "E_INVALID AUTH invalid number of parameters"),
                              ("AUTH", b"", "E_BAD_BODY AUTH invalid body size 0")]:
        for c in (guarded.client(), guarded.authed()):
            c.command(line, body)
            c.fatal(error)
    c = guarded.client()
    c.send(b"AUTH\n" + struct.pack(">i", 5242881))
    c.fatal("E_BAD_BODY AUTH body too big 5242881 > 5242880")
    c = guarded.authed().sub("t", "c")
    c.command("AUTH", "good")
    c.fatal("E_INVALID cannot AUTH in current state")


def test_a_secret_may_be_long(fresh):
    secret = "x" * 1500
    d = fresh({secret: ("allow", HOUR, 0, ALL)})
    d.authed(secret)
    c = d.client()
    c.command("AUTH", "y" * 200000)
    c.fatal("E_UNAUTHORIZED AUTH no authorizations found")


def test_commands_behind_a_late_answer_wait_for_it(guarded):
    c = guarded.client()
    c.send(b"AUTH\n" + struct.pack(">i", 4) + b"late" + b"PUB late\n" + struct.pack(">i", 1) + b"x" + b"SUB late c\nRDY 1\n")
    assert c.live_frame().data.startswith(b'{"identity":"id-late"')
    c.response()
    c.response()
    assert c.message().body == b"x"


def test_heartbeats_go_on_while_it_is_late(fresh):
    d = fresh(**{"auth.timeout": "20s"})
    c = d.client()
    c.identify(heartbeat_interval=1000)
    c.command("AUTH", "slow")
    for _ in range(3):
        assert c.frame() == (RESPONSE, HEARTBEAT)


def test_who_sends_no_more_hears_its_answers(guarded):
    c = guarded.client()
    c.send(b"AUTH\n" + struct.pack(">i", 4) + b"late" + b"PUB half\n" + struct.pack(">i", 1) + b"x" + b"MPUB half\n" + mpub_body([b"1", b"2"]))
    c.half_close()
    assert c.live_frame().data.startswith(b'{"identity":"id-late"')
    c.response()
    c.response()
    c.closed()
    assert guarded.topic_stats("half")["message_count"] == 3


def test_a_client_that_leaves_meanwhile_is_forgotten(fresh):
    d = fresh(**{"auth.timeout": "60s"})
    before = d.descriptors()
    clients = [d.client() for _ in range(20)]
    for c in clients:
        c.identify(heartbeat_interval=1000)
        c.command("AUTH", "slow")
    d.wait_log(r"asked slow")
    for c in clients:
        c.reset()
    eventually(lambda: d.descriptors() <= before, 20, "connections are gone")
    d.authed().pub("t", "x")


def test_the_deadline_is_a_failure(fresh):
    d = fresh(**{"auth.timeout": "300ms"})
    c = d.client()
    c.command("AUTH", "slow")
    c.fatal("E_AUTH_FAILED AUTH failed")


# what is permitted


def test_commands_need_auth_first(guarded):
    for send, name in [(lambda c: c.command("SUB t c"), "SUB"), (lambda c: c.command("PUB t", "x"), "PUB"),
                       (lambda c: c.command("DPUB t 1", "x"), "DPUB"), (lambda c: c.command("MPUB t"), "MPUB")]:
        c = guarded.client()
        c.identify()
        c.command("NOP")
        send(c)
        c.fatal(f"E_AUTH_FIRST AUTH required before {name}")
    assert guarded.topic_stats("nobody") is None


def test_what_is_checked_before(guarded):
    for line, body, error in [
            ("SUB * c", None, 'E_BAD_TOPIC SUB topic name "*" is not valid'), ("SUB t *", None, 'E_BAD_CHANNEL SUB channel name "*" is not valid'),
            ("PUB *", None, 'E_BAD_TOPIC PUB topic name "*" is not valid'), ("PUB t", b"", "E_BAD_MESSAGE PUB invalid message body size 0"),
            ("DPUB t x", None, "E_INVALID DPUB could not parse timeout x"), ("MPUB *", None, 'E_BAD_TOPIC E_BAD_TOPIC MPUB topic name "*" is not valid')]:
        c = guarded.client()
        c.command(line, body)
        c.fatal(error)
    c = guarded.client()
    c.send(b"PUB t\n" + struct.pack(">i", 300000) + b"x" * 299999)
    c.nothing()
    c.send(b"x")
    c.fatal("E_AUTH_FIRST AUTH required before PUB")


def test_permissions(guarded):
    c = guarded.authed("some")
    c.pub("in", "x")
    c.mpub("in", ["y", "z"])
    c.dpub("in", 1, "d")
    c.sub("orders", "ch")
    for send, what in [(lambda c: c.command("PUB orders", "x"), 'PUB on "orders" ""'), (lambda c: c.command("DPUB orders 5", "x"), 'DPUB on "orders" ""'),
                       (lambda c: c.send(b"MPUB orders\n"), 'MPUB on "orders" ""'), (lambda c: c.command("SUB in ch"), 'SUB on "in" "ch"'),
                       (lambda c: c.command("SUB orders other"), 'SUB on "orders" "other"'),
                       (lambda c: c.command("SUB orders#ephemeral ch"), 'SUB on "orders#ephemeral" "ch"')]:
        c = guarded.authed("some")
        send(c)
        c.fatal(f"E_UNAUTHORIZED AUTH failed for {what}")
    topics = {t["topic_name"] for t in guarded.stats()["topics"]}
    assert "orders#ephemeral" not in topics
    assert [ch["channel_name"] for ch in guarded.topic_stats("orders")["channels"]] == ["ch"]


def test_a_refusal_keeps_its_turn(guarded):
    c = guarded.authed("some")
    c.send(b"PUB in\n" + struct.pack(">i", 1) + b"x" + b"MPUB in\n" + mpub_body([b"1", b"2"]) + b"PUB out\n" + struct.pack(">i", 1) + b"x")
    c.response()
    c.response()
    c.fatal('E_UNAUTHORIZED AUTH failed for PUB on "out" ""')


def test_clients_of_all_loops(fresh):
    """A session goes with its connection to the home of its topic."""
    d = fresh(threads=4)
    for i in range(12):
        p = d.authed()
        p.pub(f"topic{i}", "x")
        p.pub(f"topic{(i + 1) % 12}", "x")
        p.sub(f"topic{i}", "c", 1)
        assert p.message().body == b"x"


# over time


def test_a_publisher_is_asked_about_again(fresh):
    d = fresh({"p": ("allow", 400, 0, ALL)})
    c = d.authed("p")
    c.pub("t", "1")
    d.tell({"p": ("allow", 400, 200, "publish ^t$ .*")})
    eventually(lambda: c.pub("t", "x") or d.asked("p") >= 2, 5, "the plugin is asked again")
    d.tell({"p": ("deny", 0, 0)})

    def cut():
        c.command("PUB t", "x")
        f = c.live_frame()
        return f if f.kind == ERROR else None
    assert eventually(cut, 5, "the publisher is refused").data == b"E_AUTH_FAILED AUTH failed"
    c.closed()


def test_a_publisher_whose_plugin_is_broken(fresh):
    d = fresh({"p": ("allow", 100, 0, ALL)})
    c = d.authed("p")
    d.tell({"p": ("error", 0, 0)})

    def cut():
        c.command("PUB t", "x")
        f = c.live_frame()
        return f if f.kind == ERROR else None
    assert eventually(cut, 5, "the publisher is refused").data == b"E_AUTH_FAILED AUTH failed"
    c.closed()


@pytest.mark.parametrize("rule, error", [
    (("deny", 0, 0), "E_AUTH_FAILED AUTH failed"), (("allow", 300, 0), 'E_UNAUTHORIZED AUTH failed for SUB on "t" "c"'),
    (("allow", 300, 0, "subscribe ^t$ ^d$"), 'E_UNAUTHORIZED AUTH failed for SUB on "t" "c"'), (("error", 0, 0), "E_AUTH_FAILED AUTH failed"),
])
def test_a_subscriber_whose_grant_is_gone_is_closed(fresh, rule, error):
    d = fresh({"s": ("allow", 500, 0, ALL), "p": ("allow", HOUR, 0, ALL)}, msg_timeout="1s")
    c = d.authed("s").sub("t", "c", 1)
    d.authed("p").pub("t", "x")
    first = c.message()
    eventually(lambda: d.asked("s") >= 2, 5, "the subscriber is asked about again")  # and keeps its place
    d.tell({"s": rule, "p": ("allow", HOUR, 0, ALL)})
    f = c.live_frame()
    while f.kind == MESSAGE:  # on a slow machine its time may be over before
        f = c.live_frame()
    assert f == (ERROR, error.encode())
    c.closed()
    d.wait_channel("t", "c", client_count=0)
    other = d.authed("p").sub("t", "c", 1)  # what was in flight waits for its timeout, as after any disconnect
    again = other.message()
    assert again.id == first.id and again.attempts > first.attempts
    assert d.channel_stats("t", "c")["timeout_count"] == again.attempts - 1


def test_rejected_clients_cost_the_plugin_nothing(fresh):
    d = fresh({"bad": ("deny", 0, 0)})
    for _ in range(10):
        c = d.client()
        c.command("AUTH", "bad")
        c.fatal("E_AUTH_FAILED AUTH failed")
    assert d.asked("bad") == 1


# what is shown


def test_stats_show_who_is_authorized(guarded):
    c = guarded.authed()
    c.sub("shown", "c")
    client, = guarded.channel_stats("shown", "c")["clients"]
    assert client["authed"] is True and client["auth_identity"] == "id-good" and "auth_identity_url" not in client
    keys = list(client)
    assert keys[keys.index("user_agent") + 1:keys.index("user_agent") + 3] == ["authed", "auth_identity"]
