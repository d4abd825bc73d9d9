"""nsq_tail, against a broker that misbehaves on demand, and against the real one."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import threading
from pathlib import Path

import pytest

from fakebroker import ERROR, RESPONSE, FakeBroker, frame, ident, message
from pluqtest import Client
from pluqtest.wait import eventually, scaled

PROGRAM = Path(os.environ.get("PLUQ_BUILD_DIR", ".")) / "tools" / "nsq_tail"


@pytest.fixture
def fake():
    broker = FakeBroker()
    yield broker
    broker.close()


@pytest.fixture
def tail():
    """tail(address, *arguments) starts the tool."""
    started = []

    def start(address, *arguments, topic="t", channel="c"):
        command = [PROGRAM, "--topic", topic, "--channel", channel, "--nsqd-tcp-address", address, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def blocked_in_output(process):
    """Its pipe is full and it sleeps."""
    waiting = struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4)))[0]
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return waiting > 60_000 and state == "S"


def ended(process, status):
    """Its standard output and standard error, once it has ended with that status."""
    out, err = process.communicate(timeout=scaled(10))
    assert process.returncode == status, err.decode()
    return out, err.decode()


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=scaled(10), check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_identifies_subscribes_and_gets_ready(fake, tail):
    tail(fake.address)
    body, sub, rdy = fake.subscriber()
    assert json.loads(body)["feature_negotiation"] is True
    assert json.loads(body)["user_agent"].startswith("nsq_tail/")
    assert (sub, rdy) == (b"SUB t c", b"RDY 200")


def test_ready_stays_within_the_servers_limit(fake, tail):
    tail(fake.address)
    assert fake.subscriber(b'{"max_rdy_count":50}')[2] == b"RDY 50"


def test_prints_bodies_unchanged_and_finishes(fake, tail):
    process = tail(fake.address)
    fake.subscriber()
    stream = message(1, b"hello") + message(2, b"a\0b\n")
    for i in range(len(stream)):  # frames may be split anywhere
        fake.socket.sendall(stream[i:i + 1])
    assert fake.line() == b"FIN " + ident(1)
    assert fake.line() == b"FIN " + ident(2)
    process.send_signal(signal.SIGINT)
    assert fake.line() == b"CLS"
    fake.finish()
    assert ended(process, 0) == (b"hello\na\0b\n\n", "")


def test_answers_heartbeats(fake, tail):
    tail(fake.address)
    fake.subscriber()
    fake.send(frame(RESPONSE, b"_heartbeat_"))
    assert fake.line() == b"NOP"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_what_is_on_its_way(fake, tail, number):
    process = tail(fake.address)
    fake.subscriber()
    process.send_signal(number)
    assert fake.line() == b"CLS"
    fake.send(message(1, b"last"))
    assert fake.line() == b"FIN " + ident(1)
    fake.finish()
    assert ended(process, 0) == (b"last\n", "")


def test_a_second_signal_ends_it_at_once(fake, tail):
    process = tail(fake.address)
    fake.subscriber()
    process.send_signal(signal.SIGTERM)
    assert fake.line() == b"CLS"
    process.send_signal(signal.SIGTERM)
    assert "will be delivered again" in ended(process, 1)[1]


def test_signals_end_it_while_nobody_reads_its_output(fake, tail):
    process = tail(fake.address)
    fake.subscriber()
    fake.send(*[message(n, b"x" * 100_000) for n in range(8)])  # more than a pipe holds
    eventually(lambda: blocked_in_output(process), what="it waits for its reader")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(scaled(10)) == 1


def test_what_was_shown_is_finished_when_a_slow_reader_has_read_on(fake, tail):
    process = tail(fake.address)
    fake.subscriber()
    fake.send(*[message(n, b"x" * 100_000) for n in range(8)])
    eventually(lambda: blocked_in_output(process), what="it waits for its reader")
    process.send_signal(signal.SIGINT)
    reader = threading.Thread(target=process.communicate)
    reader.start()
    said = [fake.line() for _ in range(9)]
    assert [line for line in said if line != b"CLS"] == [b"FIN " + ident(n) for n in range(8)]
    fake.finish()
    reader.join()
    assert process.returncode == 0


def test_n_finishes_what_it_shows_and_gives_back_the_rest(fake, tail):
    process = tail(fake.address, "-n", "2", "--print-topic", "--stats")
    assert fake.subscriber()[2] == b"RDY 2"
    fake.send(message(1, b"a"), message(2, b"b"), message(3, b"c"))
    assert [fake.line() for _ in range(4)] == [
        b"FIN " + ident(1), b"FIN " + ident(2), b"REQ " + ident(3) + b" 0", b"CLS"]
    fake.finish()
    out, err = ended(process, 0)
    assert out == b"t | a\nt | b\n"
    assert re.fullmatch(r"nsq_tail: 2 messages in \d+\.\d+ s, \d+ per second\n", err)


@pytest.fixture
def second():
    broker = FakeBroker()
    yield broker
    broker.close()


def test_takes_every_topic_from_every_broker_and_shares_out_what_may_be_in_flight(fake, second, tail):
    process = tail(fake.address, "--nsqd-tcp-address", second.address, "--max-in-flight", "10", "--total", "4", "--print-topic")
    for broker in (fake, second):
        assert broker.subscriber()[1:] == (b"SUB t c", b"RDY 4")
    fake.send(message(1, b"a"), message(2, b"b"))
    assert [fake.line(), fake.line()] == [b"FIN " + ident(1), b"FIN " + ident(2)]
    second.send(message(1, b"c"), message(2, b"d"), message(3, b"e"))
    assert [second.line() for _ in range(4)] == [
        b"FIN " + ident(1), b"FIN " + ident(2), b"REQ " + ident(3) + b" 0", b"CLS"]
    assert fake.line() == b"CLS"
    fake.finish()
    second.finish()
    assert ended(process, 0) == (b"t | a\nt | b\nt | c\nt | d\n", "")


def test_several_topics_from_one_real_broker(broker, tail, topic):
    publisher = Client(broker.tcp)
    topics = [f"{topic}_{letter}" for letter in "ab"]
    for name in topics:
        broker.consumer(name, "c").close()
        publisher.mpub(name, [b"%s %d" % (name.encode(), n) for n in range(50)])
    out, _ = ended(tail("%s:%d" % broker.tcp, "--topic", topics[1], "--total", "100", "--print-topic", topic=topics[0]), 0)
    assert sorted(out.decode().splitlines()) == sorted(f"{name} | {name} {n}" for name in topics for n in range(50))
    for name in topics:
        broker.wait_channel(name, "c", depth=0, in_flight_count=0)


def test_without_a_channel_it_gets_a_copy_of_what_comes(broker, topic):
    process = subprocess.Popen([PROGRAM, "--topic", topic, "--nsqd-tcp-address", "%s:%d" % broker.tcp, "-n", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    s = eventually(lambda: (broker.topic_stats(topic) or {}).get("channels"), what="it has subscribed")
    assert re.fullmatch(r"tail\d{6}#ephemeral", s[0]["channel_name"])
    broker.post("/pub", b"x", topic=topic)
    assert ended(process, 0) == (b"x\n", "")
    eventually(lambda: not broker.topic_stats(topic)["channels"], what="its channel is gone")


def test_count_only_shows_nothing_but_the_count(fake, tail):
    process = tail(fake.address, "--total", "1", "--count-only")
    fake.subscriber()
    fake.send(message(1, b"a"))
    assert [fake.line(), fake.line()] == [b"FIN " + ident(1), b"CLS"]
    fake.finish()
    out, err = ended(process, 0)
    assert out == b"" and err.startswith("nsq_tail: 1 messages in ")


def test_a_failed_answer_does_no_harm(fake, tail):
    tail(fake.address)
    fake.subscriber()
    fake.send(frame(ERROR, b"E_FIN_FAILED FIN x failed ID not in flight"), message(1, b"a"))
    assert fake.line() == b"FIN " + ident(1)


def test_connects_again_when_the_connection_was_lost(fake, tail):
    process = tail(fake.address)
    fake.subscriber()
    fake.send(frame(ERROR, b"E_INVALID for a test"))
    fake.hang_up()
    fake.subscriber()
    fake.hang_up()
    fake.subscriber()
    fake.send(message(1, b"a"))
    assert fake.line() == b"FIN " + ident(1)
    process.send_signal(signal.SIGTERM)
    assert fake.line() == b"CLS"
    fake.finish()
    out, err = ended(process, 0)
    assert out == b"a\n"
    assert "E_INVALID for a test; connecting again" in err
    assert "connection closed by the server; connecting again" in err


@pytest.mark.parametrize("stream, why", [
    (b"\0\0\0\0", "malformed frame"),
    (b"\xff\xff\xff\xff", "malformed frame"),
    (b"\0\0\0\6\0\0\0\3", "malformed frame"),
    (b"\x10\0\0\0", "size limit exceeded"),
    (b"\0\0\0\6\0\0\0\2ab", "malformed frame"),
], ids=["size 0", "negative size", "unknown type", "huge size", "short message"])
def test_leaves_a_server_that_sends_nonsense(fake, tail, stream, why):
    process = tail(fake.address)
    fake.subscriber()
    fake.send(stream)
    fake.hang_up()
    fake.accept()  # by now it has complained
    process.kill()
    assert why in ended(process, -signal.SIGKILL)[1]


def test_nobody_there_at_the_start_is_an_error(fake, tail):
    fake.listener.close()
    assert ended(tail(fake.address), 1)[1] == f"nsq_tail: {fake.address} [t/c]: Connection refused\n"


def test_an_http_port_is_named_as_such(fake, tail):
    process = tail(fake.address)
    fake.accept()
    fake.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert "speaks HTTP" in ended(process, 1)[1]


def test_a_required_authorisation_is_an_error(fake, tail):
    process = tail(fake.address)
    fake.accept()
    fake.send(frame(RESPONSE, b'{"auth_required":true}'))
    assert "requires authorisation" in ended(process, 1)[1]


def test_a_closed_output_is_an_error_and_nothing_is_finished(fake, tail):
    process = tail(fake.address)
    fake.subscriber()
    process.stdout.close()
    process.stdout = None
    fake.send(message(1, b"a"))
    assert fake.line() == b""
    assert "cannot write" in ended(process, 1)[1]


@pytest.mark.parametrize("arguments, status, text", [
    ([], 1, "--topic is required"),
    (["--topic=t"], 1, "--nsqd-tcp-address is required"),
    (["--topic=a b", "--nsqd-tcp-address=h:1"], 1, "not a valid topic name: a b"),
    (["--topic=t", "--channel=#ephemeral", "--nsqd-tcp-address=h:1"], 1, "not a valid channel name"),
    (["--topic=t", "--nsqd-tcp-address=h"], 1, "not an address"),
    (["--stats"], 1, "--topic is required"),
    (["--topic=t", "--nsqd-tcp-address=h:1", "--max-in-flight=0"], 1, "--max-in-flight must be at least 1"),
    (["--bogus"], 2, "usage: "),
    (["--n=-1"], 2, "'-1' is not a number"),
    (["--print-topic=perhaps"], 2, "'perhaps' is neither true nor false"),
    (["stray"], 2, "unexpected argument: stray"),
    (["-h"], 0, "usage: "),
    (["--help"], 0, "usage: "),
])
def test_usage(arguments, status, text):
    code, out, err = run(*arguments)
    assert (code, out) == (status, "")
    assert text in err
    assert status != 1 or err.count("\n") == 1


def test_version():
    assert re.fullmatch(r"nsq_tail v1\.3\.0 \(pluq [0-9.]+\)\n", run("--version")[1])


def test_takes_everything_from_the_real_broker(broker, tail, topic):
    bodies = [b"line %d" % i for i in range(1000)]
    publisher = Client(broker.tcp)
    for part in range(0, 1000, 100):
        publisher.mpub(topic, bodies[part:part + 100])
    out, err = ended(tail("%s:%d" % broker.tcp, "-n", "1000", topic=topic), 0)
    assert sorted(out.splitlines()) == sorted(bodies)
    assert err == ""
