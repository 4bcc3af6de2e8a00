"""Figures of the report, one kind a module; each returns pictures that are the same bytes for the same run."""
