"""Lines, their limit, splitting and pipelining."""

import pytest

from pluqtest.client import Closed, sized

LINE_MAX = 16384


def test_response_frame_is_byte_exact(broker, topic):
    c = broker.client()
    c.send(f"PUB {topic}\n".encode() + sized(b"x"))
    assert c.read_exact(10) == bytes.fromhex("00000006 00000000 4f4b")


def test_one_carriage_return_before_the_newline_is_removed(broker, topic):
    c = broker.client()
    c.send(b"NOP\r\n")
    c.send(f"PUB {topic}\r\n".encode() + sized(b"x"))
    c.response()


def test_only_one_carriage_return_is_removed(broker):
    c = broker.client()
    c.send(b"NOP\r\r\n")
    c.fatal("E_INVALID invalid command NOP\r")


def test_carriage_return_inside_a_line_is_kept(broker):
    c = broker.client()
    c.send(b"NO\rP\n")
    c.fatal("E_INVALID invalid command NO\rP")


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_empty_line_is_the_empty_command(broker, line):
    c = broker.client()
    c.send(line)
    c.fatal("E_INVALID invalid command ")


@pytest.mark.parametrize("line, named", [
    (b"pub t\n", b"pub"), (b"Nop\n", b"Nop"), (b" NOP\n", b""), (b"PUB\tt\n", b"PUB\tt"), (b"NOPE\n", b"NOPE"),
    (b"NO\n", b"NO"), (b"A\x00B x\n", b"A\x00B"), (b"\xff\xfe\n", b"\xff\xfe"), (b"\"q\\\n", b"\"q\\"),
])
def test_unknown_command_is_named_raw(broker, line, named):
    c = broker.client()
    c.send(line)
    c.fatal(b"E_INVALID invalid command " + named)


def test_longest_line_is_16384_bytes_with_its_newline(broker, topic):
    c = broker.client()
    c.send(b"NOP " + b"x" * (LINE_MAX - 5) + b"\n")
    c.pub(topic, "still there")


def test_longest_line_counts_the_carriage_return(broker, topic):
    c = broker.client()
    c.send(b"NOP " + b"x" * (LINE_MAX - 6) + b"\r\n")
    c.pub(topic, "still there")


def test_longest_unknown_command_is_answered(broker):
    c = broker.client()
    name = b"X" * (LINE_MAX - 1)
    c.send(name + b"\n")
    c.fatal(b"E_INVALID invalid command " + name)


def test_overlong_line_closes_without_a_frame(broker):
    c = broker.client()
    c.send(b"NOP " + b"x" * (LINE_MAX - 4))
    c.closed()


def test_overlong_line_by_one_closes_without_a_frame(broker):
    c = broker.client()
    c.send_lenient(b"NOP " + b"x" * (LINE_MAX - 4) + b"\n")
    c.closed()


def test_commands_before_an_overlong_line_are_answered(broker, topic):
    c = broker.client()
    c.send(f"PUB {topic}\n".encode() + sized(b"x") + b"y" * LINE_MAX)
    c.response()
    c.closed()


def test_two_spaces_make_an_empty_parameter(broker):
    c = broker.client()
    c.send(b"PUB  t\n" + sized(b"x"))
    c.error('E_BAD_TOPIC PUB topic name "" is not valid')


def test_trailing_space_makes_a_trailing_empty_parameter(broker):
    c = broker.client()
    c.send(b"SUB t \n")
    c.fatal('E_BAD_CHANNEL SUB channel name "" is not valid')


def test_surplus_parameters_are_ignored(broker, topic):
    c = broker.client()
    c.send(f"PUB {topic} and more  of it\n".encode() + sized(b"x"))
    c.response()
    c.send(b"NOP a b\n" + b"IDENTIFY now\n" + sized(b"{}"))
    c.response()
    c.send(f"SUB {topic} c extra\n")
    c.response()
    c.send(b"RDY 1 2\n")
    m = c.message()
    c.send(b"TOUCH " + m.id + b" x\nFIN " + m.id + b" x y\n")
    c.sync()
    c.send(b"CLS x\n")
    c.response("CLOSE_WAIT")


def test_a_dialogue_sent_byte_by_byte(broker, topic):
    c = broker.client(magic=None)
    dialogue = (b"  V2IDENTIFY\n" + sized(b'{"client_id":"slow"}') + f"SUB {topic} c\r\nRDY 5\nPUB {topic}\n".encode()
                + sized(b"a\nb") + f"MPUB {topic}\n".encode() + b"\0\0\0\x0e\0\0\0\2\0\0\0\1x\0\0\0\1y")
    for b in dialogue:
        c.send(bytes([b]))
    got = [c.frame() for _ in range(7)]
    assert [f.data for f in got if f.kind == 0] == [b"OK"] * 4
    assert [f.data[26:] for f in got if f.kind == 2] == [b"a\nb", b"x", b"y"]


def test_a_publish_split_at_every_byte(broker, topic):
    whole = f"PUB {topic}\r\n".encode() + sized(b"split\nme")
    c = broker.client()
    for at in range(1, len(whole)):
        c.send(whole[:at])
        c.nothing(0.001)
        c.send(whole[at:])
        c.response()
    s = broker.topic_stats(topic)
    assert (s["message_count"], s["message_bytes"]) == (len(whole) - 1, 8 * (len(whole) - 1))


def test_pipelined_commands_are_answered_in_order(broker, topic):
    c = broker.client()
    parts = []
    for i in range(1000):
        parts.append(f"PUB {topic}\n".encode() + sized(b"%d" % i) + b"NOP\n")
    c.send(b"".join(parts) + b"END\n")
    for _ in range(1000):
        c.response()
    c.fatal("E_INVALID invalid command END")
    consumer = broker.consumer(topic, "c", 100)
    assert consumer.bodies(1000) == [b"%d" % i for i in range(1000)]


def test_bodies_may_look_like_commands(broker, topic):
    body = b"\nPUB x\n\x00\x00\x00\x01yFIN\n  V2"
    c = broker.client()
    c.pub(topic, body)
    assert broker.consumer(topic, "c", 1).message().body == body


def test_nothing_after_a_fatal_error_is_carried_out(broker, topic):
    c = broker.client()
    c.send(f"BAD\nPUB {topic}\n".encode() + sized(b"x"))
    try:
        c.fatal("E_INVALID invalid command BAD")
    except Closed:
        pass  # a reset destroyed the error
    assert broker.topic_stats(topic) is None


def test_publish_before_a_fatal_error_counts(broker, topic):
    c = broker.client()
    c.send(f"PUB {topic}\n".encode() + sized(b"x") + b"BAD\n")
    c.response()
    c.fatal("E_INVALID invalid command BAD")
    assert broker.topic_stats(topic)["depth"] == 1


@pytest.mark.parametrize("rest", [b"", b"NO", b"PUB topic", b"\r"])
def test_end_between_commands_or_inside_a_line_closes_silently(broker, rest):
    c = broker.client()
    c.send(b"NOP\n" + rest)
    c.half_close()
    c.closed()


def test_answers_are_sent_after_the_client_half_closed(broker, topic):
    c = broker.client()
    c.send((f"PUB {topic}\n".encode() + sized(b"x")) * 50)
    c.half_close()
    for _ in range(50):
        c.response()
    c.closed()
    assert broker.topic_stats(topic)["depth"] == 50
