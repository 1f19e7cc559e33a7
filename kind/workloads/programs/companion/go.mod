module wasmwright.dev/workloads/companion

go 1.26.0
