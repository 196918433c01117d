#!/usr/bin/env bash
# cluster.sh up | down: starts test/node/playground/main.ts in the background and waits until it serves, or ends it.
#   NODES     1 or 2, default 1
#   CLUSTER   its name, so that a test can have one of its own; default: nodes
#   IMAGES    the directory of the images that nodes have from the start; default: work/images
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
nodes=${NODES:-1}
name=${CLUSTER:-nodes}
images=${IMAGES:-$root/work/images}
program=test/node/playground/main.ts
kubeconfig=$root/work/cluster/$name.kubeconfig
shell=$root/work/cluster/$name.shell
if [ "$name" = nodes ]; then kubeconfig=$root/work/cluster/kubeconfig shell=$root/work/cluster/shell; fi
# shellcheck disable=SC2034 # of background.sh
files=("$kubeconfig" "$shell")
# shellcheck source=test/cluster/playground/background.sh
source "$root/test/cluster/playground/background.sh"

say_what_next() {
  cat << EOF
The cluster is $1, with $nodes node(s), DNS and cert-manager:

  export KUBECONFIG=${kubeconfig#"$PWD/"} PATH=\$PWD/work/cluster-binaries:\$PATH
  kubectl get nodes
EOF
  if compgen -G "$images/*.tar" > /dev/null; then
    cat << EOF
  helm install teams-sbc charts/teams-sbc --namespace teams-sbc-system --create-namespace
EOF
  else
    cat << EOF
  # There are no images yet: make images, and then make cluster-down cluster-up
EOF
  fi
  cat << EOF
  ${shell#"$PWD/"}   # a shell where nodes, pods and Services are reached; --node n1: in the node
EOF
}

up() {
  case $nodes in
    1 | 2) ;;
    *) fail "start $nodes nodes: NODES is 1 or 2" ;;
  esac
  local running verdict='up already'
  if ! serves; then
    start "$nodes" "$name" "$images"
    verdict=up
  fi
  running=$(argument_of 1)
  # Nobody who names no number asks for another one.
  if [ -n "${NODES:-}" ] && [ "$running" != "$nodes" ]; then
    fail "start a cluster of $nodes: one of $running is up already; make cluster-down cluster-up NODES=$nodes"
  fi
  nodes=$running
  say_what_next "$verdict"
}

case ${1:-} in
  up | down) "$1" ;;
  *)
    echo 'usage: cluster.sh up | down' >&2
    exit 2
    ;;
esac
