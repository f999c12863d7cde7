#!/bin/sh
# Continues in the image of the emulated machine: mounts what a running system has, runs the guest, and switches the machine off.
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root TMPDIR=/tmp LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs run /run
mount -t securityfs security /sys/kernel/security
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
for word in $(cat /proc/cmdline); do
  case $word in
    project=*) project=${word#project=} ;;
    tests=*) tests=$(echo "${word#tests=}" | tr , ' ') ;;
  esac
done
[ -x /machine/sandbox-suite ] && rust=--rust=/machine/sandbox-suite
cd "$project" && node scripts/machines/guest.mjs --patience=20 $rust $tests
echo o > /proc/sysrq-trigger
sleep 60
