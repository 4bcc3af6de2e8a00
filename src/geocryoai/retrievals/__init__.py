"""retrievals."""
