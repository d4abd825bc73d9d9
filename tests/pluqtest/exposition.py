"""The text formats of Prometheus and OpenMetrics, read strictly: what is not as the formats say is an error."""

import math
import re
from collections import Counter

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LINE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
_SUFFIXES = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"], "summary": ["", "_sum", "_count"]}


def _unescaped(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def _labels(text):
    found, at = {}, 0
    while at < len(text):
        m = _LABEL.match(text, at)
        assert m and m[1] not in found, text
        found[m[1]] = _unescaped(m[2])
        at = m.end()
    assert not text.endswith(","), text
    return found


class Family:
    def __init__(self, name, help):
        self.name, self.help, self.type, self.unit = name, help, None, None
        self.samples = []  # (name, labels, value)


class Exposition:
    """families by name (of a counter: with _total in the text format, without in OpenMetrics), in the order in which they came."""

    def __init__(self, text, openmetrics=False):
        assert text.endswith("\n")
        self.families, self.order = {}, []
        lines = text[:-1].split("\n")
        if openmetrics:
            assert lines.pop() == "# EOF"
        self.openmetrics = openmetrics
        for line in lines:
            (self._comment if line.startswith("#") else self._sample)(line)
        for f in self.families.values():
            assert f.type and f.samples, f.name
            self._check(f)

    def _comment(self, line):
        what, name, text = re.fullmatch(rf"# (HELP|TYPE|UNIT) ({_NAME}) (.*)", line).groups()
        if what == "HELP":
            assert name not in self.families, f"{name} comes twice"
            self.families[name] = Family(name, text)
            self.order.append(name)
        elif what == "TYPE":
            f = self.families[name]
            assert f is self._last() and not f.type and text in _SUFFIXES
            f.type = text
        else:
            assert self.openmetrics and self._last().name == name and name.endswith("_" + text)
            self._last().unit = text

    def _last(self):
        return self.families[self.order[-1]]

    def _sample(self, line):
        name, labels, value = _LINE.fullmatch(line).groups()
        f = self._last()
        suffixes = ["_total"] if self.openmetrics and f.type == "counter" else _SUFFIXES[f.type]
        assert name in [f.name + s for s in suffixes], (f.name, line)
        f.samples.append((name, _labels(labels or ""), float(value)))

    def _check(self, f):
        keys = Counter((name, tuple(sorted(labels.items()))) for name, labels, _ in f.samples)
        assert max(keys.values()) == 1, keys.most_common(1)
        if f.type == "counter":
            assert all(value >= 0 for _, _, value in f.samples)
            assert self.openmetrics or f.name.endswith("_total")
        if f.type == "histogram":
            for labels in {tuple(sorted((k, v) for k, v in labels.items() if k != "le")) for _, labels, _ in f.samples}:
                self.histogram(f.name, **dict(labels))

    # what is in it

    def all(self, name, **labels):
        """(labels, value) of the samples of that name, not of the family, with these labels."""
        base = next((b for b in (name, re.sub("_(total|bucket|sum|count)$", "", name)) if b in self.families), None)
        return [] if base is None else [(have, value) for n, have, value in self.families[base].samples
                                        if n == name and all(have.get(k) == v for k, v in labels.items())]

    def value(self, name, **labels):
        found = self.all(name, **labels)
        assert len(found) == 1, (name, labels, found)
        return found[0][1]

    def total(self, name, **labels):
        return sum(value for _, value in self.all(name, **labels))

    def histogram(self, name, **labels):
        """Bounds with their cumulative counts, checked; sum; count."""
        buckets = [(float(have["le"]), value) for have, value in self.all(name + "_bucket", **labels)
                   if {k: v for k, v in have.items() if k != "le"} == labels]
        total, count = self.value(name + "_sum", **labels), self.value(name + "_count", **labels)
        assert [b for b, _ in buckets] == sorted({b for b, _ in buckets}) and buckets[-1] == (math.inf, count)
        assert [n for _, n in buckets] == sorted(n for _, n in buckets)
        return buckets, total, count

    def names(self):
        """Of all samples, as a query names them."""
        return {name for f in self.families.values() for name, _, _ in f.samples}
