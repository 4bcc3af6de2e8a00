"""What can go wrong with one file, and whether it is worth another try."""

from __future__ import annotations

from geocryoai.core.errors import GeoCryoAIError


class FetchError(GeoCryoAIError):
    """A file cannot be fetched; `again` says whether the same request may succeed later."""

    again = False


class PassingError(FetchError):
    """A fault that may pass: a broken or stalled connection, a busy server."""

    again = True


class ChangedError(PassingError):
    """The file on the server is another one than the part that is here."""


class RefusedError(FetchError):
    """The server refuses: no such file, no permission, or a login is needed."""


class WrongContentError(FetchError):
    """What came is not the file: a login page, an empty archive, another format."""
