#!/usr/bin/env bash
# Configures and builds one preset.
# usage: build.sh PRESET [TARGET...]     presets: release, dev, tsan
set -eu
cd -P "$(dirname "$0")/.."
preset=$1
shift
directory=build/$preset

# A build directory that was copied from elsewhere holds absolute paths of that place.
cache=$directory/CMakeCache.txt
if [ -f "$cache" ] && ! { grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache" &&
                          grep -qxF "CMAKE_CACHEFILE_DIR:INTERNAL=$PWD/$directory" "$cache"; }; then
  echo "$directory was made elsewhere: it is built anew"
  rm -rf "$directory"
fi

mkdir -p "$directory"
if ! cmake --preset "$preset" >"$directory/configure.log" 2>&1; then
  cat "$directory/configure.log"
  exit 1
fi
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
cmake --build --preset "$preset" "${targets[@]}"
