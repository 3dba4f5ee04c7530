"""Addresses inside the cluster's own network namespace.

They never meet the machine's addresses: the namespace has no way out but the relay, so that they are constants.
"""

from __future__ import annotations

NODE_NAME = "slipway"
BRIDGE = "slipway0"
NODE_IP = "10.250.0.1"
"""Address of the node on the bridge, which is the pods' gateway too."""
POD_CIDR = "10.250.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_IP = "10.96.0.10"
"""Cluster IP of the Service `kube-system/kube-dns`; pods ask it for names."""
ENTRY_IP = "10.96.0.80"
"""Cluster IP of the Service that takes HTTP calls from outside, on port 80: the relay connects to it."""
ENTRY_PORT = 80
API_PORT = 6443
LOKI_PORT = 3100
"""Port of the log store on the node's address, for pods and the relay."""
CLUSTER_DOMAIN = "cluster.local"
