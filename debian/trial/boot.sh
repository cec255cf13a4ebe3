#!/bin/sh
# Puts a clean Debian 12 into build/trial, boots systemd in it (namespaces of its own for mounts, processes and
# network, nothing of it reaches this host), and runs debian/trial/steps.sh there with both packages.
# build/previous has the package that is upgraded; without one it is the new one itself, under its number.
# As root. debootstrap and the downloads need the network; what happens inside has none.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD/build/trial
base=build/trial-base.tar
group=/sys/fs/cgroup/systemd/postfax-trial.$$

[ -f "$base" ] || {
    rm -rf "$root"
    debootstrap --variant=minbase --include=ca-certificates,systemd,procps bookworm "$root" http://deb.debian.org/debian
    tar -C "$root" -cf "$base" .
}
rm -rf "$root"
mkdir -p "$root"
tar -C "$root" -xf "$base"
mkdir -p "$root/trial/previous" "$root/old"
if ls build/previous/postfax_*_amd64.deb >/dev/null 2>&1; then previous=build/previous; else previous=build; fi
cp "$previous"/postfax_*_amd64.deb "$root/trial/previous/"
cp build/postfax_*_amd64.deb debian/trial/steps.sh debian/trial/mails.py debian/trial/policy.yaml "$root/trial/"
# This host's way to Debian's archive.
cp /etc/resolv.conf "$root/etc/"
cp -r /etc/apt/sources.list.d/. "$root/etc/apt/sources.list.d/" 2>/dev/null || true
cp /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf.d/99* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ ! -s "$root/etc/apt/sources.list.d/debian.sources" ] || : >"$root/etc/apt/sources.list"
chroot "$root" sh -c 'apt-get -q update && apt-get -qy --no-install-recommends --download-only install /trial/previous/postfax_*_amd64.deb'
chroot "$root" sh -c 'apt-get -qy --no-install-recommends --download-only install /trial/postfax_*_amd64.deb'

cat >"$root/trial/init.sh" <<INIT
set -e
mount --bind $root $root
mount -t proc proc $root/proc
mount --rbind /dev $root/dev
mount --make-rslave $root/dev
mount --bind /dev/null $root/dev/kmsg # what this host's kernel says is none of its business
mount -t sysfs -o ro sys $root/sys
mount -t tmpfs tmpfs $root/sys/fs/cgroup
mkdir $root/sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup $root/sys/fs/cgroup/systemd
mount -t tmpfs -o mode=755 tmpfs $root/run
mount --bind $root/proc/sys $root/proc/sys
mount -o remount,bind,ro $root/proc/sys
ip link set lo up
cd $root
pivot_root . old
umount -l /old
export container=trial PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec /lib/systemd/systemd --log-target=null
INIT
mkdir -p "$group"
sh -c "echo \$\$ >$group/cgroup.procs && exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child sh $root/trial/init.sh" &
boot=$!
trap 'kill -9 $init $boot 2>/dev/null || true; sleep 1; find $group -depth -type d -exec rmdir {} + || true' EXIT
sleep 5
init=$(ps -o pid= --ppid "$boot" | tr -d " ")
nsenter --target "$init" --mount --pid --net --ipc --uts --cgroup env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
    HOME=/root LANG=C.UTF-8 sh /trial/steps.sh
