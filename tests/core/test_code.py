from pathlib import Path

from geocryoai.core.code import code_hash, tree_hash


def test_the_package_has_one_hash():
    assert code_hash() == code_hash()
    assert len(code_hash()) == 64


def test_the_hash_changes_with_code_tables_and_names_and_with_nothing_else(tmp_path: Path):
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    first = tree_hash(tmp_path)
    (tmp_path / "a.cpython-311.pyc").write_bytes(b"x")
    (tmp_path / ".hidden.py").write_text("y = 2\n", encoding="utf-8")
    assert tree_hash(tmp_path) == first
    seen = {first}
    for name, text in (("a.py", "x = 2\n"), ("b.yml", "a: 1\n"), ("b.yml", "a: 2\n"), ("c.json", "{}")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        seen.add(tree_hash(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "d.py")
    seen.add(tree_hash(tmp_path))
    assert len(seen) == 6
