"""/ping and /healthz when all is well; faults are in tests/faults."""

import pytest


@pytest.mark.parametrize("path", ["/healthz/live", "/healthz/ready"])
def test_good(broker, path):
    r = broker.http("GET", path)
    assert r.status == 200


@pytest.mark.parametrize("path", ["/healthz", "/healthz/other"])
def test_unknown_below_healthz(broker, path):
    assert broker.http("GET", path).status == 404
