#!/usr/bin/env python3
"""Sums test reports in JUnit form; the last line is "N passed, N failed".

usage: count_tests.py [--passed N] [--failed N] REPORT...     (N: what was counted elsewhere)

A test that did not run though it should have counts as failed, and so does a report that is missing.
Exits with 1 when anything failed or nothing passed.
"""
import argparse
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    """passed, failed, skipped or disabled, and a remark."""
    status = case.get("status", "run")
    if status == "fail" or case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if status == "disabled":
        return "disabled", ""
    if skipped is None and status == "run":
        return "passed", ""
    reason = skipped.get("message", "") if skipped is not None else ""
    # ctest says so of tests that skipped themselves; any other reason means that it could not be run.
    return ("skipped", reason) if reason.startswith("SKIP_") else ("failed", f" (not run: {reason})")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--passed", type=int, default=0)
    options.add_argument("--failed", type=int, default=0)
    options.add_argument("reports", nargs="*")
    given = options.parse_args()
    count = {"passed": given.passed, "failed": given.failed, "skipped": 0, "disabled": 0}
    for report in given.reports:
        try:
            cases = list(xml.parse(report).getroot().iter("testcase"))
        except (OSError, xml.ParseError) as error:
            print(f"failed: {report}: {error}")
            count["failed"] += 1
            continue
        for case in cases:
            kind, remark = outcome(case)
            count[kind] += 1
            if kind in ("failed", "skipped"):
                print(f"{kind}: {report}: {case.get('name')}{remark if kind == 'failed' else ''}")
    print(f"{count['passed']} passed, {count['failed']} failed")
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
