"""Packages of functions: what goes in, its digest, the bytes, the cache and the bucket."""
