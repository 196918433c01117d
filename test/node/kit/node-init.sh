#!/usr/bin/env bash
# node-init.sh DIRECTORY NAME: process 1 of a node. In namespaces of its own it makes what a machine has when its services start,
# and then reaps orphans. The machine's own folders are covered, so nothing is made in them; DIRECTORY is the node's disk.
set -euo pipefail
directory=$1 name=$2

mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock /run/disk /run/covers
mount --bind "$directory" /run/disk
for folder in etc var; do
  mkdir -p "/run/covers/$folder/upper" "/run/covers/$folder/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/run/covers/$folder/upper,workdir=/run/covers/$folder/work" "/$folder"
done
mkdir -p /var/lib/containerd /var/lib/kubelet
mount --bind /run/disk/containerd /var/lib/containerd
mount --bind /run/disk/kubelet /var/lib/kubelet
for file in hosts resolv.conf; do
  [ -e "/etc/$file" ] || : > "/etc/$file"
  mount --bind "/run/disk/$file" "/etc/$file"
done

# The kubelet writes these, which the whole machine shares: it writes into files of the node instead.
for tunable in vm/overcommit_memory:1 kernel/panic:10 kernel/panic_on_oops:1; do
  file=/run/covers/$(basename "${tunable%:*}")
  echo "${tunable#*:}" > "$file"
  mount --bind "$file" "/proc/sys/${tunable%:*}"
done
# A second hierarchy beside those of version 1 has no controller that a pod needs, and confuses container runtimes.
[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified 2> /dev/null || true

ip link set lo up
hostname "$name"
echo 1 > /proc/sys/net/ipv4/ip_forward
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || modprobe br_netfilter
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables

: > "$directory/is-up"
while :; do
  sleep 3600 &
  wait $!
done
