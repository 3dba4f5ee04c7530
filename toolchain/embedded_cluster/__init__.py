"""The embedded cluster: a real one-node Kubernetes with Knative, without Docker, in namespaces of its own.

    lifecycle.up(...)       start or mend it, and wait until all of it is ready
    lifecycle.status(...)   what runs, and how well; changes nothing
    lifecycle.down(...)     end it; nothing of it stays on the machine but its folder

`supervisor` is process 1 of the cluster's PID namespace: when it ends, the kernel ends everything else with it, and
takes mounts, interfaces and firewall rules along. What runs on Kubernetes is in `content`.
"""
