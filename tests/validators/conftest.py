import os
from pathlib import Path

import pytest

MOCK = Path(os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")) / "validator-mock.so"


@pytest.fixture
def launch_mock(launch):
    """launch_mock(topics=..., on_reject=..., daemon={...}, more=[...]): a broker with one validator that does what messages say, and
    more plugins."""
    def start(daemon=None, more=(), **options):
        return launch(plugins=[("mock", {"plugin": str(MOCK), **options}), *more], **(daemon or {}))
    return start
