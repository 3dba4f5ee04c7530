"""A function: the same arguments for every target."""
