"""Keeps the events that functions on Knative could not handle, and sends them again when somebody asks for it."""
