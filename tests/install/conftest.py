"""The installation under test, and daemons of it."""

import pytest

from pluqtest import daemon as under_test
from pluqtest.installation import find_installation


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    found = find_installation(tmp_path_factory.mktemp)
    if not found:
        pytest.skip("PLUQ_BUILD_DIR is not set")
    return found


@pytest.fixture
def launch_installed(installation, launch, monkeypatch):
    monkeypatch.setattr(under_test, "PROGRAM", str(installation.daemon))
    monkeypatch.setattr(under_test, "PLUGIN_DIR", str(installation.plugin_dir))
    return launch
