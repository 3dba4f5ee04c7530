"""The Pulumi engine, driven by its Automation API."""
