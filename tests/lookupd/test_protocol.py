"""The TCP protocol V1: framing, commands, replies."""

import json
import os
import socket
import struct

import pytest

from pluqtest import eventually
from pluqtest.client import sized
from pluqtest.lookupd import identity_body

OPTIONS = {"broadcast_address": "lookup1.example"}


def test_identify_reply_bytes(lookupd):
    b = lookupd.stranger()
    b.send(b"IDENTIFY\n" + identity_body())
    wanted = ('{"broadcast_address":"lookup1.example","hostname":"%s","http_port":%d,"tcp_port":%d,"version":"1.3.0"}'
              % (socket.gethostname(), lookupd.http_at[1], lookupd.tcp[1]))
    assert b.reply() == wanted.encode()


def test_broadcast_address_is_the_host_name_by_default(launch_lookupd):
    b = launch_lookupd().stranger()
    assert b.identify()["broadcast_address"] == socket.gethostname()


def test_reply_frames_have_no_type(lookupd):
    b = lookupd.stranger()
    b.send(b"PING\n")
    assert b.read_exact(6) == b"\x00\x00\x00\x02OK"
    b.nothing()


def test_ping_needs_no_identity(lookupd):
    b = lookupd.stranger()
    b.ping()
    b.ping()


def test_commands_in_the_pipe_are_answered_in_order(lookupd, topic):
    b = lookupd.stranger()
    b.send(b"PING\nIDENTIFY\n" + identity_body() + f"REGISTER {topic} c\nPING\nUNREGISTER {topic} c\nNOPE\n".encode())
    assert b.reply() == b"OK"
    assert json.loads(b.reply())["version"] == "1.3.0"
    for _ in range(3):
        b.ok()
    b.fatal("E_INVALID invalid command NOPE")


def test_any_split_is_the_same(lookupd, topic):
    stream = b"PING\r\nIDENTIFY\n" + identity_body() + f"REGISTER {topic} c\nPING\n".encode()
    b = lookupd.stranger(magic=b"")
    for byte in b"  V1" + stream:
        b.send(bytes([byte]))
    b.ok()
    json.loads(b.reply())
    b.ok()
    b.ok()
    assert lookupd.lookup(topic) == (["c"], [b.local])


@pytest.mark.parametrize("line", ["PING\r", " \t PING", "PING \t\r", "PING with more words", "\v\fPING"])
def test_white_space_around_a_line(lookupd, line):
    b = lookupd.stranger()
    b.do(line)


def test_surplus_parameters_are_ignored(lookupd, topic):
    b = lookupd.broker()
    b.do(f"REGISTER {topic} c more and more")
    assert lookupd.lookup(topic) == (["c"], [b.local])


def test_two_spaces_are_an_empty_channel(lookupd, topic):
    b = lookupd.broker()
    b.do(f"REGISTER {topic}  c")
    assert lookupd.lookup(topic) == ([], [b.local])


def test_a_line_without_its_end_is_dropped(lookupd, topic):
    b = lookupd.broker()
    b.send(f"REGISTER {topic}".encode())
    b.half_close()
    b.closed()
    assert lookupd.lookup(topic) is None


def test_half_closed_peers_get_their_replies(lookupd):
    b = lookupd.stranger()
    b.send(b"PING\nPING\n")
    b.half_close()
    b.ok()
    b.ok()
    b.closed()


@pytest.mark.parametrize("magic", [b"  V2", b"  V3", b"GET ", b"\0\0\0\0", b" V1 "])
def test_wrong_magic(lookupd, magic):
    lookupd.stranger(magic=magic).fatal("E_BAD_PROTOCOL")


FATAL = [
    (b"NOPE a b\n", "E_INVALID invalid command NOPE"),
    (b"\n", "E_INVALID invalid command "),
    (b"  \r\n", "E_INVALID invalid command "),
    (b"ping\n", "E_INVALID invalid command ping"),
    (b"PING\tx\n", "E_INVALID invalid command PING\tx"),
    (b"\xff\x00x\n", b"E_INVALID invalid command \xff\x00x"),
    (b"REGISTER t\n", "E_INVALID client must IDENTIFY"),
    (b"REGISTER\n", "E_INVALID client must IDENTIFY"),
    (b"UNREGISTER $ c\n", "E_INVALID client must IDENTIFY"),
]
FATAL_IDENTIFIED = [
    (b"IDENTIFY\n", "E_INVALID cannot IDENTIFY again"),
    (b"REGISTER\n", "E_INVALID REGISTER insufficient number of params"),
    (b"REGISTER \n", "E_INVALID REGISTER insufficient number of params"),
    (b"UNREGISTER\n", "E_INVALID UNREGISTER insufficient number of params"),
    (b"REGISTER a$b c\n", "E_BAD_TOPIC REGISTER topic name 'a$b' is not valid"),
    (b"REGISTER  c\n", "E_BAD_TOPIC REGISTER topic name '' is not valid"),
    (b"REGISTER *\n", "E_BAD_TOPIC REGISTER topic name '*' is not valid"),
    (b"REGISTER #ephemeral\n", "E_BAD_TOPIC REGISTER topic name '#ephemeral' is not valid"),
    (b"REGISTER a#ephemeral#ephemeral\n", "E_BAD_TOPIC REGISTER topic name 'a#ephemeral#ephemeral' is not valid"),
    (b"REGISTER " + b"n" * 65 + b"\n", f"E_BAD_TOPIC REGISTER topic name '{'n' * 65}' is not valid"),
    (b"UNREGISTER a/b\n", "E_BAD_TOPIC UNREGISTER topic name 'a/b' is not valid"),
    (b"REGISTER t a,b\n", "E_BAD_CHANNEL REGISTER channel name 'a,b' is not valid"),
    (b"REGISTER t " + b"n" * 55 + b"#ephemeral\n", f"E_BAD_CHANNEL REGISTER channel name '{'n' * 55}#ephemeral' is not valid"),
    (b"UNREGISTER t *\n", "E_BAD_CHANNEL UNREGISTER channel name '*' is not valid"),
]


@pytest.mark.parametrize("sent,text", FATAL)
def test_errors_are_fatal(lookupd, sent, text):
    b = lookupd.stranger()
    b.send(sent)
    b.fatal(text)


@pytest.mark.parametrize("sent,text", FATAL_IDENTIFIED)
def test_errors_of_identified_peers(lookupd, sent, text):
    b = lookupd.broker()
    b.send(sent)
    b.fatal(text)


def test_nothing_behind_a_fatal_error_is_done(lookupd, topic):
    b = lookupd.broker()
    b.send(f"NOPE\nREGISTER {topic}\n".encode())
    assert b.reply() == b"E_INVALID invalid command NOPE"
    b.closed_after_replies()
    assert lookupd.lookup(topic) is None


@pytest.mark.parametrize("name", ["a", ".", "A-b_c.9", "n" * 64, "n" * 54 + "#ephemeral"])
def test_good_names(lookupd, name):
    b = lookupd.broker()
    b.register(name, name)
    assert lookupd.lookup(name) == ([name], [b.local])
    b.close()
    lookupd.post("/topic/delete", topic=name)


BAD_BODIES = [
    (b"", "failed to decode JSON body"),
    (b"{", "failed to decode JSON body"),
    (b"[]", "failed to decode JSON body"),
    (b"17", "failed to decode JSON body"),
    (b'"x"', "failed to decode JSON body"),
    (b"{} x", "failed to decode JSON body"),
    (b'{"tcp_port":"4150"}', "failed to decode JSON body"),
    (b'{"tcp_port":4150.5}', "failed to decode JSON body"),
    (b'{"tcp_port":4150.0}', "failed to decode JSON body"),
    (b'{"tcp_port":99999999999999999999}', "failed to decode JSON body"),
    (b'{"version":1}', "failed to decode JSON body"),
    (b'{"hostname":{}}', "failed to decode JSON body"),
    (b'{"remote_address":5}', "failed to decode JSON body"),
    (b"null", "missing fields"),
    (b"{}", "missing fields"),
    (b' {"x":[1,{"y":null}]} \n', "missing fields"),
]


@pytest.mark.parametrize("body,text", BAD_BODIES)
def test_bad_bodies(lookupd, body, text):
    b = lookupd.stranger()
    b.command("IDENTIFY", body)
    b.fatal("E_BAD_BODY IDENTIFY " + text)


@pytest.mark.parametrize("field", ["broadcast_address", "tcp_port", "http_port", "version"])
@pytest.mark.parametrize("value", ["absent", "zero", "null"])
def test_required_fields(lookupd, field, value):
    b = lookupd.stranger()
    wrong = {"absent": None, "zero": 0 if "port" in field else "", "null": None}[value]
    body = json.loads(identity_body()[4:])
    body[field] = wrong
    if value == "absent":
        del body[field]
    b.command("IDENTIFY", json.dumps(body))
    b.fatal("E_BAD_BODY IDENTIFY missing fields")


def test_body_cut_short(lookupd):
    b = lookupd.stranger()
    b.send(b"IDENTIFY\n\0\0")
    b.half_close()
    b.fatal("E_BAD_BODY IDENTIFY failed to read body size")
    b = lookupd.stranger()
    b.send(b"IDENTIFY\n")
    b.half_close()
    b.fatal("E_BAD_BODY IDENTIFY failed to read body size")
    b = lookupd.stranger()
    b.send(b"IDENTIFY\n\0\0\0\x10{")
    b.half_close()
    b.fatal("E_BAD_BODY IDENTIFY failed to read body")


@pytest.mark.parametrize("size,text", [
    (-1, "E_BAD_BODY IDENTIFY invalid body size -1"),
    (-2**31, "E_BAD_BODY IDENTIFY invalid body size -2147483648"),
    (65537, "E_BAD_BODY IDENTIFY body too big 65537 > 65536"),
    (2**31 - 1, "E_BAD_BODY IDENTIFY body too big 2147483647 > 65536"),
])
def test_hostile_body_lengths(lookupd, size, text):
    b = lookupd.stranger()
    b.send(b"IDENTIFY\n" + struct.pack(">i", size))
    b.fatal(text)


def test_longest_body(lookupd):
    b = lookupd.stranger()
    body = identity_body()[4:-1] + b',"x":"'
    body += b"y" * (65536 - len(body) - 2) + b'"}'
    b.send(b"IDENTIFY\n" + sized(body)[:5000])
    b.send(sized(body)[5000:] + b"PING\n")
    assert json.loads(b.reply())["version"] == "1.3.0"
    b.ok()


def test_longest_line(lookupd):
    b = lookupd.stranger()
    b.do("PING " + "x" * (16384 - 6))
    b.send(b"PING " + b"x" * (16384 - 5))
    b.fatal("E_INVALID command line is longer than 16384 bytes")


def test_keys_in_any_case_and_unknown_ones(lookupd):
    b = lookupd.stranger()
    b.command("IDENTIFY", '{"Broadcast_Address":"UP.example","TCP_PORT":1,"http_Port":-2,"VERSION":"v","HostName":"h",'
                          '"Topology_Zone":"z","TOPOLOGY_REGION":"r","remote_address":"1.1.1.1:1","other":[1]}')
    b.reply()
    found = [p for p in lookupd.get("/nodes")["producers"] if p["remote_address"] == b.local]
    assert found == [{"remote_address": b.local, "hostname": "h", "broadcast_address": "UP.example", "tcp_port": 1,
                      "http_port": -2, "version": "v", "topology_zone": "z", "topology_region": "r", "tombstones": [],
                      "topics": []}]


def test_peers_that_do_not_read_are_not_read(lookupd):
    b = lookupd.stranger()
    b.sock.settimeout(0.5)
    sent = 0
    with pytest.raises(socket.timeout):
        while sent < 1 << 28:  # the buffers of both kernels are far smaller
            sent += b.sock.send(b"PING\n" * 4096)
    other = lookupd.stranger()
    other.ping()
    b.sock.settimeout(20)
    for _ in range(sent // 5):
        assert b.reply() == b"OK"


def test_process_has_no_queue_and_no_data(launch_lookupd):
    d = launch_lookupd.make()
    d.env = {"HOME": str(d.home / "nobody"), "XDG_STATE_HOME": str(d.home / "state")}
    d.start()
    b = d.broker()
    b.register("t", "c")
    d.stop()
    assert not (d.home / "nobody").exists() and not (d.home / "state").exists() and not os.listdir(d.data)
    assert "diskqueue" not in d.log()


def test_stop_waits_for_nobody(launch_lookupd):
    d = launch_lookupd()
    peers = [d.stranger(magic=b""), d.stranger(magic=b"  "), d.stranger(), d.broker()]
    half = d.stranger()
    half.send(b"IDENTIFY\n\0\0\1\0{")
    d.stop(deadline=10)
    for p in peers:
        p.closed()


def test_a_start_on_a_busy_port_fails(launch_lookupd, lookupd):
    d = launch_lookupd.make(tcp="%s:%d" % lookupd.tcp)
    d.spawn()
    assert d.wait() == 1
    assert "lookupd" in d.log() and "%d" % lookupd.tcp[1] in d.log()


def test_unix_socket(launch_lookupd, tmp_path):
    d = launch_lookupd(tcp=str(tmp_path / "tcp"))
    d.tcp = str(tmp_path / "tcp")
    b = d.broker()
    b.register("t")
    eventually(lambda: d.lookup("t") == ([], ["@"]))
