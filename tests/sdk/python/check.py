"""Runs named checks one after the other and says of each whether it holds."""

import os
import sys
import time
import traceback

SIMS = {name: os.environ.get("SIM_" + name.upper(), "") for name in ("calm", "stuck", "failing", "busy")}
failed = 0


def check(name):
    def run(function):
        global failed
        try:
            function()
            print(f"ok {name}", flush=True)
        except Exception as error:  # any: it is what this is for
            failed += 1
            line = next(f.lineno for f in traceback.extract_tb(error.__traceback__) if not f.filename.endswith("check.py"))
            print(f"FAILED {name}: line {line}: {type(error).__name__}: {error}", flush=True)

    return run


def same(seen, wanted):
    assert seen == wanted, f"{seen!r} instead of {wanted!r}"


def until(ask, done, seconds=30):
    """Asks until `done` holds."""
    end = time.monotonic() + seconds
    while not done(seen := ask()):
        assert time.monotonic() < end, f"still not so: {seen!r}"
        time.sleep(0.05)
    return seen


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"did not raise {kind.__name__}")


def finish():
    sys.exit(1 if failed else 0)
