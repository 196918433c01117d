#!/usr/bin/env bash
# in-image.sh ROOT [NAME=VALUE…] -- COMMAND…: runs COMMAND in an unpacked image as a pod under the level `restricted` does: read-only
# root, user 65532, no privileges, namespaces of its own. WRITABLE names a folder of the image that is an emptyDir. Wants root. Ends by SIGKILL, for unshare hears no other.
set -euo pipefail
if [ "${IN_IMAGE-}" = "" ]; then
  IN_IMAGE=1 exec unshare --mount --net --uts --ipc --pid --fork --kill-child "$0" "$@"
fi
root=$(realpath "$1")
shift
variables=()
while [ "$1" != -- ]; do variables+=("$1") && shift; done
shift
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
# The container runtime brings it.
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"
mount -o remount,bind,ro "$root"
[ "${WRITABLE-}" = "" ] || mount -t tmpfs -o mode=1777 tmpfs "$root$WRITABLE"
# The host's programs, named before the environment becomes the image's. This shell stays the first process of the namespace:
# a process that changes its user is no longer killed with its parent (prctl(2), PR_SET_PDEATHSIG), the first one is, and all with it.
env=$(command -v env) setpriv=$(command -v setpriv) chroot=$(command -v chroot)
status=0
"$env" -i "${variables[@]}" "$setpriv" --no-new-privs "$chroot" --userspec=65532:65532 --groups= "$root" "$@" || status=$?
exit "$status"
