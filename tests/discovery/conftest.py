import pytest

from pluqtest.fakelookupd import FakeLookupd


@pytest.fixture
def fakes():
    """fakes() makes a lookup daemon for this test alone."""
    mine = []

    def make(**kw):
        mine.append(FakeLookupd(**kw))
        return mine[-1]

    yield make
    for f in mine:
        f.end()


@pytest.fixture
def fake(fakes):
    return fakes()
