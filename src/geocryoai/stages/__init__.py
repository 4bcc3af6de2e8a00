"""The stages of a run, ingest to report: each reads and writes the run folder, nothing else."""
