"""Snappy and deflate on the wire: order of an upgrade, both directions, latency, damage, bombs."""

import json
import struct
import zlib

import pytest

from pluqtest.client import mpub_body, sized
from pluqtest.compress import IDENTIFIER, Snappy, chunk, data_chunk, upgrade
from pluqtest.wait import eventually

BOTH = ["snappy", "deflate"]
OK = b"\0\0\0\6\0\0\0\0OK"


def compressed(broker, name, **fields):
    c = broker.client()
    upgrade(c, name, **fields)
    return c


def client_stats(broker, topic):
    return broker.channel_stats(topic, "c")["clients"][0]


# the upgrade


def test_first_bytes_after_the_snappy_upgrade(broker):
    c = broker.client()
    assert c.identify(feature_negotiation=True, snappy=True)["snappy"] is True
    assert c.read_exact(28).hex() == "ff060000734e61507059" "010e000026982bcf" + OK.hex()


def test_deflate_begins_without_a_header_and_ends_in_a_sync_flush(broker):
    c = broker.client()
    assert c.identify(feature_negotiation=True, deflate=True)["deflate"] is True
    decoder, plain, raw = zlib.decompressobj(-15), b"", b""
    while not raw.endswith(b"\0\0\xff\xff"):
        raw += c.read_exact(1)
        plain += decoder.decompress(raw[-1:])
    assert plain == OK


@pytest.mark.parametrize("name", BOTH)
def test_without_negotiation_nothing_is_compressed(broker, name):
    c = broker.client()
    c.identify(**{name: True})
    c.pub("t-plain", b"x")


@pytest.mark.parametrize("name", BOTH)
def test_an_upgrade_that_is_turned_off_is_not_offered(launch, name):
    d = launch(**{name: False})
    c = d.client()
    answer = c.identify(feature_negotiation=True, **{name: True})
    assert answer[name] is False
    c.pub("t", b"in the clear")


def test_both_at_once_are_refused(broker):
    c = broker.client()
    c.identify_raw(json.dumps({"feature_negotiation": True, "snappy": True, "deflate": True}))
    c.fatal("E_IDENTIFY_FAILED cannot enable both deflate and snappy compression")


@pytest.mark.parametrize("asked, most, given", [(0, 6, 6), (1, 6, 1), (6, 6, 6), (9, 6, 6), (9, 9, 9), (3, 2, 2), (-4, 6, 6)])
def test_deflate_level_has_a_limit(launch, asked, most, given):
    d = launch(max_deflate_level=most)
    c = d.client()
    answer = upgrade(c, "deflate", deflate_level=asked)
    assert (answer["deflate_level"], answer["max_deflate_level"]) == (given, most)
    c.pub("t", b"x" * 1000)
    assert d.consumer("t", "c", 1).message().body == b"x" * 1000


@pytest.mark.parametrize("name", BOTH)
def test_stats_tell_it(broker, topic, name):
    c = compressed(broker, name).sub(topic, "c")
    stats = client_stats(broker, topic)
    assert (stats["snappy"], stats["deflate"]) == (name == "snappy", name == "deflate")
    c.close()


@pytest.mark.parametrize("name", BOTH)
def test_a_second_identify_changes_nothing_on_the_wire(broker, topic, name):
    c = compressed(broker, name)
    c.identify(output_buffer_size=64, output_buffer_timeout=100)
    answer = c.identify(feature_negotiation=True, **{name: True}, output_buffer_size=16384)
    assert answer[name] is False
    c.pub(topic, b"still compressed")
    assert c.sub(topic, "c", 1).message().body == b"still compressed"


@pytest.mark.parametrize("name", BOTH)
def test_under_tls(launch, certs, topic, name):
    d = launch(https_address="", **certs.server.options)
    c = d.client()
    upgrade(c, name, context=certs.context())
    c.pub(topic, b"a" * 100000)
    assert c.sub(topic, "c", 1).message().body == b"a" * 100000
    c.sync()


# both directions


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("size", [1, 199, 20000, 65535, 65536, 65537, 1000000])
def test_bodies_of_every_size(broker, topic, name, size):
    random = bytes(hash((size, i)) & 255 for i in range(1000)) * (size // 1000 + 1)
    p, c = compressed(broker, name), compressed(broker, name).sub(topic, "c", 10)
    for body in (b"a" * size, random[:size]):
        p.pub(topic, body)
        m = c.message()
        assert m.body == body
        c.fin(m)
    c.sync()


@pytest.mark.parametrize("name", BOTH)
def test_many_messages_in_order(broker, topic, name):
    p, c = compressed(broker, name), compressed(broker, name).sub(topic, "c", 2500)
    bodies = [b"message %d " % i * (i % 7 + 1) for i in range(5000)]
    for at in range(0, len(bodies), 100):
        p.send_mpub(topic, bodies[at:at + 100])
    for _ in range(50):
        p.response()
    assert c.bodies(len(bodies)) == bodies
    c.sync()


@pytest.mark.parametrize("name", BOTH)
def test_one_side_compressed_and_the_other_not(broker, topic, name):
    p, c = compressed(broker, name), broker.consumer(topic, "plain", 5)
    packed = compressed(broker, name).sub(topic, "packed", 5)
    p.mpub(topic, ["one", "two"])
    assert c.bodies(2) == packed.bodies(2) == [b"one", b"two"]


def test_identifier_before_every_command(broker, topic):
    """As pynsq sends it."""
    c = broker.client()
    upgrade(c, "snappy", coder=Snappy(identify_always=True))
    c.pub(topic, b"one")
    c.pub(topic, b"two" * 30000)
    assert c.sub(topic, "c", 5).bodies(2) == [b"one", b"two" * 30000]
    assert c.coders[-1].identified == 1  # ours comes once


def test_what_the_server_compresses_saves_an_eighth(broker, topic):
    c = compressed(broker, "snappy").sub(topic, "c", 5)
    coder = c.coders[-1]
    for body, kind in ((b"a" * 1000, 0), (bytes(range(256)), 1)):
        broker.client().pub(topic, body)
        assert c.message().body == body
        assert coder.kinds[-1] == kind


@pytest.mark.parametrize("name", BOTH)
def test_commands_split_anywhere(broker, topic, name):
    c = compressed(broker, name)
    wire = c.wired(f"PUB {topic}\n".encode() + sized(b"in pieces")) + c.wired("NOP\n")
    for byte in wire:
        c.sock.sendall(bytes([byte]))
    c.response()
    for byte in f"SUB {topic} c\nRDY 1\n".encode():  # a chunk, a flush for each byte
        c.send(bytes([byte]))
    c.response()
    assert c.message().body == b"in pieces"


def test_padding_and_empty_chunks_mean_nothing(broker, topic):
    c = compressed(broker, "snappy")
    c.sock.sendall(IDENTIFIER + chunk(0xFE, b"x" * 76494) + chunk(0x80, b"") + IDENTIFIER + data_chunk(b"", stored=True) + chunk(0xC3, b"yz"))
    c.pub(topic, b"after it")
    assert c.sub(topic, "c", 1).message().body == b"after it"


def test_empty_sync_blocks_mean_nothing(broker, topic):
    c = compressed(broker, "deflate")
    c.sock.sendall(b"\0\0\0\xff\xff" * 1000)
    c.pub(topic, b"after it")
    c.sock.sendall(b"\0\0\0\xff\xff")
    assert c.sub(topic, "c", 1).message().body == b"after it"


# latency


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("fields", [{}, {"output_buffer_size": -1}, {"output_buffer_timeout": -1}, {"output_buffer_size": 64}])
def test_a_message_is_not_held_back(broker, topic, name, fields):
    """The heartbeat, which would push it out, is far away."""
    c = compressed(broker, name, heartbeat_interval=60000, **fields).sub(topic, "c", 2500)
    p = compressed(broker, name, heartbeat_interval=60000)
    for i in range(20):
        p.pub(topic, b"message %d" % i)
        m = c.message()
        assert m.body == b"message %d" % i
        c.fin(m)
    c.sync()


# ends and damage


def damaged(name):
    garbage = {
        "snappy": {
            "no chunk": b"\x05 garbage", "checksum": data_chunk(b"NOP\n", crc=1), "block": chunk(0, b"\0\0\0\0\5\0"),
            "length": b"\x00\xcf\x2a\x01", "stored length": b"\x01\x05\x00\x01", "lying block": chunk(0, b"\0\0\0\0\xff\xff\xff\xff\x0f"),
            "identifier": b"\xff\x06\0\0sNaPpX", "in the clear": b"NOP\nNOP\n",
        },
        "deflate": {
            "block type": b"\x06\xff\xff", "stored": b"\0\1\0\1\0x", "zlib header": zlib.compress(b"NOP\n") + bytes(20),
            "distance": b"\x63\0\5\xff\xff\xff\xff", "in the clear": b"NOP\nNOP\n",
        },
    }[name]
    return [pytest.param(name, bytes_, id=f"{name}-{title}") for title, bytes_ in garbage.items()]


@pytest.mark.parametrize("name, bytes_", damaged("snappy") + damaged("deflate"))
def test_damage_closes_that_connection_only(broker, topic, name, bytes_):
    other = compressed(broker, name).sub(topic, "c", 5)
    c = compressed(broker, name)
    c.pub(topic, b"before")
    c.send_raw_lenient(bytes_)
    c.closed()
    assert other.message().body == b"before"
    broker.client().pub(topic, b"after")
    assert other.message().body == b"after"


def test_what_is_wrong_is_logged(broker):
    c = compressed(broker, "snappy")
    c.sock.sendall(data_chunk(b"NOP\n", crc=1))
    c.closed()
    broker.wait_log("snappy chunk is damaged: its checksum is wrong")


def test_final_block_is_the_end(broker, topic):
    c = compressed(broker, "deflate")
    c.sock.sendall(c.wired(f"PUB {topic}\n".encode() + sized(b"the last")) + c.coders[-1].finish())
    c.response()
    c.closed()
    assert broker.topic_stats(topic)["message_count"] == 1


@pytest.mark.parametrize("name", BOTH)
def test_half_closed_still_gets_its_answers(broker, topic, name):
    c = compressed(broker, name)
    c.send(b"".join(f"PUB {topic}\n".encode() + sized(b"x") for _ in range(100)))
    c.half_close()
    for _ in range(100):
        c.response()
    c.closed()


@pytest.mark.parametrize("name", BOTH)
def test_an_end_inside_a_chunk_loses_only_what_was_in_it(broker, topic, name):
    c = compressed(broker, name)
    c.pub(topic, b"whole")
    c.sock.sendall(c.wired(f"PUB {topic}\n".encode() + sized(b"not whole"))[:-6])
    c.half_close()
    try:
        c.closed()
    except AssertionError:  # of deflate a part may suffice for the whole command
        assert name == "deflate"
    assert broker.topic_stats(topic)["message_count"] == 1 or name == "deflate"


# bombs


def bomb(name, size):
    """Bytes that become `size` bytes and more."""
    if name == "snappy":
        return data_chunk(bytes(65536)) * (size // 65536 + 1)
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(coder.compress(bytes(1 << 20)) for _ in range(size // (1 << 20) + 1)) + coder.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize("name", BOTH)
def test_a_bomb_instead_of_a_command(broker, name):
    """The longest line is the limit: what would come behind it is not even uncompressed."""
    before = broker.rss_kib()
    c = compressed(broker, name)
    c.send_raw_lenient(bomb(name, 1 << 28))
    seen = c.closed_after_errors()
    assert len(seen) <= 1
    assert broker.sanitized or broker.rss_kib() - before < 8 * 1024


@pytest.mark.parametrize("name", BOTH)
def test_a_bomb_as_body_is_refused_by_the_size_it_says(broker, topic, name):
    c = compressed(broker, name)
    c.send_raw_lenient(c.wired(f"PUB {topic}\n".encode() + struct.pack(">i", 1 << 30)))
    c.send_raw_lenient(bomb(name, 1 << 26))
    c.fatal(f"E_BAD_MESSAGE PUB message too big {1 << 30} > 1048576")


@pytest.mark.parametrize("name", BOTH)
def test_a_bomb_as_mpub_is_refused_by_its_limit(launch, topic, name):
    d = launch(max_body_size=100000)
    c = compressed(d, name)
    c.send(f"MPUB {topic}\n".encode() + mpub_body([bytes(1000)] * 200))
    c.fatal("E_BAD_BODY MPUB body too big 200804 > 100000")


@pytest.mark.parametrize("name", BOTH)
def test_many_bombs_take_turns_with_others(broker, topic, name):
    bombers = [compressed(broker, name) for _ in range(8)]
    for c in bombers:
        c.sock.setblocking(False)
    wire = [memoryview(c.wired(f"PUB {topic}-waste\n".encode() + struct.pack(">i", 1 << 20)) + bomb(name, 1 << 26)) for c in bombers]
    p, c = broker.client(), broker.consumer(topic, "c", 5)
    for round_ in range(20):
        for i, b in enumerate(bombers):
            try:
                wire[i] = wire[i][b.sock.send(wire[i]):]
            except OSError:
                pass
        p.pub(topic, b"%d" % round_)
        assert c.bodies(1) == [b"%d" % round_]


# slow readers


@pytest.mark.parametrize("name", BOTH)
def test_a_reader_that_stops_and_goes_on_gets_everything(broker, topic, name):
    bodies = [bytes(hash((i, k)) & 255 for k in range(997)) * 20 for i in range(400)]  # 8 MB that hardly shrink by snappy
    p, c = broker.client(), compressed(broker, name).sub(topic, "c", 2500)
    for at in range(0, len(bodies), 40):
        p.mpub(topic, bodies[at:at + 40])
    eventually(lambda: broker.channel_stats(topic, "c")["in_flight_count"] > 50, what="messages on their way")
    assert c.bodies(len(bodies), timeout=20) == bodies
    c.sync()


@pytest.mark.parametrize("name", BOTH)
def test_closing_delivers_what_was_written(broker, topic, name):
    c = compressed(broker, name)
    broker.client().mpub(topic, [b"x" * 1000] * 100)
    c.sub(topic, "c", 200)
    got = c.messages(100)
    c.send(b"".join(b"FIN " + m.id + b"\n" for m in got) + b"CLS\n")
    c.response("CLOSE_WAIT")
    c.command("NO SUCH COMMAND")
    c.fatal("E_INVALID invalid command NO")
    eventually(lambda: broker.channel_stats(topic, "c")["depth"] == 0)
