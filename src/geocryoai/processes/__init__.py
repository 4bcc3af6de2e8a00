"""Ground heat, snow, carbon, methane and forest: pure functions on arrays, units in every docstring, no files."""
