"""RDY is a window: a message may be sent while fewer than that are in flight."""

import pytest

from pluqtest.client import Message


def fill(broker, topic, n):
    broker.client().mpub(topic, [b"%d" % i for i in range(n)])


def test_nothing_is_delivered_before_the_first_rdy(broker, topic):
    fill(broker, topic, 3)
    c = broker.consumer(topic, "c")
    c.nothing()
    c.rdy(1)
    assert c.message().body == b"0"


def test_the_window_is_not_used_up(broker, topic):
    fill(broker, topic, 20)
    c = broker.consumer(topic, "c", 2)
    got = c.messages(2)
    c.nothing()
    for _ in range(9):
        c.fin(got.pop(0))
        got.append(c.message())
    c.nothing()
    assert broker.channel_stats(topic, "c")["in_flight_count"] == 2


@pytest.mark.parametrize("line, window", [("RDY", 1), ("RDY ", 0), ("RDY 0", 0), ("RDY 3", 3), ("RDY 0003", 3),
                                          ("RDY 2500", 10)])
def test_the_count(broker, topic, line, window):
    fill(broker, topic, 10)
    c = broker.consumer(topic, "c")
    c.send(line + "\n")
    got = [c.message().body for _ in range(window)]
    assert got == [b"%d" % i for i in range(window)]
    c.nothing()


def test_lowering_below_what_is_in_flight_only_stops_deliveries(broker, topic):
    fill(broker, topic, 10)
    c = broker.consumer(topic, "c", 5)
    got = c.messages(5)
    c.rdy(2)
    for m in got[:3]:
        c.fin(m)
    c.sync()
    c.nothing()
    c.fin(got[3])
    assert c.message().body == b"5"


def test_zero_stops_and_a_later_rdy_resumes(broker, topic):
    c = broker.consumer(topic, "c", 5)
    c.rdy(0)
    c.sync()
    fill(broker, topic, 5)
    c.nothing()
    c.rdy(5)
    assert len(c.messages(5)) == 5


def test_raising_delivers_the_difference(broker, topic):
    fill(broker, topic, 10)
    c = broker.consumer(topic, "c", 3)
    c.messages(3)
    c.rdy(7)
    assert [m.body for m in c.messages(4)] == [b"3", b"4", b"5", b"6"]
    c.nothing()


def test_requeue_and_timeout_free_a_place(broker, topic):
    fill(broker, topic, 3)
    c = broker.consumer(topic, "c", 1)
    m = c.message()
    c.req(m, 60000)
    assert c.message().body == b"1"


def test_stats_show_ready_and_in_flight(broker, topic):
    fill(broker, topic, 10)
    c = broker.consumer(topic, "c", 4)
    got = c.messages(4)
    c.fin(got[0])
    c.message()
    client, = broker.channel_stats(topic, "c")["clients"]
    assert (client["ready_count"], client["in_flight_count"]) == (4, 4)
    assert (client["message_count"], client["finish_count"], client["requeue_count"]) == (5, 1, 0)


def test_a_message_sent_after_the_answer_to_sub(broker, topic):
    """SUB and RDY in one segment: the OK comes first."""
    fill(broker, topic, 1)
    c = broker.client()
    c.send(f"SUB {topic} c\nRDY 1\n")
    c.response()
    assert Message.parse(c.frame().data).body == b"0"
