"""Harmonisation: one grid and calendar for fields, observations bound to cells, samples and windows for learners."""
