"""Products of a finished run: predictions at records and on grids, exports."""
