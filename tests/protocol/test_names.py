"""Topic and channel names: which are valid, and how others are quoted in error texts."""

import pytest

VALID = ["a", "a" * 64, ".", "-", "_", "A-Z_0.9", "0", "..", "x#ephemeral", "x" * 54 + "#ephemeral", "-#ephemeral"]

# bytes of the name, as printed
INVALID = [
    (b"", ""), (b"a" * 65, "a" * 65), (b"#ephemeral", "#ephemeral"), (b"x" * 55 + b"#ephemeral", "x" * 55 + "#ephemeral"),
    (b"a#b", "a#b"), (b"a#ephemeralx", "a#ephemeralx"), (b"a#Ephemeral", "a#Ephemeral"),
    (b"a#ephemeral#ephemeral", "a#ephemeral#ephemeral"), (b"a/b", "a/b"), (b"a:b", "a:b"), (b"$", "$"), (b"%41", "%41"),
    (b'a"b\\c\x00\x01\x7f\x80\xc3\xa9', r'a\"b\\c\x00\x01\x7f\x80é'),
    (b"\a\b\f\r\t\v-", r"\a\b\f\r\t\v-"),
    (b"\x1b\x1f", r"\x1b\x1f"),
    ("é€\U0001f600".encode(), "é€\U0001f600"),
    ("\u00a0".encode(), r"\u00a0"),       # a space, but not ASCII's: unprintable
    ("\u00ad".encode(), r"\u00ad"),       # soft hyphen
    ("\u200b\u2028\ufeff".encode(), r"\u200b\u2028\ufeff"),
    ("\u0085".encode(), r"\u0085"),
    ("\ue000".encode(), r"\ue000"),       # private use
    ("\ufffd".encode(), "\ufffd"),        # the character itself is printable
    ("\U000e0001".encode(), r"\U000e0001"),
    ("\U0010ffff".encode(), r"\U0010ffff"),
    (b"\xc3", r"\xc3"), (b"\xc3(", r"\xc3("), (b"\xe2\x82", r"\xe2\x82"),
    (b"\xed\xa0\x80", r"\xed\xa0\x80"),   # a surrogate
    (b"\xc0\xaf", r"\xc0\xaf"),           # overlong
    (b"\xf4\x90\x80\x80", r"\xf4\x90\x80\x80"),
    (b"\xff\xfe", r"\xff\xfe"),
    (b"'`", "'`"),
]


@pytest.mark.parametrize("name", VALID)
def test_valid_topic_name(broker, name):
    broker.client().pub(name, "x")


@pytest.mark.parametrize("name", VALID)
def test_valid_channel_name(broker, topic, name):
    broker.client().sub(topic, name)


@pytest.mark.parametrize("name, printed", INVALID)
def test_invalid_topic_name_is_quoted(broker, name, printed):
    for line, text in ((b"PUB %s\n", "E_BAD_TOPIC PUB"), (b"DPUB %s 0\n", "E_BAD_TOPIC DPUB"),
                       (b"MPUB %s\n", "E_BAD_TOPIC E_BAD_TOPIC MPUB"), (b"SUB %s c\n", "E_BAD_TOPIC SUB")):
        c = broker.client()
        c.send(line % name)
        c.fatal(f'{text} topic name "{printed}" is not valid')


@pytest.mark.parametrize("name, printed", INVALID)
def test_invalid_channel_name_is_quoted(broker, topic, name, printed):
    c = broker.client()
    c.send(b"SUB " + topic.encode() + b" " + name + b" \n")
    c.fatal(f'E_BAD_CHANNEL SUB channel name "{printed}" is not valid')
    assert broker.topic_stats(topic) is None


def test_a_longest_invalid_name_is_quoted_whole(broker):
    name = b"\x01" * 16000
    c = broker.client()
    c.send(b"PUB " + name + b"\n")
    c.fatal('E_BAD_TOPIC PUB topic name "' + r"\x01" * 16000 + '" is not valid')


def test_topics_and_channels_of_equal_name_are_apart(broker, topic):
    c = broker.client()
    c.sub(topic, topic, 1)
    broker.client().pub(topic, "m")
    assert c.message().body == b"m"
