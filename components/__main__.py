"""Serves the components to programs in other Pulumi languages; the engine starts it with the folder as its program."""

import sys
from pathlib import Path

# The folder itself is what Python finds modules in now; the package is one above.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pulumi.provider.experimental import component_provider_host  # noqa: E402 - see above

from components.package import NAME, Functions  # noqa: E402

if __name__ == "__main__":
    component_provider_host(name=NAME, components=[Functions])
