"""Protocols: ways to decide who trains and who is tested, one a file."""
