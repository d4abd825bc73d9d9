"""Waiting without sleeping blindly: poll with a deadline. PLUQ_TEST_SLOW stretches every deadline (sanitizers)."""

import os
import time

SLOW = float(os.environ.get("PLUQ_TEST_SLOW", "1"))
_POLL_S = 0.005


def scaled(seconds):
    """A deadline for this build and machine. Never use it for a time that the daemon is to keep."""
    return seconds * SLOW


def eventually(predicate, deadline=5, what=""):
    """Polls until predicate() is true and returns its value. An AssertionError inside it counts as false; the last one
    is shown."""
    end = time.monotonic() + scaled(deadline)
    reason = ""
    while True:
        try:
            value = predicate()
            if value:
                return value
            reason = f"last value: {value!r}"
        except AssertionError as e:
            reason = f"last failure: {e}"
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {scaled(deadline):.1f} s: {what} ({reason})")
        time.sleep(_POLL_S)


def never(predicate, seconds, what=""):
    """Polls for so long and fails as soon as predicate() is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = predicate()
        assert not value, f"must not happen: {what} ({value!r})"
        time.sleep(_POLL_S)
