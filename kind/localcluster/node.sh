#!/bin/sh
# Starts a node: a systemd in namespaces of its own, with its own root, network and control groups.
#
# It runs in three steps, each entering the namespaces that the next one needs:
#   network   in a new network namespace: the cable to the host's bridge, addresses, routes
#   root      in new mount, PID, UTS, IPC and cgroup namespaces, as PID 1: the file system
#   (exec)    systemd
#
# The environment tells everything else; node.py sets it.
set -eu

LEGACY_CGROUPS="systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1"

lay_network() {
    ip link set lo up
    ip link add eth0 type veth peer name "$NODE_LINK" netns "$NODE_HOST_PID"
    ip address add "$NODE_ADDRESS" dev eth0
    ip link set eth0 up
    ip route add default via "$NODE_GATEWAY"
    for route in $NODE_ROUTES; do              # pods of another node/the node's address
        ip route add "${route%%@*}" via "${route##*@}"
    done
}

# $1: path under /sys/fs/cgroup, $2: options of the hierarchy. Several controllers in one
# hierarchy are found under each of their names.
mount_hierarchy() {
    mkdir -p "sys/fs/cgroup/$1"
    mount -t cgroup -o "$2" cgroup "sys/fs/cgroup/$1"
    case $1 in *,*)
        for controller in $(echo "$1" | tr , ' '); do
            ln -s "$1" "sys/fs/cgroup/$controller"
        done ;;
    esac
}

mount_cgroups() {
    if [ -z "$NODE_HIERARCHIES" ]; then
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        return
    fi
    mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
    for options in $NODE_HIERARCHIES; do
        mount_hierarchy "${options#none,name=}" "$options"
    done
}

# A /dev of the node's own: with the host's, gettys would take the host's console.
make_devices() {
    mount -t tmpfs -o mode=755 tmpfs dev
    for device in null,1,3 zero,1,5 full,1,7 random,1,8 urandom,1,9 tty,5,0 kmsg,1,11 fuse,10,229; do
        # shellcheck disable=SC2046 # split on purpose: name, major and minor
        set -- $(echo "$device" | tr , ' ')
        mknod -m 666 "dev/$1" c "$2" "$3"
    done
    mkdir dev/pts dev/shm dev/mqueue
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    mount -t tmpfs tmpfs dev/shm
    mount -t mqueue mqueue dev/mqueue
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    ln -s /proc/self/fd/0 dev/stdin
    ln -s /proc/self/fd/1 dev/stdout
    ln -s /proc/self/fd/2 dev/stderr
}

# Some kernel settings are the whole machine's. systemd raises limits of the file system, which a
# read-only mount forbids. The kubelet sets what it finds different from its wishes: a file with
# the wanted value over each of these leaves the host as it is.
shield_tunables() {
    mount --bind proc/sys/fs proc/sys/fs
    mount -o remount,bind,ro proc/sys/fs
    for tunable in "$NODE_DISK"/tunables/*/*; do
        [ -e "proc/sys/${tunable#"$NODE_DISK"/tunables/}" ] || continue
        mount --bind "$tunable" "proc/sys/${tunable#"$NODE_DISK"/tunables/}"
    done
}

build_root() {
    hostname "$NODE_NAME"
    mount -t overlay overlay \
        -o "lowerdir=$NODE_LOWER,upperdir=$NODE_DISK/upper,workdir=$NODE_DISK/work" "$NODE_DISK/root"
    cd "$NODE_DISK/root"
    for directory in containerd kubelet; do    # an overlay cannot stand on an overlay
        mkdir -p "var/lib/$directory"
        mount --bind "$NODE_DISK/$directory" "var/lib/$directory"
    done
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount_cgroups
    make_devices
    shield_tunables
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    pivot_root . .                             # runc and crun refuse a mere chroot
    umount -l .
    cd /
    mount --make-rshared /                     # hostPath volumes with propagation ask for it
}

case $1 in
network)
    lay_network
    # Without --fork nobody is left waiting: the first child is PID 1 and we are gone.
    exec unshare --mount --pid --uts --ipc --cgroup sh -c 'setsid sh "$0" root &' "$0"
    ;;
root)
    build_root
    set -- env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin
    if [ -n "$NODE_HIERARCHIES" ]; then        # systemd 257 wants to be talked into cgroup v1
        set -- "$@" SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 "SYSTEMD_PROC_CMDLINE=$LEGACY_CGROUPS"
    fi
    exec "$@" /sbin/init
    ;;
*)
    exec unshare --net sh "$0" network
    ;;
esac
