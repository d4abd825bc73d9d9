"""Several auth plugins: in the configured order, until one has an opinion."""

import re

import pytest

from pluqtest import eventually
from pluqtest.authbackends import Account, Blocking, Csv, Grant, Mock, reload_and_wait

ALL = Grant(".*")


class Second(Blocking):
    file = "second"


def outcome(d, secret):
    """The frame that answers AUTH, in one word."""
    c = d.client()
    c.command("AUTH", secret)
    kind, data = c.live_frame()
    if kind == 0:
        return "in"
    c.closed()
    return {b"E_UNAUTHORIZED AUTH no authorizations found": "nobody", b"E_AUTH_FAILED AUTH failed": "failed"}[data]


# What the first says, what the second says: what comes of it, and is the second asked at all?
TABLE = [
    ("allow", "allow", "in", False),
    ("allow", "deny", "in", False),
    ("allow", "error", "in", False),
    ("deny", "allow", "failed", False),
    ("error", "allow", "failed", False),
    ("silent", "allow", "in", True),
    ("silent", "deny", "failed", True),
    ("silent", "error", "failed", True),
    ("silent", "silent", "nobody", True),
]


@pytest.mark.parametrize("turned", [False, True], ids=["mock first", "blocking first"])
@pytest.mark.parametrize("one, two, comes, second_asked", TABLE, ids=[f"{a}-{b}" for a, b, *_ in TABLE])
def test_order(launch, tmp_path, one, two, comes, second_asked, turned):
    first, second = (Blocking(tmp_path), Mock(tmp_path)) if turned else (Mock(tmp_path), Blocking(tmp_path))
    first.set(Account("s", (ALL,), verdict=one, identity="first"))
    second.set(Account("s", (ALL,), verdict=two, identity="second"))
    d = launch(plugins=first.plugins() + second.plugins())
    assert outcome(d, "s") == comes
    eventually(lambda: d.log().count("asked s") == 1 + second_asked)
    if comes == "in":
        c = d.client()
        assert c.auth("s") == {"identity": "second" if second_asked else "first", "identity_url": "", "permission_count": 1}


def test_a_known_one_without_grants_ends_the_chain(launch, tmp_path):
    first, second = Mock(tmp_path), Blocking(tmp_path)
    first.set(Account("s"))
    second.set(Account("s", (ALL,)))
    d = launch(plugins=first.plugins() + second.plugins())
    assert outcome(d, "s") == "nobody"
    eventually(lambda: d.log().count("asked s") == 1)


def test_a_file_before_a_server(launch, tmp_path):
    """Those whom the file knows cost no question."""
    file, server = Csv(tmp_path), Mock(tmp_path)
    file.set(Account("local", (Grant("^local$"),)))
    server.set(Account("local", (ALL,)), Account("far", (Grant("^far$"),)))
    d = launch(plugins=file.plugins() + server.plugins())
    c = d.client()
    c.auth("local")
    c.pub("local", "x")
    c = d.client()
    c.auth("far")
    c.pub("far", "x")
    d.wait_log("asked far")
    assert "asked local" not in d.log()
    c = d.client()
    c.auth("local")
    c.command("PUB far", "x")
    c.fatal('E_UNAUTHORIZED AUTH failed for PUB on "far" ""')


@pytest.mark.parametrize("kind", [Mock, Blocking], ids=lambda k: k.name)
def test_a_slow_backend_slows_nobody_else(launch, tmp_path, kind):
    """Publishes are answered while a question is open, on one loop."""
    b = kind(tmp_path)
    b.set(Account("slow", (ALL,), delay=1.5), Account("quick", (ALL,)))
    d = launch(plugins=b.plugins(), threads=1)
    quick = d.client()
    quick.auth("quick")
    waiting = d.client()
    waiting.command("AUTH", "slow")
    eventually(lambda: d.log().count("asked slow"))
    answered = 0
    while not waiting._whole_frame() and not waiting._fill(0):
        quick.pub("t", "x")
        answered += 1
    assert answered >= 10
    assert waiting.live_frame().kind == 0
    waiting.pub("t", "in the end")


def test_many_slow_questions_and_a_quick_one(launch, tmp_path):
    """More clients wait for a plugin that blocks than it is asked about at once; another plugin's are not held up."""
    slow, quick = Blocking(tmp_path), Mock(tmp_path)
    quick.set(Account("quick", (ALL,)), Account("other", (ALL,)))
    slow.set(*(Account(f"slow{n}", (ALL,), delay=0.3) for n in range(8)))
    d = launch(plugins=quick.plugins() + slow.plugins())
    waiting = []
    for n in range(8):
        waiting.append(d.client())
        waiting[-1].command("AUTH", f"slow{n}")
    c = d.client()
    c.auth("quick")
    c.pub("t", "x")
    for w in waiting:
        assert w.live_frame(timeout=20).kind == 0
        w.pub("t", "x")


@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
@pytest.mark.parametrize("kind, how", [(Mock, "never"), (Mock, "slow"), (Blocking, "slow")], ids=["never", "mock", "blocking"])
def test_a_client_that_leaves_while_it_is_asked_about(launch, tmp_path, kind, how, leave):
    b = kind(tmp_path)
    b.set(Account("s", (ALL,), verdict="never") if how == "never" else Account("s", (ALL,), delay=0.3), Account("next", (ALL,)))
    d = launch(plugins=b.plugins(), **{"auth.timeout": "1s"})  # who has closed half of it may still wait for the answer
    before = d.descriptors()
    for _ in range(3):
        c = d.client()
        c.command("AUTH", "s")
        eventually(lambda: "asked s" in d.log())
        getattr(c, leave)()
        if leave == "half_close":
            c.close()
    eventually(lambda: d.descriptors() <= before + 2, 10, "every connection is closed")
    c = d.client()
    c.auth("next")
    c.pub("t", "x")


def test_a_backend_that_never_answers(launch, tmp_path):
    b = Mock(tmp_path)
    b.set(Account("s", (ALL,), verdict="never"), Account("other", (ALL,)))
    d = launch(plugins=b.plugins(), **{"auth.timeout": "200ms"})
    c = d.client()
    c.command("AUTH", "s")
    c.fatal("E_AUTH_FAILED AUTH failed")
    c = d.client()
    c.auth("other")


def test_a_stop_with_questions_open(launch, tmp_path):
    b = Mock(tmp_path)
    b.set(Account("s", (ALL,), verdict="never"), Account("later", (ALL,), delay=30))
    d = launch(plugins=b.plugins(), **{"auth.timeout": "1m"})
    for secret in ("s", "later"):
        for _ in range(3):
            c = d.client()
            c.command("AUTH", secret)
    eventually(lambda: d.log().count("asked") >= 2)
    d.stop()


BAD_ROWS = [
    ("a,127.0.0.1,false,t,c,subscribe\n", r"accounts\.csv:3"),
    ("a,999.1.1.1,false,t,c,subscribe,\n", r"accounts\.csv:3"),
    ("a,10.0.0.0/40,false,t,c,subscribe,\n", r"accounts\.csv:3"),
    ("a,,perhaps,t,c,subscribe,\n", r"accounts\.csv:3"),
    ("a,,false,(,c,subscribe,\n", r"accounts\.csv:3"),
    ('a,,false,"t,c,subscribe,\n', r"accounts\.csv:3"),
]


def test_bad_csv_at_a_reload_leaves_the_old_data_in_force(launch, tmp_path):
    b = Csv(tmp_path)
    b.set(Account("old", (Grant("^t$"),)))
    d = b.attach(launch(plugins=b.plugins()))
    good = (tmp_path / "accounts.csv").read_text()
    for bad, where in BAD_ROWS:
        b.replace("accounts.csv", good + bad)
        before = len(d.log())
        reload_and_wait(d)
        said = [line for line in d.log()[before:].splitlines() if "accounts.csv" in line and "ERROR" in line.upper()]
        assert len(said) == 1, (bad, said)

        assert re.search(where + r":\d+", said[0]), said
        c = d.client()
        c.auth("old")
        c.pub("t", "still known")
    b.set(Account("new", (Grant("^t$"),)))
    c = d.client()
    c.auth("new")
    c.pub("t", "x")


@pytest.mark.parametrize("bad", [row for row, _ in BAD_ROWS] + ["missing"],
                         ids=["short row", "address", "network", "boolean", "pattern", "quote", "missing"])
def test_bad_csv_at_the_start(launch, tmp_path, bad):
    b = Csv(tmp_path)
    b.set(Account("old", (Grant("^t$"),)))
    plugins = b.plugins()
    path = tmp_path / "accounts.csv"
    if bad == "missing":
        path.unlink()
    else:
        path.write_text(path.read_text() + bad)
    d = launch.make(plugins=plugins).spawn()
    assert d.wait() != 0
    said = [line for line in d.log().splitlines() if "accounts.csv" in line]
    assert len(said) == 1 and (bad == "missing" or "accounts.csv:3:" in said[0]), d.log()
