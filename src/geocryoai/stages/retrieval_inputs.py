"""What the retrievals of a study read: found, checked before any work, and hashed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from geocryoai.core.files import file_hash
from geocryoai.core.study import RetrievalSection, Study
from geocryoai.stages.retrieval_options import option_problems

#: Files that say how the others of a scene are to be read.
_HEADERS = (".hdr", ".ann")


def retrieval_problems(study: Study, data: Path | None) -> Iterator[str]:
    """Yield what is wrong with the retrievals of a study; files are looked for where there is a data folder."""
    for name, section in study.retrievals.items():
        where = f"retrievals.{name}"
        if study.domain is None:
            yield f"domain: missing, but {where} needs a grid"
        if name in study.sources:
            yield f"{where}: a source has that name, too"
        yield from option_problems(
            section.kind, section.options, per_scene=section.per_scene is not None, where=f"{where}.options"
        )
        if data is None or not data.is_dir():
            continue
        if not find_scenes(data, section):
            yield f"{where}.scenes: nothing in the data folder fits {', '.join(section.scenes)}"
        for key, path in {"per_scene": section.per_scene, **_option_files(section)}.items():
            if isinstance(path, str) and not (data / path).is_file():
                yield f"{where}.{key}: no {path} in the data folder"


def _option_files(section: RetrievalSection) -> dict[str, object]:
    """Return the options that name files."""
    return {f"options.{key}": section.options[key] for key in ("target", "loadings") if key in section.options}


def find_scenes(data: Path, section: RetrievalSection) -> list[Path]:
    """Return the scenes of a retrieval, each once, by name; a header stands for its binary, too."""
    found = {path for pattern in section.scenes for path in data.glob(pattern)}
    once: dict[str, Path] = {}
    for path in sorted(found, key=lambda path: (path.suffix not in _HEADERS, path)):
        once.setdefault(_scene_of(path), path)
    return sorted(once.values())


def _scene_of(path: Path) -> str:
    """Return what the files of one scene have in common: the place, links followed, and the name without its ends."""
    place = Path(os.path.realpath(path))
    if any(place.with_name(f"{place.name.partition('.')[0]}{end}").is_file() for end in _HEADERS):
        return str(place.with_name(place.name.partition(".")[0]))
    return str(place)


def retrieval_hashes(study: Study, data: Path) -> dict[str, str]:
    """Return the hash of every file that stands beside a scene, and of tables and targets, by retrieval."""
    hashes: dict[str, str] = {}
    for name, section in study.retrievals.items():
        scenes = find_scenes(data, section)
        beside = {file for scene in scenes for file in scene.parent.iterdir() if file.is_file()}
        beside |= {scene for scene in scenes if scene.is_dir()}
        extra = [section.per_scene, *_option_files(section).values()]
        beside |= {data / path for path in extra if isinstance(path, str)}
        for path in sorted(beside):
            hashes[f"{name}/{path.relative_to(data).as_posix()}"] = file_hash(path)
    return hashes
