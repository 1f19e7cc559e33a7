module wasmwright.dev/localcluster/pause

go 1.26.0
