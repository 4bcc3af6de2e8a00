"""Whether what came is the file that was asked for: no login page, no empty archive, the right first bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from geocryoai.sources.fetch.errors import WrongContentError

#: End of a file name -> what its first bytes may be.
_FIRST_BYTES: dict[str, tuple[bytes, ...]] = {
    ".nc": (b"CDF", b"\x89HDF"),
    ".nc4": (b"\x89HDF",),
    ".h5": (b"\x89HDF",),
    ".he5": (b"\x89HDF",),
    ".tif": (b"II", b"MM"),
    ".tiff": (b"II", b"MM"),
    ".zip": (b"PK",),
    ".gz": (b"\x1f\x8b",),
    ".tgz": (b"\x1f\x8b",),
    ".json": (b"{", b"["),
}
_PAGES = (b"<!doctype html", b"<html", b"<?xml version")
_PAGE_NAMES = (".html", ".htm", ".xml", ".kml")


def check_content(path: Path, name: str, where: str, *, kind: str = "") -> None:
    """Raise where a complete file is not what its name says.

    Parameters
    ----------
    path : Path
        The file, under whatever name.
    name : str
        The name that it is to have.
    where : str
        Its address, for messages.
    kind : str
        Content type that the server stated.

    Raises
    ------
    WrongContentError
        A web page (often a login or licence page), an empty file, an empty or broken zip archive, another format.
    """
    ending = Path(name).suffix.lower()
    with path.open("rb") as stream:
        first = stream.read(256)
    if not first:
        raise WrongContentError("the file is empty", where=where, next_step="Ask the provider, or try again later.")
    if ending not in _PAGE_NAMES and (_is_page(first) or kind.startswith("text/html")):
        raise WrongContentError(
            "the server answered with a web page, not with the file", where=where, found=_title(first),
            next_step="Log in and accept the provider's licence in a browser once; check the credentials in ~/.netrc.",
        )  # fmt: skip
    known = _FIRST_BYTES.get(ending)
    if known and not first.startswith(known):
        raise WrongContentError(
            f"the file is not what its name says ({ending})", where=where, found=f"first bytes {first[:8]!r}"
        )
    if ending == ".zip":
        _check_zip(path, where)


def _check_zip(path: Path, where: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise WrongContentError("the zip archive is broken", where=where, found=str(error)) from error
    if not entries:
        raise WrongContentError("the zip archive is empty", where=where, next_step="Ask the provider.")
    if broken is not None:
        raise WrongContentError("a file in the zip archive is damaged", where=where, found=broken)


def _is_page(first: bytes) -> bool:
    return first.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES)


def _title(first: bytes) -> str:
    return " ".join(first.decode("utf-8", "replace").split())[:60]
