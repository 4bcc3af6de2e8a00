"""Products from imaging spectroscopy and radar: reserved, nothing is here yet."""
