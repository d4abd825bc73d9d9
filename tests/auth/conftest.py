import pytest

from pluqtest.authd import Authd, Endpoint


@pytest.fixture
def launch_authd(adopt):
    """launch_authd(**options) starts an auth server for this test alone."""
    return lambda **options: adopt(Authd(start=False, **options)).start()


@pytest.fixture
def endpoint():
    """endpoint(logins, context=None): an OAuth2 endpoint that knows these tokens."""
    made = []

    def start(*args, **kw):
        made.append(Endpoint(*args, **kw))
        return made[-1]

    yield start
    for e in made:
        e.close()
