"""Topics with different homes: connections that publish, subscribe and move between loops."""

import threading

from pluqtest import eventually
from pluqtest.client import sized

OPTIONS = {"threads": 4}
TOPICS = 12


def test_a_subscriber_publishes_to_topics_everywhere(broker, topic):
    c = broker.consumer(topic, "c", 100)
    feeder = broker.client()
    for i in range(20):
        c.send(b"".join(f"PUB {topic}_{n}\n".encode() + sized(b"%d" % i) for n in range(TOPICS)))
        feeder.pub(topic, f"{i}")
    answers, bodies = 0, []
    while answers < 20 * TOPICS or len(bodies) < 20:
        f = c.live_frame()
        if f.kind == 0:
            assert f.data == b"OK"
            answers += 1
        else:
            bodies.append(f.data[26:])
            c.fin(f.data[10:26])
    assert bodies == [b"%d" % i for i in range(20)]
    for n in range(TOPICS):
        assert broker.topic_stats(f"{topic}_{n}")["depth"] == 20


def test_answers_keep_the_order_of_commands_across_homes(broker, topic):
    """Only the last command fails, and its error must come last."""
    for _ in range(20):
        c = broker.client()
        c.send(b"".join(f"PUB {topic}_{n}\n".encode() + sized(b"x") for n in range(TOPICS)) + b"PUB bad! x\n")
        for _ in range(TOPICS):
            c.response()
        c.fatal('E_BAD_TOPIC PUB topic name "bad!" is not valid')
    for n in range(TOPICS):
        assert broker.topic_stats(f"{topic}_{n}")["message_count"] == 20


def test_publish_then_subscribe_elsewhere_in_one_segment(broker, topic):
    for n in range(TOPICS):
        c = broker.client()
        c.send(f"PUB {topic}_a\n".encode() + sized(b"p") + f"SUB {topic}_{n} c\nRDY 5\n".encode()
               + f"PUB {topic}_{n}\n".encode() + sized(b"own"))
        frames = [c.live_frame() for _ in range(4)]
        assert [f.data for f in frames if f.kind == 0] == [b"OK"] * 3
        assert [f.data[26:] for f in frames if f.kind == 2] == [b"own"]


def test_messages_of_one_publisher_to_one_topic_keep_their_order(broker, topic):
    c = broker.client()
    for i in range(500):
        for n in range(4):
            c.command(f"PUB {topic}_{n}", "%d" % i)
    for _ in range(2000):
        c.response()
    for n in range(4):
        assert broker.consumer(f"{topic}_{n}", "c", 100).bodies(500) == [b"%d" % i for i in range(500)]


def test_everybody_at_once(broker, topic):
    """Publishers to all topics, subscribers of all topics, each on threads of its own."""
    names = [f"{topic}_{n}" for n in range(TOPICS)]
    consumers = [broker.consumer(name, "c", 50) for name in names]
    failures = []

    def guarded(work, *args):
        try:
            work(*args)
        except Exception as e:
            failures.append(repr(e))

    def publish(k):
        p = broker.client()
        for i in range(100):
            for name in names:
                p.command(f"PUB {name}", f"{k}-{i}")
            for _ in names:
                p.response(timeout=20)

    got = {}

    def consume(name, c):
        got[name] = c.bodies(400, timeout=20)
        c.sync()

    work = [threading.Thread(target=guarded, args=(publish, k)) for k in range(4)]
    work += [threading.Thread(target=guarded, args=(consume, n, c)) for n, c in zip(names, consumers)]
    for t in work:
        t.start()
    for t in work:
        t.join()
    assert not failures, failures
    for name in names:
        assert sorted(got[name]) == sorted(b"%d-%d" % (k, i) for k in range(4) for i in range(100))
        for k in range(4):
            mine = [b for b in got[name] if b.startswith(b"%d-" % k)]
            assert mine == [b"%d-%d" % (k, i) for i in range(100)]


def test_a_topic_deleted_under_its_subscribers_closes_them_without_a_frame(broker, topic):
    consumers = [broker.consumer(topic, f"c{i}", 1) for i in range(5)]
    broker.post("/topic/delete", topic=topic)
    for c in consumers:
        c.closed()
    assert broker.topic_stats(topic) is None


def test_a_channel_deleted_under_its_subscribers_closes_them_without_a_frame(broker, topic):
    a, b = broker.consumer(topic, "a", 1), broker.consumer(topic, "b", 1)
    broker.post("/channel/delete", topic=topic, channel="a")
    a.closed()
    broker.client().pub(topic, "x")
    assert b.message().body == b"x"


def test_a_topic_deleted_under_its_publisher_is_made_again(broker, topic):
    c = broker.client()
    for _ in range(5):
        c.pub(topic, "x")
        broker.post("/topic/delete", topic=topic)
        assert broker.topic_stats(topic) is None
    c.pub(topic, "y")
    assert broker.topic_stats(topic)["depth"] == 1
    assert broker.consumer(topic, "c", 1).message().body == b"y"


def test_deletion_against_a_storm_of_publishes(broker, topic):
    """Every publish is answered by OK or E_PUB_FAILED, and the name works at the end."""
    stop = threading.Event()
    outcomes = []

    def storm():
        while not stop.is_set():
            c = broker.client()
            try:
                while not stop.is_set():
                    c.command(f"PUB {topic}", "x")
                    f = c.live_frame(timeout=10)
                    outcomes.append(f)
                    if f.kind:
                        break
            finally:
                c.close()

    threads = [threading.Thread(target=storm) for _ in range(3)]
    for t in threads:
        t.start()
    deleted = 0
    for _ in range(30):
        deleted += broker.http("POST", "/topic/delete", {"topic": topic}).status == 200
    stop.set()
    for t in threads:
        t.join()
    assert deleted > 0
    assert {f for f in outcomes} <= {(0, b"OK"), (1, b"E_PUB_FAILED PUB failed exiting")}
    broker.client().pub(topic, "x")


def test_deleting_a_topic_removes_its_files_and_its_metadata(launch):
    from pluqtest import disk
    d = launch(mem_queue_size=2)
    d.consumer("gone", "c", 0)
    d.consumer("stays", "c", 0)
    for name in ("gone", "stays"):
        d.client().pub_all(name, ["x"] * 50)
        d.wait_channel(name, "c", depth=50)
    d.post("/topic/delete", topic="gone")
    assert list(disk.metadata(d.data)) == ["stays"]
    assert d.files("gone*") == []
    d.client().pub("gone", "fresh")
    assert d.consumer("gone", "c", 1).bodies(1) == [b"fresh"]


def test_a_subscription_after_the_deletion_starts_empty(broker, topic):
    c = broker.consumer(topic, "c", 0)
    broker.client().mpub(topic, ["old"] * 10)
    broker.wait_channel(topic, "c", depth=10)
    broker.post("/topic/delete", topic=topic)
    c.closed()
    c = broker.consumer(topic, "c", 10)
    c.nothing()
    broker.client().pub(topic, "new")
    assert c.message().body == b"new"


def test_connections_are_dealt_over_loops_and_all_close(broker, topic):
    clients = [broker.consumer(f"{topic}_{i % TOPICS}", "c", 1) for i in range(100)]
    for i in range(TOPICS):
        broker.client().mpub(f"{topic}_{i}", ["x"] * 8)
    for c in clients[:TOPICS]:
        c.message()
    for c in clients:
        c.close()
    for i in range(TOPICS):
        eventually(lambda: broker.channel_stats(f"{topic}_{i}", "c")["client_count"] == 0)
