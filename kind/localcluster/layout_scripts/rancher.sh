# Stands for k3s and RKE2 as far as containerd notices: renders its file by their rules at each
# start, starts it as a child, and then the kubelet, within the same process or as another child.
#
# Called as `k3s agent` or `rke2 server`. The unit sets DATA (data directory), SOCKET, STATE,
# EMBEDDED (name of the process that holds the kubelet; empty = a process of its own), PAUSE (archive)
# and KUBELET (its flags). Beside this file are the product's own base, base-v3.toml or base-v2.toml,
# and what it renders when there is no template.
set -euo pipefail

folder=$DATA/agent/etc/containerd
export PATH=$DATA/data/current/bin:$PATH
here=$PWD

# A user's template of the newer schema counts before one of the older; without any it is the base
# of the newest schema that this containerd knows.
choose_template() {
    newest=2
    if [ -e "$here/base-v3.toml" ]; then newest=3; fi
    if [ "$newest" = 3 ] && [ -e "$folder/config-v3.toml.tmpl" ]; then
        schema=3 template=$folder/config-v3.toml.tmpl
    elif [ -e "$folder/config.toml.tmpl" ]; then
        schema=2 template=$folder/config.toml.tmpl
    else
        schema=$newest template=$here/none.tmpl
    fi
}

# $1: name, $2: type, $3: binary, $4...: where it may be found
detect() {
    for place in "${@:4}"; do
        [ -e "$place/$3" ] || continue
        printf '\n[%s.containerd.runtimes."%s"]\n  runtime_type = "%s"\n' "$table" "$1" "$2"
        printf '[%s.containerd.runtimes."%s".options]\n' "$table" "$1"
        printf '  BinaryName = "%s"\n  SystemdCgroup = true\n' "$place/$3"
        return
    done
}

base() {
    case $schema in
    3) table="plugins.'io.containerd.cri.v1.runtime'" ;;
    2) table='plugins."io.containerd.grpc.v1.cri"' ;;
    esac
    cat "$here/base-v$schema.toml"
    detect crun io.containerd.runc.v2 crun /usr/sbin /usr/bin /usr/local/bin /usr/local/sbin
    for name in lunatic slight spin wws wasmedge wasmer wasmtime; do
        detect "$name" "io.containerd.$name.v2" "containerd-shim-$name-v1" \
            /opt/kwasm/bin /usr/bin /usr/sbin
    done
}

render() {
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '{{ template "base" . }}') base ;;
        '{{/*'*'*/}}') echo ;;
        *'{{'*)
            echo "$template: this directive is not played: $line" >&2
            return 1
            ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

start_containerd() {
    mkdir -p "$(dirname "$SOCKET")"
    rm -f "$SOCKET"
    setpriv --pdeathsig KILL env -u NOTIFY_SOCKET containerd \
        -c "$folder/config.toml" -a "$SOCKET" --state "$STATE" --root /var/lib/containerd &
    until ctr -a "$SOCKET" version >/dev/null 2>&1; do sleep 0.05; done
    ctr -a "$SOCKET" -n k8s.io images import --all-platforms "$PAUSE" >/dev/null
}

mkdir -p "$folder"
choose_template
render <"$template" >"$folder/config.toml.new"
mv "$folder/config.toml.new" "$folder/config.toml"
start_containerd
# shellcheck disable=SC2086 # several flags
set -- "--config-dir=$DATA/agent/etc/kubelet.conf.d" $KUBELET
if [ -n "$EMBEDDED" ]; then
    exec -a /usr/local/bin/k3s "$EMBEDDED" "$@"
fi
setpriv --pdeathsig KILL kubelet "$@" &
wait -n
