# Stands for k0s as far as containerd notices: writes its main file, starts containerd and kubelet
# as children, watches the directory of drop-ins, and restarts containerd by itself after a change.
#
# Called as `k0s worker`. The unit sets SOCKET, STATE, PAUSE (archive) and KUBELET (its flags).
set -euo pipefail

drop_ins=/etc/k0s/containerd.d
quiet=3     # seconds without a further change
respawn=5   # seconds between the end of a child and its next start

start_containerd() {
    rm -f "$SOCKET"
    setpriv --pdeathsig KILL env -u NOTIFY_SOCKET /var/lib/k0s/bin/containerd \
        --root=/var/lib/containerd "--state=$STATE" "--address=$SOCKET" \
        --config=/etc/k0s/containerd.toml &
    containerd=$!
}

fingerprint() {
    stat --format='%n %i %Y %Z %s' "$drop_ins" "$drop_ins"/* 2>/dev/null || true
}

wait_until_quiet() {
    while
        seen=$(fingerprint)
        sleep "$quiet"
        [ "$seen" != "$(fingerprint)" ]
    do :; done
}

mkdir -p "$drop_ins" "$(dirname "$SOCKET")"
cp containerd.toml /etc/k0s/containerd.toml.new
mv /etc/k0s/containerd.toml.new /etc/k0s/containerd.toml
start_containerd
until ctr -a "$SOCKET" version >/dev/null 2>&1; do sleep 0.05; done
ctr -a "$SOCKET" -n k8s.io images import --all-platforms "$PAUSE" >/dev/null
# shellcheck disable=SC2086 # several flags
setpriv --pdeathsig KILL /var/lib/k0s/bin/kubelet $KUBELET &
kubelet=$!

known=$(fingerprint)
while kill -0 "$kubelet"; do
    sleep 0.2
    [ "$known" != "$(fingerprint)" ] || continue
    wait_until_quiet
    known=$(fingerprint)
    kill -HUP "$containerd"
    wait "$containerd" || true
    sleep "$respawn"
    start_containerd
done
