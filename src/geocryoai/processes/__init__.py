"""Ground heat, snow, carbon and methane: pure functions on arrays, units in every docstring, no input or output."""
