"""Converge one host's container runtime to a document: the node side of wasmwright.

Useful alone: `wasmwright-installer apply --document D` needs no Kubernetes. The operator is only
its most frequent caller, through one Job per node.
"""
