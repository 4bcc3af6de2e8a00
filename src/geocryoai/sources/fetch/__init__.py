"""Fetching files from their providers, when a user asks for it; nothing else in the package uses the network."""

from geocryoai.sources.fetch.run import FetchReport, fetch

__all__ = ["FetchReport", "fetch"]
