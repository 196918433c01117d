#!/usr/bin/env bash
# playground.sh up | down: starts test/cluster/playground/main.ts in the background and waits until it serves, or ends it.
# PLAYGROUND names it (default: playground), so that a test can have one of its own.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${PLAYGROUND:-playground}
program=test/cluster/playground/main.ts
kubeconfig=$(cd "$here/../../.." && pwd)/work/cluster/$name.kubeconfig
# shellcheck disable=SC2034 # of background.sh
files=("$kubeconfig")
# shellcheck source=test/cluster/playground/background.sh
source "$here/background.sh"

up() {
  if serves; then
    echo "The cluster is up already: $kubeconfig"
    return
  fi
  start "$name"
  echo "The cluster is up: $kubeconfig"
}

case ${1:-} in
  up | down) "$1" ;;
  *)
    echo 'usage: playground.sh up | down' >&2
    exit 2
    ;;
esac
