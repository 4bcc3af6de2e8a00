"""One file: complete or absent, resumed where it broke off, tried again, checked before it gets its name."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geocryoai import __version__
from geocryoai.core.files import remove
from geocryoai.sources.fetch.content import check_content
from geocryoai.sources.fetch.errors import ChangedError, FetchError, PassingError, WrongContentError
from geocryoai.sources.fetch.transport import Answer, Transport

#: Bytes read at once.
_BLOCK = 1 << 18
_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<total>\d+|\*)")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Attributes
    ----------
    tries : int
        Requests without progress before a file is given up.
    wait : float
        Before the second try [s]; doubled each time.
    timeout : float
        Longest silence of a server [s].
    """

    tries: int = 5
    wait: float = 2.0
    timeout: float = 60.0


@dataclass(frozen=True)
class Remote:
    """A file to fetch: its address, the name it gets, and what is known of it beforehand."""

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A file that is here, complete."""

    size: int
    sha256: str
    tries: int


def download(remote: Remote, folder: Path, transport: Transport, patience: Patience | None = None) -> Fetched:
    """Fetch a file into a folder; it has its name only when it is complete and checked.

    What has come of a file that broke off stays as ``.NAME.part`` and is gone on with the next time.

    Raises
    ------
    FetchError
        With the last reason, after all tries.
    """
    patience = patience or Patience()
    target = folder / remote.name
    part = target.with_name(f".{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    fruitless, tries = 0, 0
    while True:
        tries += 1
        before = part.stat().st_size if part.exists() else 0
        try:
            kind = _receive(remote, part, transport, patience.timeout)
            digest = _checked(remote, part, kind)
            break
        except FetchError as error:
            after = part.stat().st_size if part.exists() else 0
            fruitless = 0 if after > before else fruitless + 1
            if not error.again or fruitless >= patience.tries:
                raise
            time.sleep(patience.wait * 2 ** min(fruitless, 6))
    size = part.stat().st_size
    part.replace(target)
    remove(_about(part))
    return Fetched(size, digest, tries)


def _receive(remote: Remote, part: Path, transport: Transport, timeout: float) -> str:
    """Bring the part to its end, and return the content type."""
    start = part.stat().st_size if part.exists() else 0
    known = _known(part) if start else {}
    headers = {"User-Agent": f"geocryoai/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if known.get("tag"):
            headers["If-Range"] = str(known["tag"])
    with transport.open(remote.url, headers, timeout) as answer:
        if answer.status == 416:
            return _beyond(remote, part, answer, start, known)
        start, total = _extent(remote, part, answer, start, known)
        tag = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
        kind = answer.headers.get("content-type", "")
        _about(part).write_text(json.dumps({"total": total, "tag": tag, "url": remote.url}), encoding="utf-8")
        with part.open("ab" if start else "wb") as stream:
            while block := answer.read(_BLOCK):
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
    size = part.stat().st_size
    if total is not None and size < total:
        raise PassingError(
            "the connection ended before the file did",
            where=remote.url,
            found=f"{size} bytes",
            expected=f"{total} bytes",
        )
    if total is not None and size > total:
        _discard(part)
        raise ChangedError("more bytes came than announced", where=remote.url, found=f"{size}", expected=f"{total}")
    return kind


def _extent(remote: Remote, part: Path, answer: Answer, start: int, known: dict[str, Any]) -> tuple[int, int | None]:
    """Return where the body starts, and the size of the whole file where the server says it."""
    if answer.status == 206 and start:
        match = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        total = None if match is None or match["total"] == "*" else int(match["total"])
        if match is None or int(match["first"]) != start or (known.get("total") not in (None, total)):
            _discard(part)
            raise ChangedError(
                "the file on the server has changed since its first part was fetched", where=remote.url,
                found=answer.headers.get("content-range", "no range"), expected=f"byte {start} of {known.get('total')}",
            )  # fmt: skip
        return start, total
    length = answer.headers.get("content-length", "")
    total = int(length) if length.isdigit() else None
    if remote.size is not None and total is not None and total != remote.size:
        raise WrongContentError(
            "the file has another size than its catalogue says", where=remote.url, found=f"{total} bytes",
            expected=f"{remote.size} bytes", next_step="The provider may have replaced it; look at its catalogue.",
        )  # fmt: skip
    return 0, total


def _beyond(remote: Remote, part: Path, answer: Answer, start: int, known: dict[str, Any]) -> str:
    """Decide about a part that the server has nothing to add to: it is whole, or of another file."""
    match = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("content-range", ""))
    if match is not None and int(match[1]) == start and known.get("total") in (None, start):
        return ""
    _discard(part)
    raise ChangedError(
        "the file on the server is shorter than its first part here", where=remote.url, found=f"{start} bytes"
    )


def _checked(remote: Remote, part: Path, kind: str) -> str:
    """Return the SHA-256 of a complete part; a wrong one is removed."""
    try:
        check_content(part, remote.name, remote.url, kind=kind)
        digest = hash_of(part)
        if remote.sha256 is not None and digest != remote.sha256:
            raise WrongContentError("the checksum is wrong", where=remote.url, found=digest, expected=remote.sha256)
        if remote.size is not None and part.stat().st_size != remote.size:
            found = f"{part.stat().st_size} bytes"
            raise WrongContentError("the size is wrong", where=remote.url, found=found, expected=f"{remote.size} bytes")
    except WrongContentError:
        _discard(part)
        raise
    return digest


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _about(part: Path) -> Path:
    """Return where it is written down which file a part is of."""
    return part.with_name(part.name.removesuffix(".part") + ".about.part")


def _known(part: Path) -> dict[str, Any]:
    try:
        known = json.loads(_about(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _discard(part: Path) -> None:
    remove(part)
    remove(_about(part))
