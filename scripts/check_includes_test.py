#!/usr/bin/env python3
"""The include check itself: small trees with one fault each, which it must name."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parent / "check_includes.py"


def check(files):
    """Exit code and words for a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        run = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)
        return run.returncode, run.stdout


class CheckIncludes(unittest.TestCase):
    def refused(self, path, text, words):
        code, said = check({path: text})
        self.assertEqual(code, 1, said)
        self.assertIn(words, said)

    def allowed(self, path, text):
        code, said = check({path: text})
        self.assertEqual(code, 0, said)

    def test_arrows(self):
        self.refused("src/sim/x.cc", '\n#include "dialect/x.h"\n', "src/sim/x.cc:2: ")
        self.refused("src/sim/x_test.cc", '#include "patient/x.h"\n', "sim may not include patient")
        self.refused("src/sim/deep/x.h", '# include "price/x.h"\n', "sim may not include price")
        self.refused("src/base/x.h", '#include "wire/x.h"\n', "base may not include wire")
        self.refused("src/plan/x.h", '#include "net/x.h"\n', "plan may not include net")
        self.allowed("src/sim/x.cc", '#include "net/x.h"\n#include "sim/y.h"\n')
        self.allowed("src/app/x.cc", '#include "sim/x.h"\n')
        self.allowed("tests/x_test.cc", '#include "sim/x.h"\n#include "dialect/x.h"\n')
        self.allowed("tests/x_test.cc", '#include "beside.h"\n')
        self.allowed("bench/x.cc", '#include "patient/x.h"\n')

    def test_names_without_room(self):
        self.refused("src/base/x.cc", '#include "x.h"\n', "does not begin with a room")
        self.refused("src/base/x.cc", '#include "../wire/x.h"\n', "does not begin with a room")
        self.refused("src/odd/x.cc", "", "not in the table")

    def test_pure_rooms(self):
        for header in ("fstream", "random", "thread", "sys/stat.h", "boost/asio.hpp", "sqlite3.h", "ctime"):
            self.refused("src/plan/x.cc", f"#include <{header}>\n", "plan is pure")
            self.allowed("src/net/x.cc", f"#include <{header}>\n")
            self.allowed("src/plan/x_test.cc", f"#include <{header}>\n")
        self.refused("src/base/x.cc", "auto t = std::chrono::system_clock::now();\n", "system_clock")
        self.allowed("src/base/x.cc", "#include <chrono>\n// no system_clock here\n")

    def test_comments_are_no_includes(self):
        self.allowed("src/base/x.cc", '// #include "wire/x.h"\n/*\n#include "net/x.h"\n*/\n')

    def test_cmake_lines(self):
        tree = {"src/base/x.cc": "", "CMakeLists.txt": "room(base)\nroom(sim base HEAVY LIBS a::b)\n"}
        self.assertEqual(check(tree)[0], 0)
        tree["CMakeLists.txt"] += "room(sim base dialect LIBS a::b)\n"
        code, said = check(tree)
        self.assertEqual(code, 1)
        self.assertIn("CMakeLists.txt:3: sim may not link dialect", said)

    def test_an_empty_tree_is_a_fault(self):
        self.assertEqual(check({})[0], 1)


if __name__ == "__main__":
    unittest.main()
