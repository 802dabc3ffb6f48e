# make run      label the example tickets with simulated providers
# make build    leaves build/release/twolane
# make test     all tests, and the providers' SDKs against the simulator where they can be fetched
# make check    everything CI runs: tests, then again with sanitizers
# make bench    the benchmarks; make fmt formats the sources; make clean removes build/
# make setup    installs the Debian packages that are missing (every target above does so first)

SHELL := /bin/bash

.PHONY: build setup run test bench fmt check clean

build: setup
	@scripts/build.sh release twolane

setup:
	@scripts/setup.sh build

run: setup
	@scripts/build.sh release twolane
	@examples/demo.sh

test:
	@scripts/check.sh release sdk

bench: setup
	@scripts/build.sh release
	@scripts/bench.sh

fmt:
	@scripts/setup.sh fmt
	@find src tests bench \( -name '*.h' -o -name '*.cc' \) -print0 | xargs -0 clang-format-19 -i

check:
	@scripts/check.sh

clean:
	rm -rf build
