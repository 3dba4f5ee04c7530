"""Code that several functions import as `shared.x`; only the modules that a function imports travel with it."""
