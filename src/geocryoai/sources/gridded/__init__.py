"""Gridded products, one module each: its facts, terms and traps; how files are read is shared."""
