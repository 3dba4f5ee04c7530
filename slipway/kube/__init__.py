"""Kubernetes and Knative: clients, running functions, and what their failures mean."""
