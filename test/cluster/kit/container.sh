#!/usr/bin/env bash
# container.sh SCRATCH [SOURCE TARGET]... -- COMMAND...
# In the mount namespace of its own that the caller made: each SOURCE appears at its TARGET, and the command takes this process
# over. The machine's own folders are covered by overlays, so nothing is made in them.
set -euo pipefail

scratch=$1
shift
mount -t tmpfs tmpfs "$scratch"
while [ "$1" != -- ]; do
  source=$1 target=$(realpath --canonicalize-missing "$2")
  shift 2
  top=$(cut -d/ -f2 <<< "$target")
  if [ ! -d "$scratch/$top" ]; then
    mkdir -p "$scratch/$top/upper" "$scratch/$top/work"
    mount -t overlay overlay -o "lowerdir=/$top,upperdir=$scratch/$top/upper,workdir=$scratch/$top/work" "/$top"
  fi
  if [ -d "$source" ]; then
    mkdir -p "$target"
  else
    mkdir -p "$(dirname "$target")"
    [ -e "$target" ] || : > "$target"
  fi
  mount --bind "$source" "$target"
done
shift
exec "$@"
