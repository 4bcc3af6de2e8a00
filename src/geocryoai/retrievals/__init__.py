"""Products from imaging spectroscopy and radar."""
