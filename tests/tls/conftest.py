import pytest

from pluqtest.shim import Clock


def tls_options(pair, **more):
    return {"https_address": "127.0.0.1:0", **pair.options, **more}


@pytest.fixture
def secured(launch, certs):
    """secured(**options) starts a broker with a certificate."""

    def start(pair=None, **options):
        return launch(**tls_options(pair or certs.server, **options))

    return start


@pytest.fixture
def clocked(secured):
    """The same on a clock that the test moves."""

    def start(**options):
        clock = Clock()
        d = secured(**options, **clock.options())
        d.clock = clock
        return d

    return start
