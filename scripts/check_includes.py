#!/usr/bin/env python3
"""Fails on every #include that goes against the arrows between the rooms.

usage: check_includes.py [ROOT]

Reads the #include lines of src/, tests/ and bench/, and the room(...) lines of CMakeLists.txt, which
must allow nothing that this table does not. Files of tests/ and bench/ may include everything.
"""
import pathlib
import re
import sys

# What each room may include beside itself and the standard library.
MAY_INCLUDE = {
    "base": [],
    "model": ["base"],
    "wire": ["base"],
    "dialect": ["base", "model", "wire"],
    "price": ["base", "model"],
    "plan": ["base", "model", "price"],
    "trial": ["base", "model", "price", "plan"],
    "audit": ["base", "model", "wire", "price", "plan", "trial"],  # of these only for the replay
    "net": ["base", "wire"],
    "store": ["base", "model", "wire"],  # wire for http.h: payloads are ByteSources
    "patient": ["base", "model", "wire", "dialect", "price", "plan", "audit", "net", "store"],
    "gateway": ["base", "model", "wire", "dialect", "price", "plan", "audit", "net", "store", "patient"],
    "sim": ["base", "model", "wire", "net", "store"],  # never what it is there to test
    "app": ["base", "model", "wire", "dialect", "price", "plan", "audit", "net", "store", "patient",
            "gateway", "sim", "trial"],
}

# Rooms without clock, disk, network, randomness or threads. Their tests may use all of these.
PURE = ["base", "model", "wire", "dialect", "price", "plan", "trial", "audit"]
IMPURE_HEADERS = {
    "a clock": r"ctime|time\.h|sys/time\.h",
    "the disk": r"fstream|filesystem|fcntl\.h|unistd\.h|dirent\.h|sqlite3\.h",
    "the network": r"netdb\.h|arpa/.*|netinet/.*|boost/(asio|beast)[./].*|openssl/(ssl|bio)\.h|curl/.*",
    "randomness": r"random|openssl/rand\.h",
    "threads": r"thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token"
               r"|pthread\.h",
    "the operating system": r"sys/.*|signal\.h|csignal|spawn\.h|poll\.h",
}
# <chrono> is the calendar as well as the clocks, so the clocks are looked for by name.
CLOCK = re.compile(r"\b(system|steady|high_resolution|utc|tai|gps|file)_clock\b")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
SOURCES = {".h", ".hpp", ".cc", ".cpp", ".inc"}


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_quoted(name, room):
    """Why a file of `room` may not include "name", or None."""
    target, slash, _ = name.partition("/")
    if not slash or target not in MAY_INCLUDE:
        return f'"{name}" does not begin with a room: write "room/file.h"'
    if target == room or target in MAY_INCLUDE[room]:
        return None
    allowed = ", ".join(MAY_INCLUDE[room]) or "only itself"
    return f'"{name}": {room} may not include {target} (it may: {allowed})'


def check_impure(name):
    for what, pattern in IMPURE_HEADERS.items():
        if re.fullmatch(pattern, name):
            return what
    return None


def check_file(path, shown, room):
    """The faults of one file, as lines to print. Room None: a file of tests/ or bench/."""
    text = path.read_text(encoding="utf-8")
    code = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    pure = room in PURE and not path.stem.endswith("_test")
    faults = []
    for match in INCLUDE.finditer(code):
        kind, name = match.groups()
        fault = None
        if kind == '"' and room is not None:
            fault = check_quoted(name, room)
        elif pure and (what := check_impure(name)):
            fault = f"<{name}>: {room} is pure and may not use {what}"
        if fault:
            faults.append(f"{shown}:{line_of(code, match.start())}: {fault}")
    if pure:
        for match in CLOCK.finditer(code):
            faults.append(f"{shown}:{line_of(code, match.start())}: {room} is pure and may not read "
                          f"{match.group()}")
    return faults


def check_cmake(root):
    """The room(...) lines must not allow an arrow that the table does not."""
    listing = root / "CMakeLists.txt"
    if not listing.exists():
        return []
    faults = []
    text = listing.read_text(encoding="utf-8")
    for match in re.finditer(r"^room\((\w+)([^)]*)\)", text, re.M):
        room, words = match.group(1), match.group(2).split()
        place = f"CMakeLists.txt:{line_of(text, match.start())}"
        if room not in MAY_INCLUDE:
            faults.append(f"{place}: room {room} is not in the table")
            continue
        linked = [w for w in words[:words.index("LIBS")] if w != "HEAVY"] if "LIBS" in words else \
            [w for w in words if w != "HEAVY"]
        for other in linked:
            if other not in MAY_INCLUDE[room]:
                faults.append(f"{place}: {room} may not link {other}")
    return faults


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    faults, files = check_cmake(root), 0
    for top in ("src", "tests", "bench"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SOURCES or not path.is_file() or "node_modules" in path.parts:
                continue
            files += 1
            shown = path.relative_to(root)
            room = shown.parts[1] if top == "src" else None
            if top == "src" and room not in MAY_INCLUDE:
                faults.append(f"{shown}: src/{room} is not in the table of rooms")
                continue
            faults += check_file(path, shown, room)
    if files == 0:
        faults.append(f"{root}: no sources found")
    print("\n".join(faults) if faults else f"{files} files, no include against the arrows")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
