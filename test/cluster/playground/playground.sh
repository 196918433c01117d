#!/usr/bin/env bash
# playground.sh up | down: starts test/cluster/playground/main.ts in the background and waits until it serves, or ends it.
# PLAYGROUND names it (default: playground), so that a test can have one of its own.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
name=${PLAYGROUND:-playground}
directory=$root/work/cluster
kubeconfig=$directory/$name.kubeconfig
pid_file=$directory/$name.pid
log=$directory/$name.log

# A pid file may be older than the process that has its number now.
is_up() { [ -f "$pid_file" ] && grep -qs playground/main.ts "/proc/$(cat "$pid_file")/cmdline"; }

up() {
  if is_up; then
    echo "The cluster is up already: $kubeconfig"
    return
  fi
  mkdir -p "$directory"
  rm -f "$kubeconfig"
  setsid node "$root/test/cluster/playground/main.ts" "$name" > "$log" 2>&1 < /dev/null &
  echo $! > "$pid_file"
  for _ in $(seq 600); do
    if [ -f "$kubeconfig" ]; then
      echo "The cluster is up: $kubeconfig"
      return
    fi
    sleep 0.1
    is_up || break
  done
  echo "Cannot start the cluster: its words are in $log" >&2
  tail -n 15 "$log" >&2
  exit 1
}

down() {
  if ! is_up; then
    echo 'The cluster is not up'
    return
  fi
  local pid
  pid=$(cat "$pid_file")
  kill "$pid"
  for _ in $(seq 300); do
    [ -d "/proc/$pid" ] || break
    sleep 0.1
  done
  rm -f "$pid_file"
  echo 'The cluster is down, and nothing of it is left but its logs in work/cluster'
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo 'usage: playground.sh up | down' >&2
    exit 2
    ;;
esac
