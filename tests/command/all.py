"""python3 tests/command/all.py BINARY [PATTERN...]: every test of the command as a whole."""
import os
import sys
import unittest

os.environ["TWOLANE_BIN"] = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
loader = unittest.TestLoader()
loader.testNamePatterns = ["*%s*" % pattern for pattern in sys.argv[2:]] or None
suite = loader.discover(here, "*_test.py")
sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
