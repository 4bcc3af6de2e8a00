"""Report of a finished run: one self-contained HTML page and its figures, from the run folder alone."""
