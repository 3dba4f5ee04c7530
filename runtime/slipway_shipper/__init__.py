"""Turns what CloudWatch Logs hands to a Firehose stream into envelopes. Needs nothing beside what Lambda brings."""
