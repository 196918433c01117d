#!/usr/bin/env bash
# setup.sh: installs what the kit needs on Debian 12 (root) and makes the test certificates under work/ (BENCH_WORK to put
# it elsewhere). Safe to run again. INSTALL=0 skips apt.
# SIPP_TLS=1 also unpacks Debian sid's sipp (it has TLS; Debian 12's has not) for `cps.py --teams sipp`. sid moves every
# day, so nothing else depends on it: the Teams side is played by load/teams-uas.mjs unless one asks otherwise.
set -euo pipefail
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${BENCH_WORK:-$kit/work}
packages=(kamailio kamailio-tls-modules kamailio-extra-modules rtpengine-daemon rtpengine-utils sip-tester dnsmasq-base
  iproute2 openssl python3-minimal ca-certificates)

if [ "${INSTALL:-1}" = 1 ] && ! dpkg -s "${packages[@]}" > /dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  # A container has no init: keep the packages from starting their daemons. /usr/sbin/policy-rc.d with `exit 101` does it.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get -qq -y --no-install-recommends install "${packages[@]}" > /dev/null
fi
for program in node python3 sipp kamailio rtpengine rtpengine-ctl dnsmasq openssl unshare taskset; do
  command -v "$program" > /dev/null || { echo "setup: $program is missing" >&2; exit 1; }
done

# unpack_suite SUITE DIR PACKAGE...: packages of another Debian suite with all that they depend on, through a private apt
# state, unpacked under DIR. The machine's own apt stays as it is and no maintainer script runs.
unpack_suite() {
  local suite=$1 dir=$2; shift 2
  local state=$dir/.apt
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  : > "$state/status"
  local mirror   # the one that this machine uses
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$state/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$state/lists"
    -o "Dir::State::status=$state/status" -o "Dir::Cache::archives=$state/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o APT::Sandbox::User=root)
  "${apt[@]}" update
  "${apt[@]}" -y --no-install-recommends --download-only install "$@" > /dev/null
  local deb
  for deb in "$state"/archives/*.deb; do dpkg-deb -x "$deb" "$dir"; done
  rm -rf "$state"
}

mkdir -p "$work"
"$kit/pki.sh" "$work/pki"
if [ "${SIPP_TLS:-0}" = 1 ] && [ ! -x "$work/sipp-tls" ]; then
  unpack_suite sid "$work/sid" sip-tester
  lib=$work/sid/usr/lib/$(uname -m)-linux-gnu
  # Its own loader and libraries: it is linked against a newer libc than the machine's.
  printf '#!/bin/sh\nexec %s --library-path %s --argv0 sipp %s "$@"\n' "$(echo "$lib"/ld-linux*.so.*)" "$lib" "$work/sid/usr/bin/sipp" > "$work/sipp-tls"
  chmod +x "$work/sipp-tls"
fi
echo "setup: ready in $work"
