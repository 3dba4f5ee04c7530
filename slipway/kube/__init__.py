"""Functions on Knative: invoke, logs, inventory, rollout and dead letters, by the Kubernetes API."""
