"""A client library from the registry: a refused publish is an error of its callback."""

import json
import os
import subprocess
from pathlib import Path

from pluqtest import scaled

PROGRAM = Path(__file__).resolve().parent / "refused.js"


def test_a_refused_publish_is_an_error(launch, modules):
    d = launch(plugins=[("validate-json", {})])
    node = subprocess.run(["node", str(PROGRAM), str(d.tcp[1]), "t"], stdout=subprocess.PIPE, timeout=scaled(60), check=True,
                          env={**os.environ, "NODE_PATH": str(modules)}, text=True)
    first, second, third, fourth = json.loads(node.stdout)
    assert (first, fourth) == ("published", "published")
    assert "E_BAD_MESSAGE PUB rejected by validate-json: not JSON" in second
    assert "E_BAD_MESSAGE MPUB message(1) rejected by validate-json: not JSON" in third
    assert d.topic_stats("t")["message_count"] == 2
