"""Running functions, whatever their target: what both have in common, and the interface that each implements."""
