"""CLS ends deliveries and leaves the connection to the client; NOP does nothing."""

import pytest


def test_cls_stops_deliveries(broker, topic):
    c = broker.consumer(topic, "c", 10)
    c.cls()
    broker.client().pub(topic, "x")
    c.nothing()
    assert broker.channel_stats(topic, "c")["depth"] == 1


@pytest.mark.parametrize("answer", ["FIN {}", "REQ {} 0", "TOUCH {}"])
def test_messages_in_flight_may_still_be_answered(broker, topic, answer):
    c = broker.consumer(topic, "c", 1)
    broker.client().pub(topic, "x")
    m = c.message()
    c.cls()
    c.send(answer.format(m.id.decode()) + "\n")
    c.sync()
    s = broker.channel_stats(topic, "c")
    assert (s["in_flight_count"], s["depth"]) == ((1, 0) if "TOUCH" in answer else (0, int("REQ" in answer)))


def test_a_requeue_after_cls_goes_to_others(broker, topic):
    c = broker.consumer(topic, "c", 1)
    broker.client().pub(topic, "x")
    m = c.message()
    c.cls()
    c.req(m)
    assert broker.consumer(topic, "c", 1).message().attempts == 2
    c.nothing()


def test_the_daemon_does_not_close_by_itself(broker, topic):
    c = broker.consumer(topic, "c", 1)
    c.cls()
    c.nothing(0.3)
    assert broker.channel_stats(topic, "c")["clients"][0]["state"] == 4


def test_ready_count_is_shown_as_zero(broker, topic):
    c = broker.consumer(topic, "c", 7)
    c.cls()
    assert broker.channel_stats(topic, "c")["clients"][0]["ready_count"] == 0


def test_nop_is_not_answered(broker, topic):
    c = broker.client()
    c.send(b"NOP\n" * 1000)
    c.nothing()
    c.pub(topic, "x")
