#!/bin/sh
# A containerd shim in one file: runc's own shim, which finds crun-wasm under the name of runc.
# The wrapper is written when it is first needed, and is gone with the next boot of the node.
set -eu
name=containerd-shim-wasmtest-v1
directory=${WASMTEST_DIRECTORY:-/run/$name}

if [ "${1:-}" = -v ]; then
    if ! wasm=$(command -v crun-wasm); then
        echo "$name: there is no crun-wasm on this node" >&2
        exit 1
    fi
    printf '%s:\n  Runtime: %s\n  Version: 1\n' "$name" "$wasm"
    exit 0
fi

if [ ! -x "$directory/runc" ]; then
    mkdir -p "$directory"
    printf '#!/bin/sh\nexec crun-wasm "$@"\n' >"$directory/.runc.$$"
    chmod 755 "$directory/.runc.$$"
    mv "$directory/.runc.$$" "$directory/runc"
fi
PATH="$directory:$PATH" exec containerd-shim-runc-v2 "$@"
