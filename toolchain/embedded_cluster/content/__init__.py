"""What runs in the embedded cluster: DNS, network policies, volumes, Knative Serving and Eventing, Kourier.

    prepare(cache, binaries, reporter)   what needs no cluster yet; may run while the node starts
    install(context, reporter)           bring all of it to what this version wants, wait until it is ready
    inspect(context)                     how each piece is; changes nothing

The YAML is Knative's own, from its Go modules, fitted by `manifests` and `settings`. The images are made here: of one
program each (`images`), and of Debian's packages for Python functions (`base_image`).
"""

from toolchain.embedded_cluster.content.converge import Prepared, inspect, install, prepare

__all__ = ["Prepared", "inspect", "install", "prepare"]
