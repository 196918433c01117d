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
directory=$root/work/cluster
kubeconfig=$directory/$name.kubeconfig
shell=$directory/$name.shell
pid_file=$directory/$name.pid
log=$directory/$name.log
if [ "$name" = nodes ]; then kubeconfig=$directory/kubeconfig shell=$directory/shell; fi

# A pid file may be older than the process that has its number now.
is_up() { [ -f "$pid_file" ] && grep -qs node/playground/main.ts "/proc/$(cat "$pid_file")/cmdline"; }

say_what_next() {
  cat << EOF
The cluster is up, with $nodes node(s), DNS and cert-manager:

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
  if is_up; then
    echo "The cluster is up already: $kubeconfig"
    return
  fi
  mkdir -p "$directory"
  rm -f "$kubeconfig"
  setsid node "$root/test/node/playground/main.ts" "$nodes" "$name" "$images" > "$log" 2>&1 < /dev/null &
  echo $! > "$pid_file"
  for _ in $(seq 1200); do
    if [ -f "$kubeconfig" ]; then
      say_what_next
      return
    fi
    sleep 0.1
    is_up || break
  done
  echo "Cannot start the cluster: its words are in $log, those of its parts in $directory/$name" >&2
  tail -n 15 "$log" >&2
  ! is_up || down >&2
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
  for _ in $(seq 600); do
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
    echo 'usage: cluster.sh up | down' >&2
    exit 2
    ;;
esac
