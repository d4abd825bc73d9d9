"""Fixtures of all suites. A failed test shows the log of every daemon that it had."""

import itertools
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pluqtest import Client, Pluqd, nsqjs  # noqa: E402
from pluqtest.certs import authorities  # noqa: E402
from pluqtest.lookupd import Lookupd  # noqa: E402

_numbers = itertools.count(1)
_started = []  # daemons of the current session whose folders are still there


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for d in _started:
            report.sections.append((f"log of pluqd {d.process.pid if d.process else '-'}", d.log()[-8000:]))


def _discard(daemons):
    """Stops those that still run, which must succeed; removes their folders."""
    failures = []
    for d in daemons:
        try:
            d.stop()
        except AssertionError as e:
            failures.append(str(e))
        if d.alive():
            d.kill()
        if d in _started:
            _started.remove(d)
        d.remove()
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="module")
def broker(request):
    """One daemon for all tests of a file, with the file's OPTIONS."""
    d = Pluqd(**getattr(request.module, "OPTIONS", {}))
    _started.append(d)
    yield d
    _discard([d])


@pytest.fixture(scope="module")
def lookupd(request):
    """One discovery daemon for all tests of a file, with the file's OPTIONS."""
    d = Lookupd(**getattr(request.module, "OPTIONS", {}))
    _started.append(d)
    yield d
    _discard([d])


@pytest.fixture
def adopt():
    """adopt(daemon) sees to it that a daemon is stopped and its folder removed when the test has ended; returns it."""
    mine = []

    def take(d):
        mine.append(d)
        _started.append(d)
        return d

    yield take
    for c in list(Client.alive):
        c.close()
    _discard(mine)


def _launcher(adopt, kind):
    """start(**options) starts a daemon, start.make(**options) only makes one."""

    def start(*args, **options):
        return make(*args, **options).start()

    def make(*args, **options):
        return adopt(kind(*args, start=False, **options))

    start.make = make
    return start


@pytest.fixture
def launch(adopt):
    """launch(**options) starts a daemon for this test alone."""
    return _launcher(adopt, Pluqd)


@pytest.fixture
def launch_lookupd(adopt):
    """The same for a discovery daemon."""
    return _launcher(adopt, Lookupd)


@pytest.fixture(scope="session")
def modules(tmp_path_factory):
    """Where nsqjs is installed."""
    return nsqjs.installed(lambda: tmp_path_factory.mktemp("modules"))


@pytest.fixture(scope="session")
def certs():
    """Certificates and keys of every kind."""
    return authorities()


@pytest.fixture
def topic(request):
    """A topic name that no other test uses."""
    name = re.sub(r"[^a-zA-Z0-9_]", "_", request.node.name)[:32].strip("_")
    return f"{name}_{next(_numbers)}"


@pytest.fixture(autouse=True)
def _close_clients():
    yield
    for c in list(Client.alive):
        c.close()
