#!/usr/bin/env bash
# in-namespace.sh COMMAND...: runs it in network, mount and process namespaces of their own, in which a cluster with real nodes can
# live: a bridge fab0 with 172.30.0.1/24, and no way out. The exit code is the command's. However it ends, nothing is left: no
# process, no mount, no cgroup, no file but what was written under work/.
#   TEAMS_SBC_CGROUP   for the command: the name of a cgroup that is its own in every hierarchy
#   TMPDIR             for the command: a directory that goes with it
set -uo pipefail
PATH=$PATH:/usr/sbin:/sbin

if [ "${1:-}" = --inside ]; then
  shift
  # Process 1 does not hear a signal without a trap.
  trap 'exit 143' TERM
  set -e
  ulimit -c 0
  ip link set lo up
  # An address of its own: without it a bridge has that of a port, and another one when that port goes, which all others learn late.
  ip link add fab0 address 02:00:ac:1e:00:01 type bridge
  ip address add 172.30.0.1/24 dev fab0
  ip link set fab0 up
  echo 1 > /proc/sys/net/ipv4/ip_forward
  printf 'nameserver 10.96.0.10\noptions timeout:1 attempts:1\n' > "$TMPDIR/resolv.conf"
  [ ! -e /etc/resolv.conf ] || mount --bind "$TMPDIR/resolv.conf" /etc/resolv.conf
  set +e
  # This shell is process 1 here: it reaps orphans while it waits.
  "$@" <&0 &
  command=$!
  trap 'kill -TERM $command 2> /dev/null' TERM
  wait $command
  code=$?
  while kill -0 $command 2> /dev/null; do
    wait $command
    code=$?
  done
  exit $code
fi

if [ $# = 0 ]; then
  echo 'usage: in-namespace.sh COMMAND...' >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo 'in-namespace: Cannot make namespaces: this is not root' >&2
  exit 1
fi

if [ -n "${TEAMS_SBC_CGROUP:-}" ]; then
  echo 'in-namespace: Cannot make namespaces: this is inside of them already' >&2
  exit 1
fi

# remove_cgroups NAME, from the leaves up. A process that was killed leaves its cgroup only when it is reaped: hence the patience.
remove_cgroups() {
  local directory left
  for _ in $(seq 100); do
    left=
    for directory in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
      [ -d "$directory" ] || continue
      find "$directory" -depth -type d -exec rmdir {} + 2> /dev/null
      [ ! -d "$directory" ] || left=$directory
    done
    [ -n "$left" ] || return 0
    sleep 0.1
  done
  echo "in-namespace: Cannot remove $left: a process is still in it" >&2
}

# What a run that was itself killed with SIGKILL could not take away.
files=${TMPDIR:-/tmp}
for old in "$files"/teams-sbc-nodes-* /sys/fs/cgroup/teams-sbc-nodes-* /sys/fs/cgroup/*/teams-sbc-nodes-*; do
  # One with our own number is not of a run that goes on: that number was free.
  if [ -d "$old" ] && { [ ! -d "/proc/${old##*-}" ] || [ "${old##*-}" = $$ ]; }; then
    remove_cgroups "${old##*/}"
    rm -rf "${files:?}/${old##*/}"
  fi
done

export TEAMS_SBC_CGROUP=teams-sbc-nodes-$$
export TMPDIR=$files/$TEAMS_SBC_CGROUP
outer= ending= patience=
children_of() { cat "/proc/$1/task/$1/children" 2> /dev/null; }

end() {
  ending=yes
  [ -n "$outer" ] || return 0
  local inner
  for _ in $(seq 20); do
    inner=$(children_of $outer)
    [ -z "$inner" ] && kill -0 $outer 2> /dev/null || break
    sleep 0.05
  done
  # shellcheck disable=SC2086 # one number and a blank
  [ -z "$inner" ] || kill -TERM $inner 2> /dev/null
  [ -z "$patience" ] || return 0
  # Whatever does not end by itself goes with its namespace.
  (sleep 20 && kill -KILL $outer) 2> /dev/null &
  patience=$!
}
trap end TERM INT HUP
mkdir -m 700 "$TMPDIR" || exit 1
setpriv --pdeathsig KILL unshare --net --pid --mount --fork --kill-child --mount-proc "$0" --inside "$@" <&0 &
outer=$!
[ -z "$ending" ] || end
wait $outer
code=$?
while kill -0 $outer 2> /dev/null; do
  wait $outer
  code=$?
done
trap '' TERM INT HUP
# Without its sleep it kills nobody.
# shellcheck disable=SC2046 # one number and a blank
[ -z "$patience" ] || kill $(children_of $patience) 2> /dev/null
remove_cgroups "$TEAMS_SBC_CGROUP"
rm -rf "$TMPDIR"
exit $code
