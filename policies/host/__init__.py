"""The policy pack as the engine runs it: resources in, violations and a report out."""
