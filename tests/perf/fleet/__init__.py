"""What a rollout over a whole fleet costs: `python -m perf.fleet --nodes 1000 --runtimes 3`.

The operator runs as a process of its own, under its own service account with the rights of the
chart, against a real API server; kwok plays the kubelets. JSON lines on standard output, `measure`
says what each is about:

* `floor`: the same number of Jobs without an operator: what this machine can do at most
* `requests`: one line per verb, resource and code that the operator asked for during the rollout
* `rollout`: from the request to the last node
* `steady`: CPU and writes while each node reports every five minutes that nothing has changed
* `restart`: a start when every node is provisioned already
* `kills`: a changed source goes over all nodes while the operator is killed at random
* `probes`: a node that fails, long names, a node created again, one that leaves, a deletion
* the last line: totals, with the circumstances without which they mean nothing

`max_jobs_in_flight` counts Jobs that have not been called Complete or Failed, which the controller
manager does a second or more after the pod has ended; `max_installers_in_flight` counts pods that
have not ended, which is what `maxParallel` is about.

Requests are counted from the API server's audit log, those that keep the Lease apart; CPU and
memory from /proc; Jobs and nodes by watches of the benchmark's own. A table of all targets,
with our figures and those of other installers, goes to standard error.
"""
