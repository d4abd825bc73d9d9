"""max_channel_consumers."""

from pluqtest import eventually

OPTIONS = {"max_channel_consumers": 2}


def test_the_third_consumer_is_refused(broker, topic):
    broker.consumer(topic, "c")
    broker.consumer(topic, "c")
    c = broker.client()
    c.send(f"SUB {topic} c\n")
    c.fatal(f"E_SUB_FAILED SUB failed consumers for {topic}:c exceeds limit of 2")
    assert broker.channel_stats(topic, "c")["client_count"] == 2


def test_each_channel_counts_for_itself(broker, topic):
    for channel in ("a", "b"):
        for _ in range(2):
            broker.consumer(topic, channel)


def test_leaving_frees_the_place(broker, topic):
    first = broker.consumer(topic, "c")
    broker.consumer(topic, "c")
    first.close()
    eventually(lambda: broker.channel_stats(topic, "c")["client_count"] == 1)
    broker.consumer(topic, "c")


def test_names_are_not_quoted(broker, topic):
    name = topic + ".-#ephemeral"
    broker.consumer(name, "c")
    broker.consumer(name, "c")
    c = broker.client()
    c.send(f"SUB {name} c\n")
    c.fatal(f"E_SUB_FAILED SUB failed consumers for {name}:c exceeds limit of 2")
