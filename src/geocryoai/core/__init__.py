"""Nomenclature, units, grids, calendars, study configuration, run folder and errors."""
