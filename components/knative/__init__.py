"""The target Knative."""
