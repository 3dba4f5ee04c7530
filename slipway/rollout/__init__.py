"""Gradual take-over of new versions: what the pointers say, and where `promote`, `rollback` and `verify` move them."""
