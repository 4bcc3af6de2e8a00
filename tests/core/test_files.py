from pathlib import Path

import pytest

from geocryoai.core.files import complete_or_absent, file_hash, list_files, remove_partial, write_json


def test_a_failed_write_leaves_nothing_and_keeps_what_was_there(tmp_path: Path):
    path = tmp_path / "out.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ValueError, match="broken"), complete_or_absent(path) as temporary:  # noqa: PT012
        temporary.write_text("half", encoding="utf-8")
        raise ValueError("broken")
    assert path.read_text(encoding="utf-8") == "old"
    assert list_files(tmp_path) == ["out.txt"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path):
    for text in ("one", "two"):
        with complete_or_absent(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / text).write_text(text, encoding="utf-8")
    assert list_files(tmp_path / "folder") == ["two"]


def test_hash_of_a_folder_sees_names_and_contents(tmp_path: Path):
    (tmp_path / "a").write_text("1", encoding="utf-8")
    before = file_hash(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert file_hash(tmp_path) != before


def test_json_refuses_nan(tmp_path: Path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"value": float("nan")})
    assert list_files(tmp_path) == []


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "precious.txt").write_text("", encoding="utf-8")
    with pytest.raises(IsADirectoryError, match="out"), complete_or_absent(folder) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (folder / "precious.txt").exists()


def test_what_a_killed_process_left_is_found_and_taken_away(tmp_path: Path):
    (tmp_path / "a" / ".b.part").mkdir(parents=True)
    (tmp_path / "a" / ".b.part" / ".c.part").write_text("", encoding="utf-8")
    (tmp_path / "a" / ".d.txt.part").write_text("", encoding="utf-8")
    (tmp_path / "a" / "whole.part").write_text("", encoding="utf-8")
    remove_partial(tmp_path)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["whole.part"]
