"""sample_rate r keeps (r+1) of 100; what is discarded is gone."""

import pytest

from pluqtest import eventually


def received(broker, topic, consumer, n):
    count = 0

    def drained():
        nonlocal count
        try:
            while True:
                consumer.fin(consumer.message(timeout=0.05))
                count += 1
        except AssertionError:
            pass
        s = broker.channel_stats(topic, "c")
        return s["depth"] == s["in_flight_count"] == 0 and s["message_count"] == n

    eventually(drained, 10)
    return count


@pytest.mark.parametrize("rate", [1, 10, 50])
def test_share(broker, topic, rate):
    n = 5000
    c = broker.consumer(topic, "c", 2500, sample_rate=rate)
    broker.client().mpub(topic, ["x"] * n)
    share = (rate + 1) / 100
    six_sigma = 6 * (n * share * (1 - share)) ** 0.5
    got = received(broker, topic, c, n)
    assert abs(got - n * share) < six_sigma, (got, n * share)
    client, = broker.channel_stats(topic, "c")["clients"]
    assert (client["message_count"], client["sample_rate"]) == (got, rate)
    assert broker.channel_stats(topic, "c")["global_msg_count"] == n  # counts what is discarded too


def test_99_keeps_everything(broker, topic):
    c = broker.consumer(topic, "c", 2500, sample_rate=99)
    broker.client().mpub(topic, ["x"] * 1000)
    assert received(broker, topic, c, 1000) == 1000


def test_discarded_messages_reach_nobody_else(broker, topic):
    sampled = broker.consumer(topic, "c", 100, sample_rate=1)
    broker.client().mpub(topic, ["x"] * 500)
    got = received(broker, topic, sampled, 500)
    other = broker.consumer(topic, "c", 100)
    other.nothing()
    assert got < 100


def test_other_channels_are_not_sampled(broker, topic):
    broker.consumer(topic, "c", 2500, sample_rate=1)
    whole = broker.consumer(topic, "whole", 2500)
    broker.client().mpub(topic, ["x"] * 500)
    assert len(whole.bodies(500)) == 500
