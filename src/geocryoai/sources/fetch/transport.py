"""How bytes come over the wire: plain HTTP by the standard library, or a session that a provider's package opened."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any, Protocol

from geocryoai.sources.fetch.errors import PassingError, RefusedError

#: Answers after which another try may succeed.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_OK = frozenset({200, 206, 416})


@dataclass
class Answer:
    """An open answer of a server.

    Attributes
    ----------
    status : int
    headers : mapping
        Names in lower case.
    body : object
        With ``read(n)``; closed by whoever asked.
    """

    status: int
    headers: Mapping[str, str]
    body: Any

    def read(self, size: int) -> bytes:
        """Return the next bytes; none at the end.

        Raises
        ------
        PassingError
            The connection broke or stalled.
        """
        try:
            block: bytes = self.body.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise PassingError("the connection broke or stalled", found=str(error) or type(error).__name__) from error
        return block

    def close(self) -> None:
        """Close the connection."""
        self.body.close()


class Transport(Protocol):
    """Something that opens addresses."""

    def open(self, url: str, headers: Mapping[str, str], timeout: float) -> AbstractContextManager[Answer]:
        """Return the answer to a GET request; raises RefusedError or PassingError where it is not 200, 206 or 416."""
        ...


class PlainTransport:
    """HTTP(S) by the standard library."""

    def open(self, url: str, headers: Mapping[str, str], timeout: float) -> AbstractContextManager[Answer]:
        """Open an address; see `Transport.open`."""
        request = urllib.request.Request(url, headers=dict(headers))
        try:
            response = urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            if error.code == 416:
                return closing(Answer(416, _lower(error.headers), error))
            error.close()
            raise refusal(error.code, url) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PassingError("the server cannot be reached", where=url, found=str(error)) from error
        return closing(Answer(response.status, _lower(response.headers), response))


class SessionTransport:
    """HTTP(S) by a session of the package `requests`, for example one that is logged in."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def open(self, url: str, headers: Mapping[str, str], timeout: float) -> AbstractContextManager[Answer]:
        """Open an address; see `Transport.open`."""
        try:
            response = self.session.get(url, headers=dict(headers), timeout=timeout, stream=True)
        except OSError as error:
            raise PassingError("the server cannot be reached", where=url, found=str(error)) from error
        if response.status_code not in _OK:
            response.close()
            raise refusal(response.status_code, url)
        return closing(Answer(response.status_code, _lower(response.headers), _Raw(response)))


class _Raw:
    """The bytes of a streamed answer, errors of the connection as OSError."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def read(self, size: int) -> bytes:
        try:
            block: bytes = self._response.raw.read(size)
        except Exception as error:
            raise OSError(str(error)) from error
        return block

    def close(self) -> None:
        self._response.close()


def refusal(status: int, url: str) -> RefusedError | PassingError:
    """Return the error for an answer that is neither 200, 206 nor 416."""
    if status in _PASSING:
        return PassingError("the server is busy or out of order", where=url, found=f"status {status}")
    steps = {
        401: "Put name and password for the provider into ~/.netrc.",
        403: "Accept the provider's licence in a browser once, and check your credentials in ~/.netrc.",
        404: "Does the provider have this year and version?",
    }
    return RefusedError("the server refuses", where=url, found=f"status {status}", next_step=steps.get(status))


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}
