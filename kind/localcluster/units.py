"""The programs of a control plane, by the names that command lines, logs and groups use."""

from typing import Final

ETCD: Final = "etcd"
API_SERVER: Final = "kube-apiserver"
CONTROLLER_MANAGER: Final = "kube-controller-manager"
SCHEDULER: Final = "kube-scheduler"
UNITS: Final = (ETCD, API_SERVER, CONTROLLER_MANAGER, SCHEDULER)
