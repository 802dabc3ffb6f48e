"""python3 tests/command/all.py BINARY [PATTERN...]: every test of the command as a whole."""
import os
import sys
import time
import unittest

os.environ["TWOLANE_BIN"] = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)


class Timed(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        if (seconds := time.monotonic() - self.began) > 5:
            self.stream.writeln("    %.1f s" % seconds)


loader = unittest.TestLoader()
loader.testNamePatterns = ["*%s*" % pattern for pattern in sys.argv[2:]] or None
suite = loader.discover(here, "*_test.py")
sys.exit(not unittest.TextTestRunner(verbosity=2, resultclass=Timed).run(suite).wasSuccessful())
