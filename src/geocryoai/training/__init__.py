"""Fitting learners and keeping them."""
