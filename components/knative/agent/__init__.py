"""The log agent: one collector on each node, which reads what functions log and sends it to the environment's sinks."""
