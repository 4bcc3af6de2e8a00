"""Reconcile field measurements, remote sensing and process models of thawing permafrost."""

__version__ = "0.1.0"
