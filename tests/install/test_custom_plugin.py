"""docs/plugins.md's walks through an auth plugin and a validator, done as they say: built outside the tree from what is installed, dropped
in by a file, used by nsqjs and curl. And the second auth plugin, which blocks: while it waits for its backend, everybody else is served."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from pluqtest import eventually, scaled
from pluqtest.client import RESPONSE
from pluqtest.installation import GUIDE, examples, run

SOURCE, COMMANDS, CONFIGURATION, TRIAL, CALLS, OUTCOME, BLOCKING = examples("A custom auth plugin, in some forty lines")
FILE, = set(re.findall(r"`conf\.d/(\S+\.yaml)`", GUIDE.read_text()))
BROKER, = re.findall(r"^echo '(.*)' >broker.yaml$", TRIAL, re.M)
COMPILERS = [pytest.param(c, marks=pytest.mark.skipif(not shutil.which(c), reason=f"{c} is not installed"))
             for c in ("gcc", "clang")]


@pytest.fixture(scope="session")
def example_files(installation):
    folder, = (installation.daemon.parent.parent / "share" / "doc").glob("*/examples")
    return folder


def configured(launch_installed, text, **options):
    """A broker with this file in its conf.d."""
    d = launch_installed.make(config=BROKER, storage="memory", **options)
    (d.home / "conf.d").mkdir()
    (d.home / "conf.d" / FILE).write_text(text)
    return d.start()


# the walk


def test_the_text_shows_the_installed_file(example_files):
    assert (example_files / "auth-team.c").read_text() == SOURCE
    assert len([line for line in SOURCE.splitlines() if line.strip()]) <= 45


@pytest.mark.parametrize("name", ["auth-team", "auth-backend", "metrics-backlog", "validator-sender"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_it_compiles_without_warnings(installation, example_files, compiler, name):
    run(compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{installation.headers.parent}", "-fsyntax-only",
        example_files / f"{name}.c")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_walk(installation, example_files, launch_installed, tmp_path, modules, compiler):
    (tmp_path / "auth-team.c").write_text(SOURCE)
    placed = installation.build(tmp_path, "auth-team", COMMANDS, compiler)
    try:
        d = configured(launch_installed, CONFIGURATION)
        calls = [line for line in CALLS.splitlines() if line.startswith("node publish.js 4150 ")]
        assert len(calls) == len(OUTCOME.splitlines()) == 2
        for call, outcome in zip(calls, OUTCOME.splitlines()):
            r = subprocess.run(call.replace("4150", str(d.tcp[1])), shell=True, cwd=example_files, capture_output=True, text=True,
                               timeout=scaled(60), env={**os.environ, "NODE_PATH": str(modules)})
            assert r.stdout == outcome + "\n", r
            assert r.returncode == (0 if outcome == "published" else 1)
        assert d.topic_stats("orders")["message_count"] == 1
        assert "open sesame" not in d.log() and "open barley" not in d.log()
    finally:
        placed.unlink()


def test_it_grants_what_it_says_and_no_more(installation, example_files, launch_installed, tmp_path):
    shutil.copy(example_files / "auth-team.c", tmp_path)
    placed = installation.build(tmp_path, "auth-team", COMMANDS, "cc")
    try:
        d = configured(launch_installed, CONFIGURATION)
        c = d.client()
        assert c.identify(feature_negotiation=True)["auth_required"] is True
        assert c.auth("open sesame")["identity"] == "team"
        c.pub("orders", b"x")
        c.sub("orders", "c", 1)
        assert c.message().body == b"x"
        other = d.client()
        other.identify()
        other.auth("open sesame")
        other.command("PUB other", b"x")
        other.fatal('E_UNAUTHORIZED AUTH failed for PUB on "other" ""')
        for secret in ("", "open", "open sesame!", "open sesamf"):
            stranger = d.client()
            stranger.identify()
            stranger.command("AUTH", secret)
            stranger.fatal("E_UNAUTHORIZED AUTH no authorizations found" if secret else "E_BAD_BODY AUTH invalid body size 0")
        shown = run(*d.command(), "--print-config").stdout
        assert "orders" in shown and "sesame" not in shown
    finally:
        placed.unlink()


# the one that blocks


class Backend:
    """Answers at once whoever is known; of the secret `slow` it says nothing until it is released."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        self.release = threading.Event()
        self.waiting = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(c,), daemon=True).start()

    def _answer(self, c):
        with c:
            secret = c.makefile("rb").readline()
            if secret == b"slow\n":
                self.waiting += 1
                self.release.wait()
            c.sendall({b"known\n": b"^orders$\n", b"slow\n": b"^orders$\n"}.get(secret, b"\n"))

    def close(self):
        self.release.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def backend(tmp_path):
    b = Backend(tmp_path / "s")
    yield b
    b.close()


def test_one_that_blocks_slows_nobody_else(installation, example_files, launch_installed, tmp_path, backend):
    """One loop serves all. While two clients wait for the backend, which is as many as are asked about at once, those who are known
    already are served, every publish of theirs is answered; and after a while even newcomers get in."""
    assert BLOCKING.strip() in (example_files / "auth-backend.c").read_text()
    shutil.copy(example_files / "auth-backend.c", tmp_path)
    placed = installation.build(tmp_path, "auth-backend", COMMANDS.replace("auth-team", "auth-backend"), "cc")
    try:
        d = configured(launch_installed, "auth: {timeout: 10m}\nplugins:\n  - auth-backend: {socket: %s}\n" % (tmp_path / "s"), threads=1)

        def client(secret):
            c = d.client(timeout=30)
            c.identify(heartbeat_interval=-1)
            c.command("AUTH", secret)
            return c

        def let_in(c):
            f = c.frame()
            assert f.kind == RESPONSE, f
            c.pub("orders", b"let in")

        known = [client("known") for _ in range(3)]
        for c in known:
            let_in(c)
        slow = [client("slow") for _ in range(2)]
        eventually(lambda: backend.waiting == 2, 30, "both are being asked about")
        for i in range(200):
            for c in known:
                c.pub("orders", b"%d" % i)
        let_in(client("known"))
        assert d.topic_stats("orders")["message_count"] == 604
        for c in slow:
            c.nothing()
        backend.release.set()
        for c in slow:
            let_in(c)
        stranger = client("unknown")
        stranger.fatal("E_UNAUTHORIZED AUTH no authorizations found")
    finally:
        placed.unlink()


# a metrics plugin


def test_a_metrics_plugin(installation, example_files, launch_installed, tmp_path):
    (tmp_path / "metrics-backlog.c").write_text((example_files / "metrics-backlog.c").read_text())
    placed = installation.build(tmp_path, "metrics-backlog", COMMANDS.replace("auth-team", "metrics-backlog"), "cc")
    try:
        d = configured(launch_installed, "plugins:\n  - metrics-backlog: {interval: 50ms, most: 2}\n")
        d.post("/topic/create", topic="t")
        d.post("/channel/create", topic="t", channel="c")
        with d.client() as p:
            p.pub_all("t", [b"x"] * 3)
        d.wait_log(r"warn metrics-backlog: t:c has 3 messages waiting")
        d.stop()
    finally:
        placed.unlink()


# a validator


V_SOURCE, V_COMMANDS, V_CONFIGURATION, V_CALLS, V_ANSWERS = examples("A custom validator, in some forty lines")


@pytest.fixture(params=COMPILERS)
def validating(request, installation, example_files, launch_installed, tmp_path):
    """A broker with the walk's validator, of the installed file."""
    assert (example_files / "validator-sender.c").read_text() == V_SOURCE
    assert len([line for line in V_SOURCE.splitlines() if line.strip()]) <= 45
    (tmp_path / "validator-sender.c").write_text(V_SOURCE)
    placed = installation.build(tmp_path, "validator-sender", V_COMMANDS, request.param)
    yield configured(launch_installed, V_CONFIGURATION)
    placed.unlink()


def test_the_walk_of_a_validator(validating):
    d = validating
    calls, answers = V_CALLS.splitlines(), V_ANSWERS.splitlines()
    assert len(calls) == len(answers) == 3
    for call, answer in zip(calls, answers):
        told = subprocess.run(["sh", "-c", call.replace("curl -d", "curl -sS -d").replace(":4151/", ":%d/" % d.http_at[1])],
                              capture_output=True, text=True, timeout=scaled(60))
        assert (told.stdout, told.stderr) == (answer, "")
    assert d.topic_stats("invoices")["message_count"] == 1
    with d.client() as c:
        c.sub("invoices", "c", 2)
        assert c.message().body == b"billing: paid"


def test_what_the_walk_of_a_validator_says_of_its_options(validating):
    d = validating
    d.post("/pub", b"shop: paid", topic="invoices")
    with d.client() as p:
        for line in (b"nobody", b"shop", b": paid", b"shopkeeper: paid", b"sho: paid", b" shop: paid"):
            p.command("PUB invoices", line)
            f = p.frame()
            why = b"is not known" if b":" in line else b"it has no sender"
            assert f.data.startswith(b"E_BAD_MESSAGE PUB rejected by validator-sender: ") and f.data.endswith(why), f
    (d.home / "conf.d" / FILE).write_text(V_CONFIGURATION.replace("billing, shop]", "nobody], on_reject: divert"))
    d.signal(signal.SIGHUP)
    d.wait_log(" core: reloaded$")
    d.post("/pub", b"nobody: paid", topic="invoices")
    d.post("/pub", b"shop: paid", topic="invoices")
    assert d.topic_stats("invoices")["message_count"] == 2
    assert d.topic_stats("invoices.rejected")["message_count"] == 1
