"""IDENTIFY: defaults, ranges, order of checks, JSON as Go reads it, the exact answer, repetition."""

import json

import pytest

from pluqtest import eventually

ANSWER = ('{"max_rdy_count":2500,"version":"%s","max_msg_timeout":900000,"msg_timeout":60000,"tls_v1":false,'
          '"deflate":false,"deflate_level":6,"max_deflate_level":6,"snappy":false,"sample_rate":0,'
          '"auth_required":false,"output_buffer_size":16384,"output_buffer_timeout":250,"topology_region":"",'
          '"topology_zone":""}')


def negotiate(broker, **fields):
    return broker.client().identify(feature_negotiation=True, **fields)


def shown(broker, topic, client):
    """The client's entry among the producers, once it has published."""
    client.pub(topic, "shows me")
    entries = [p for p in broker.stats(topic=topic)["producers"] if p["remote_address"] == client.local]
    assert len(entries) == 1
    return entries[0]


def test_the_answer_without_negotiation_is_ok(broker):
    for body in (b"{}", b'{"feature_negotiation":false}', b'{"feature_negotiation":null}', b"null"):
        c = broker.client()
        c.identify_raw(body)
        c.response()


def test_the_answer_with_negotiation_is_byte_exact(broker):
    c = broker.client()
    c.identify_raw(b'{"feature_negotiation":true}')
    version = broker.http("GET", "/info").json()["version"]
    c.response(ANSWER % version)


@pytest.mark.parametrize("fields, changed", [
    ({"heartbeat_interval": 0}, {}), ({"heartbeat_interval": -1}, {}), ({"heartbeat_interval": 1000}, {}),
    ({"heartbeat_interval": 60000}, {}),
    ({"output_buffer_timeout": 0}, {}), ({"output_buffer_timeout": -1}, {"output_buffer_timeout": 0}),
    ({"output_buffer_timeout": 25}, {"output_buffer_timeout": 25}),
    ({"output_buffer_timeout": 30000}, {"output_buffer_timeout": 30000}),
    ({"output_buffer_size": 0}, {}), ({"output_buffer_size": 64}, {"output_buffer_size": 64}),
    ({"output_buffer_size": 65536}, {"output_buffer_size": 65536}),
    ({"output_buffer_size": -1}, {"output_buffer_size": 1, "output_buffer_timeout": 0}),
    ({"output_buffer_size": -1, "output_buffer_timeout": 100}, {"output_buffer_size": 1, "output_buffer_timeout": 0}),
    ({"sample_rate": 0}, {}), ({"sample_rate": 99}, {"sample_rate": 99}),
    ({"msg_timeout": 0}, {}), ({"msg_timeout": 1000}, {"msg_timeout": 1000}), ({"msg_timeout": 900000}, {"msg_timeout": 900000}),
    ({"tls_v1": True, "snappy": True}, {"snappy": True}), ({"tls_v1": True, "deflate": True}, {"deflate": True}),
    ({"deflate_level": 9}, {}), ({"deflate_level": -5}, {}),
    ({"deflate": True, "deflate_level": 3}, {"deflate": True, "deflate_level": 3}),
    ({"topology_region": "r", "topology_zone": "z"}, {}),
    ({"short_id": "a", "long_id": "b"}, {}),
])
def test_accepted_values(broker, fields, changed):
    defaults = json.loads(ANSWER % broker.http("GET", "/info").json()["version"])
    assert negotiate(broker, **fields) == {**defaults, **changed}


@pytest.mark.parametrize("field, text, values", [
    ("heartbeat_interval", "heartbeat interval", [-2, 1, 999, 60001, 9223372036854775807, -9223372036854775808]),
    ("output_buffer_timeout", "output buffer timeout", [-2, 1, 24, 30001, 9223372036854775807]),
    ("output_buffer_size", "output buffer size", [-2, 1, 63, 65537, 4294967360]),
    ("sample_rate", "sample rate", [-1, 100, 2147483647, -2147483648]),
    ("msg_timeout", "msg timeout", [-1, 1, 999, 900001, 9223372036854775807]),
])
def test_values_out_of_range(broker, field, text, values):
    for value in values:
        c = broker.client()
        c.identify_raw(json.dumps({field: value}))
        c.fatal(f"E_BAD_BODY IDENTIFY {text} ({value}) is invalid")


def test_the_first_bad_value_in_the_order_of_checks_is_reported(broker):
    bad = [("msg_timeout", 1, "msg timeout"), ("sample_rate", 100, "sample rate"),
           ("output_buffer_size", 1, "output buffer size"), ("output_buffer_timeout", 1, "output buffer timeout"),
           ("heartbeat_interval", 1, "heartbeat interval")]
    fields = {}
    for field, value, text in bad:
        fields[field] = value
        c = broker.client()
        c.identify_raw(json.dumps(fields))
        c.fatal(f"E_BAD_BODY IDENTIFY {text} ({value}) is invalid")


@pytest.mark.parametrize("body", [
    b"{", b"}", b"", b" ", b"[]", b'"x"', b"1", b"true", b"{}x", b"{} {}", b"nul", b"{'a':1}", b'{"a":1,}', b'{"a" 1}',
    b'{"client_id":1}', b'{"client_id":true}', b'{"client_id":[]}', b'{"client_id":"\x01"}', b'{"client_id":"\\x"}',
    b'{"heartbeat_interval":1000.0}', b'{"heartbeat_interval":1e3}', b'{"heartbeat_interval":"1000"}',
    b'{"heartbeat_interval":true}', b'{"heartbeat_interval":9223372036854775808}', b'{"heartbeat_interval":01000}',
    b'{"heartbeat_interval":+1000}', b'{"heartbeat_interval":{}}',
    b'{"sample_rate":2147483648}', b'{"sample_rate":-2147483649}', b'{"sample_rate":1.5}',
    b'{"feature_negotiation":1}', b'{"feature_negotiation":"true"}', b'{"snappy":"no"}', b'{"deflate_level":"6"}',
    b'{"deflate_level":6.0}', b"\xef\xbb\xbf{}", b"{}\0",
])
def test_bodies_that_are_not_json_of_the_right_types(broker, body):
    c = broker.client()
    c.identify_raw(body or b"\n")
    c.fatal("E_BAD_BODY IDENTIFY failed to decode JSON body")


@pytest.mark.parametrize("body, sample_rate", [
    (b'{"SAMPLE_RATE":5,"Feature_Negotiation":true}', 5),
    (b'{"sample_rate":5,"sample_rate":7,"feature_negotiation":true}', 7),
    (b'{"sample_rate":5,"Sample_Rate":8,"feature_negotiation":true}', 8),
    (b'{"sample_rate":5,"sample_rate":null,"feature_negotiation":true}', 5),
    (b'{"sample_rate":null,"client_id":null,"feature_negotiation":true}', 0),
    (b' \t\r\n{ "sample_rate" : 5 ,\n"feature_negotiation":true } \r\n', 5),
    (b'{"x":{"sample_rate":9,"y":[1,2,{"z":null}]},"sample_rate":5,"feature_negotiation":true}', 5),
    (b'{"x":123456789012345678901234567890,"y":1e999,"z":-0.5E-3,"sample_rate":5,"feature_negotiation":true}', 5),
    (b'{"sample\\u005frate":5,"feature_negotiation":true}', 5),
    (b'{"sample_rate":-0,"feature_negotiation":true}', 0),
    (b'{"":1,"sample_rate":5,"feature_negotiation":true}', 5),
])
def test_json_is_read_as_go_reads_it(broker, body, sample_rate):
    c = broker.client()
    c.identify_raw(body)
    assert json.loads(c.frame().data)["sample_rate"] == sample_rate


@pytest.mark.parametrize("raw, text", [
    (b"plain", "plain"), (b"\\u00e9\\n\\/\\\"", "é\n/\""), (b"\\ud83d\\ude00", "\U0001f600"),
    (b"a\xffb", "a\ufffdb"), (b"\xc3", "\ufffd"), (b"\\ud800", "\ufffd"), (b"\\udc00x", "\ufffdx"),
    (b"\\ud800\\u0041", "\ufffdA"), (b"<&>", "<&>"), ("\u2028é".encode(), "\u2028é"),
    (b"x" * 5000, "x" * 5000), ("é".encode() * 100_000, "é" * 100_000),
])
def test_strings_reach_the_stats(broker, topic, raw, text):
    c = broker.client()
    c.identify_raw(b'{"client_id":"' + raw + b'","hostname":"h' + raw + b'","user_agent":"u' + raw + b'"}')
    c.response()
    entry = shown(broker, topic, c)
    assert (entry["client_id"], entry["hostname"], entry["user_agent"]) == (text, "h" + text, "u" + text)


def test_a_nul_does_not_cut_a_string_short(broker, topic):
    c = broker.client()
    c.identify_raw(b'{"client_id":"a\\u0000b"}')
    c.response()
    assert shown(broker, topic, c)["client_id"] in ("a\0b", "a\ufffdb")


def test_without_identify_id_and_host_name_are_the_address(broker, topic):
    entry = shown(broker, topic, broker.client())
    assert (entry["client_id"], entry["hostname"], entry["user_agent"]) == ("127.0.0.1", "127.0.0.1", "")


def test_identify_overwrites_id_and_host_name_even_when_absent(broker, topic):
    c = broker.client()
    c.identify(user_agent="agent/1")
    entry = shown(broker, topic, c)
    assert (entry["client_id"], entry["hostname"], entry["user_agent"]) == ("", "", "agent/1")


def test_negotiated_topology_and_sample_rate_are_shown(broker, topic):
    c = broker.client()
    c.identify(topology_region="eu", topology_zone="eu-1", sample_rate=42)
    entry = shown(broker, topic, c)
    assert (entry["topology_region"], entry["topology_zone"], entry["sample_rate"]) == ("eu", "eu-1", 42)


def test_numeric_settings_apply_without_negotiation(broker, topic):
    c = broker.client()
    c.identify(heartbeat_interval=1000, msg_timeout=1000)
    assert c.frame(timeout=3) == (0, b"_heartbeat_")


def test_a_second_identify_changes_what_is_shown_but_not_the_delivery(broker, topic):
    c = broker.client()
    c.identify(msg_timeout=1000, client_id="first")
    c.identify(msg_timeout=600000, client_id="second")
    assert shown(broker, topic, c)["client_id"] == "second"
    c.sub(topic, "c", 1)
    first = c.message()
    again = c.message(timeout=3)
    assert (again.id, again.attempts) == (first.id, 2)


def test_a_second_identify_changes_what_touch_gives(broker, topic):
    c = broker.client()
    c.identify(msg_timeout=1000)
    c.identify(msg_timeout=600000)
    c.sub(topic, "c", 1)
    broker.client().pub(topic, "x")
    m = c.message()
    c.touch(m)
    c.nothing(1.5)
    c.fin(m)
    c.sync()


def test_a_second_identify_answers_with_its_own_values(broker):
    c = broker.client()
    assert c.identify(feature_negotiation=True, msg_timeout=2000)["msg_timeout"] == 2000
    again = c.identify(feature_negotiation=True, msg_timeout=3000, output_buffer_size=128)
    assert (again["msg_timeout"], again["output_buffer_size"]) == (3000, 128)
    assert c.identify(feature_negotiation=True)["msg_timeout"] == 3000


def test_limits_and_defaults_follow_the_options(launch):
    d = launch(max_rdy_count=10, max_msg_timeout="5m", msg_timeout="5s", max_output_buffer_size=1000,
               max_output_buffer_timeout="1s", min_output_buffer_timeout="100ms", output_buffer_timeout="50ms",
               max_heartbeat_interval="20s", max_deflate_level=3, topology_region='r<>&"', topology_zone="z")
    answer = negotiate(d)
    assert answer["max_rdy_count"] == 10
    assert answer["max_msg_timeout"] == 300000
    assert answer["msg_timeout"] == 5000
    assert answer["output_buffer_timeout"] == 50
    assert (answer["deflate_level"], answer["max_deflate_level"]) == (3, 3)
    assert (answer["topology_region"], answer["topology_zone"]) == ('r<>&"', "z")
    for field, value, text in (("heartbeat_interval", 20001, "heartbeat interval"), ("msg_timeout", 300001, "msg timeout"),
                               ("output_buffer_timeout", 99, "output buffer timeout"),
                               ("output_buffer_timeout", 1001, "output buffer timeout"),
                               ("output_buffer_size", 1001, "output buffer size")):
        c = d.client()
        c.identify_raw(json.dumps({field: value}))
        c.fatal(f"E_BAD_BODY IDENTIFY {text} ({value}) is invalid")
    raw = d.client()
    raw.identify_raw(b'{"feature_negotiation":true}')
    assert rb'"topology_region":"r\u003c\u003e\u0026\""' in raw.frame().data
    c = d.client().sub("t", "c")
    c.rdy(11)
    c.fatal("E_INVALID RDY count 11 out of range 0-10")


def test_producers_leave_the_stats_when_they_disconnect(broker, topic):
    c = broker.client()
    shown(broker, topic, c)
    local = c.local
    c.close()
    eventually(lambda: local not in [p["remote_address"] for p in broker.stats()["producers"] or []])
