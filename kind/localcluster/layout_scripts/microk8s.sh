# Stands for the start script of the MicroK8s snap's containerd: renders its file from the template.
#
# The unit sets SNAP, SNAP_DATA, SNAP_COMMON and SOCKET as the snap has them.
set -euo pipefail

sed "s@\${SNAP}@$SNAP@g;s@\${SNAP_DATA}@$SNAP_DATA@g;s@\${SNAPSHOTTER}@overlayfs@g;s@\${RUNTIME}@runc@g" \
    "$SNAP_DATA/args/containerd-template.toml" >"$SNAP_DATA/args/containerd.toml"
mkdir -p "$SNAP_COMMON/run"
exec "$SNAP/bin/containerd" --config "$SNAP_DATA/args/containerd.toml" \
    --root /var/lib/containerd --state "$SNAP_COMMON/run/containerd" --address "$SOCKET"
