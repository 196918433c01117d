# Sourced by the scripts behind `make playground-up` and `make cluster-up`: a program of this clone in the background, one of a name.
# They set name, program (its path in the clone, which no other program's ends with) and files (what it gives to people: the
# kubeconfig first, which is there once it serves).
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
directory=$root/work/cluster
pid_file=$directory/$name.pid
log=$directory/$name.log
start_seconds=120
end_seconds=60
interrupted=
is_ours=

fail() {
  echo "Cannot $1" >&2
  exit 1
}

# A pid file may be older than the process that has its number now.
is_up() { [ -f "$pid_file" ] && grep -qs "$program" "/proc/$(cat "$pid_file")/cmdline"; }

serves() { is_up && [ -f "${files[0]}" ]; }

# argument_of NUMBER: prints what it was started with.
argument_of() { tr '\0' '\n' < "/proc/$(cat "$pid_file")/cmdline" | sed -n "$(($1 + 2))p"; }

# start ARGUMENTS...: returns once it serves. Whoever interrupts that gets back the machine as it was.
start() {
  [ "$(id -u)" = 0 ] || fail 'start the cluster: this is not root'
  mkdir -p "$directory"
  trap 'interrupted=yes' INT TERM HUP
  launch "$@"
  [ -n "$is_ours" ] || echo 'The cluster is starting already: waiting for it'
  for _ in $(seq $((start_seconds * 10))); do
    ! serves || return 0
    [ -z "$interrupted" ] || give_up
    is_up || break
    sleep 0.1 || true
  done
  # bash leaves a loop whose sleep was interrupted.
  [ -z "$interrupted" ] || give_up
  trap '' INT TERM HUP
  local how=ended
  ! is_up || how="does not serve after $start_seconds s"
  echo "Cannot start the cluster: it $how; its words are in $log, those of its parts in $directory/$name" >&2
  tail -n 20 "$log" >&2
  if is_up; then end >&2; else rm -f "$pid_file"; fi
  exit 1
}

# Of two at the same time one starts it, and the other one finds it.
launch() {
  exec 9< "$directory"
  flock 9
  if ! is_up; then
    rm -f "${files[@]}"
    setsid node "$root/$program" "$@" > "$log" 2>&1 < /dev/null 9<&- &
    echo $! > "$pid_file"
    is_ours=yes
    # Until it is seen, or over.
    while [ -d "/proc/$!" ] && ! is_up; do sleep 0.01 || true; done
  fi
  exec 9<&-
}

give_up() {
  trap '' INT TERM HUP
  [ -z "$is_ours" ] || ! is_up || end >&2
  exit 130
}

end() {
  local pid
  pid=$(cat "$pid_file")
  echo 'Ending the cluster: waiting for its programs to go'
  rm -f "${files[@]}"
  kill "$pid" 2> /dev/null || true
  for _ in $(seq $((end_seconds * 10))); do
    if ! is_up; then
      rm -f "$pid_file" "${files[@]}"
      echo 'The cluster is down, and nothing of it is left but its logs in work/cluster'
      return
    fi
    sleep 0.1 || true
  done
  fail "end the cluster: process $pid is there after $end_seconds s; its words are in $log"
}

down() {
  if is_up; then
    end
    return
  fi
  rm -f "$pid_file" "${files[@]}"
  echo 'The cluster is not up'
}
