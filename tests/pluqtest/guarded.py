"""A broker that asks an auth plugin, which says what the test wants."""

import os
from pathlib import Path

from .daemon import Pluqd
from .wait import eventually

MOCK = str(Path(os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")) / "auth-mock.so")
BLOCKING = str(Path(os.environ.get("PLUQ_TEST_PLUGIN_DIR", "")) / "auth-blocking.so")
ALL = "subscribe,publish .* .*"


class Guarded(Pluqd):
    """A broker whose auth plugin follows rules: secret -> (verdict, ttl_ms, delay_ms, grants)."""

    marks = 0

    def __init__(self, rules=None, mock=MOCK, **options):
        super().__init__(start=False, **options)
        self.rules = self.home / "rules"
        self.tell(rules or {})
        self.plugins.append(("auth-mock", {"plugin": mock, "file": str(self.rules)}))

    def tell(self, rules):
        lines = ["\t".join([secret, verdict, str(ttl), str(delay), f"id-{secret}", "-", *grants])
                 for secret, (verdict, ttl, delay, *grants) in rules.items()]
        fresh = self.rules.with_suffix(".new")
        fresh.write_text("".join(line + "\n" for line in lines))
        fresh.rename(self.rules)

    def asked(self, secret):
        """How often the plugin was asked about it, up to now: the log is written by a thread of its own, in order."""
        self.marks += 1
        mark = f"/mark-{self.marks}"
        self.http("GET", mark)
        eventually(lambda: f"GET {mark} " in self.log(), what="the log comes to the mark")
        return self.log().count(f"asked {secret}\n")

    def authed(self, secret="good"):
        c = self.client()
        c.auth(secret)
        return c


HOUR = 3600 * 1000
RULES = {
    "good": ("allow", HOUR, 0, ALL),
    "late": ("allow", HOUR, 300, ALL),
    "some": ("allow", HOUR, 0, "subscribe ^orders$ ^ch$", "publish ^in$ .*"),
    "none": ("allow", HOUR, 0),
    "bad": ("deny", 0, 0),
    "broken": ("error", 0, 0),
    "slow": ("never", 0, 0),
}
