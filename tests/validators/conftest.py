import os
from pathlib import Path

import pytest

MOCK = Path(os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")) / "validator-mock.so"


@pytest.fixture
def launch_mock(launch):
    """launch_mock(topics=..., on_reject=..., daemon={...}): a broker with one validator that does what messages say."""
    def start(daemon=None, **options):
        return launch(plugins=[("mock", {"plugin": str(MOCK), **options})], **(daemon or {}))
    return start
