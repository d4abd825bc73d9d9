"""docs/metrics.md names what is measured: all of it, and nothing that is told with another type, unit or label."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def listed():
    """name -> (type, unit, label), of the tables."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\w+) \| (\w*) ?\| (\w*) ?\|", (ROOT / "docs" / "metrics.md").read_text(), re.M)
    return {name: (kind, unit, label) for names, kind, unit, label in rows for name in re.findall(r"`(\w+)`", names)}


def test_what_is_told_is_in_the_list(launch, tmp_path):
    path = tmp_path / "lines"
    d = launch(plugins=[("stdout", {"to": str(path), "format": "json", "interval": "1h"}), ("statsd", {"address": "127.0.0.1:9"}),
                        ("prometheus", {}), ("lookupd", {"tcp_address": "127.0.0.1:0", "http_address": "127.0.0.1:0"}),
                        ("validate-json", {"topics": ["j*"], "on_reject": "divert"}),
                        ("validate-lua", {"topics": ["l*"], "script": str(ROOT / "docs" / "examples" / "check.lua")})],
               e2e_processing_latency_percentile=["0.5"], mem_queue_size=1, sync_every=1)
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub_all("t", [b"x"] * 5)
        p.dpub("t", 60_000, b"later")
        p.pub("j", b"no JSON")
        p.pub("l", b'{"o":"+","l":1}')
        c.fin(c.message())
        d.wait_channel("t", "c", message_count=6, in_flight_count=1)
        assert d.http("GET", "/metrics").status == 200
    d.stop()
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({t["metric"] for t in told}) > 60
    known = listed()
    for t in told:
        shape = (t["type"], t.get("unit", ""), next(iter(t.get("labels", {})), ""))
        assert known.get(t["metric"]) == shape, (t["metric"], shape)
