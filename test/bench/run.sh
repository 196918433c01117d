#!/usr/bin/env bash
# run.sh [OPTIONS OF run.ts]: `make bench`. Everything happens in a network namespace of its own: no address of the machine is touched.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
export PATH="$top/node_modules/.bin:$PATH" BENCH_WORK="$top/work/bench" BENCH_RESULTS="$top/work/bench/results" NODE_NO_WARNINGS=1
mkdir -p "$BENCH_RESULTS"
"$here/setup.sh"
ulimit -n 100000 2> /dev/null || true
exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh node "$here/run.ts" "$@"
