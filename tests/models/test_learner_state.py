from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models.fake import fake_samples
from geocryoai.models.linear import Ridge
from geocryoai.models.state import read_state, write_state
from geocryoai.models.trees import RandomForest


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(ModelError, match=r"learner.json: a saved learner lacks a file"):
        read_state(tmp_path)
    write_state(tmp_path, {"a": 1.5}, {"b": np.arange(3)})
    facts, arrays = read_state(tmp_path)
    assert facts == {"a": 1.5}
    np.testing.assert_array_equal(arrays["b"], np.arange(3))
    (tmp_path / "learner.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="a saved learner is damaged"):
        read_state(tmp_path)


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        write_state(tmp_path, {}, {"b": np.array([{}], dtype=object)})
    write_state(tmp_path, {}, {})
    np.savez(tmp_path / "learner.npz", b=np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="damaged"):
        read_state(tmp_path)


def test_a_folder_of_another_learner_is_refused(tmp_path):
    Ridge().fit(fake_samples(n_sites=3)).save(tmp_path)
    with pytest.raises(ModelError, match="holds another learner; found ridge; expected random_forest"):
        RandomForest.load(tmp_path)
