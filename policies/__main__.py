"""Serves the policy pack to the engine, which starts it with this folder as its program."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.host.pack import serve

serve()
