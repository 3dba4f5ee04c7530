"""The running functions on AWS: calls, logs, inventory."""
