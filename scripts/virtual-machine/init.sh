#!/bin/busybox sh
# The first process of a virtual machine: makes the outer machine's files its own and runs a script there. What is written stays in
# the machine's memory; without a file system that can do this (overlay) they are read only.
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
# Twice, because kernels differ in which module depends on which.
for module in /modules/* /modules/*; do /bin/busybox insmod "$module" 2>/dev/null; done
/bin/busybox ip link set lo up
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,access=client,cache=loose,msize=524288,ro host /outer || exec /bin/busybox poweroff -f
/bin/busybox mount -t tmpfs changes /changes
/bin/busybox mkdir /changes/upper /changes/work
/bin/busybox mount -t overlay -o lowerdir=/outer,upperdir=/changes/upper,workdir=/changes/work root /new || /bin/busybox mount --bind /outer /new
for word in $(/bin/busybox cat /proc/cmdline); do
  case $word in
    script=*) script=${word#script=} ;;
    node=*) node=${word#node=} ;;
    plan=*) plan=${word#plan=} ;;
    directory=*) directory=${word#directory=} ;;
  esac
done
# A checkout below a directory that gets another content here stays where it is.
case $directory in
  /tmp/* | /run/*)
    /bin/busybox mkdir /kept
    /bin/busybox mount --bind "/new$directory" /kept
    ;;
esac
/bin/busybox mount -t devtmpfs dev /new/dev
/bin/busybox mount -t proc proc /new/proc
/bin/busybox mount -t sysfs sys /new/sys
/bin/busybox mount -t tmpfs -o mode=1777 run /new/run
/bin/busybox mount -t tmpfs -o mode=1777 tmp /new/tmp
if [ -d /kept ]; then
  /bin/busybox mkdir -p "/new$directory"
  /bin/busybox mount --move /kept "/new$directory"
fi
/bin/busybox mkdir -p /new/dev/shm /new/dev/pts
/bin/busybox mount -t devpts -o ptmxmode=0666 pts /new/dev/pts
/bin/busybox mount -t tmpfs -o mode=1777 shm /new/dev/shm
/bin/busybox mount -t cgroup2 cgroup /new/sys/fs/cgroup
/bin/busybox mount -t securityfs security /new/sys/kernel/security
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/run TMPDIR=/run LANG=C.UTF-8
/bin/busybox umount /proc /dev
exec /bin/busybox switch_root /new /bin/sh -c "'$node' '$script' '$plan'; echo o > /proc/sysrq-trigger; sleep 60"
