"""Grants and guardrails: who may do what."""
