"""OCI images without a daemon: a pinned base, a layer of dependencies, a layer of code, the same bytes everywhere."""
