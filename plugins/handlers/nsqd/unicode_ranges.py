#!/usr/bin/env python3
"""Prints unicode_ranges.inc: the characters that Go prints as they are (categories L, M, N, P, S, and the space)."""
import unicodedata

print("/* Unicode %s; made by unicode_ranges.py */" % unicodedata.unidata_version)
runs = []
first = None
for code in range(0x110001):
    shown = code == 0x20 or (code < 0x110000 and unicodedata.category(chr(code))[0] in "LMNPS")
    if shown and first is None:
        first = code
    elif not shown and first is not None:
        runs.append("{0x%x, 0x%x}," % (first, code - 1))
        first = None
for i in range(0, len(runs), 6):
    print(" ".join(runs[i:i + 6]))
