#!/usr/bin/env bash
# Installs the Debian packages of scripts/packages.txt that are missing, after saying which and why.
# Does nothing, quietly, when all are there.
# usage: setup.sh [build|test|fmt]...     (build by default)
set -u
cd -P "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- build

wanted() {  # lines "package reason..." of the groups asked for
  local group
  for group in "$@"; do
    sed -nE "s/^$group +//p" scripts/packages.txt
  done
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is no Debian system, so nothing is installed. Twolane needs what these Debian 12 packages hold:"
  wanted "$@" | sed 's/^/  /'
  exit 0  # they may be there under other names: the build will tell
fi

# A command of the package's own name does as well: the npm that comes with Node's own packages, say,
# beside which Debian's cannot be installed.
present() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || command -v "$1" >/dev/null
}

missing=()
while read -r package reason; do
  present "$package" && continue
  [ ${#missing[@]} -eq 0 ] && echo "Missing Debian packages, to be installed with apt-get:"
  printf '  %-20s %s\n' "$package" "$reason"
  missing+=("$package")
done < <(wanted "$@")
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "error: installing needs root, and there is no sudo. As root:"
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  root=(sudo)
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1 </dev/null
}
apt update || echo "apt-get update had faults; trying with the lists that are there"
if ! apt install -y --no-install-recommends "${missing[@]}"; then
  tail -n 20 "$log"
  echo "error: apt-get could not install ${missing[*]}"
  echo "  without network, install them by other means; 'make' needs nothing else from outside"
  exit 1
fi
echo "installed ${#missing[@]} packages"
