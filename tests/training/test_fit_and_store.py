from __future__ import annotations

import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import GeoCryoAIError, ModelError, ProtocolError
from geocryoai.models.fake import fake_samples
from geocryoai.models.folds import group_folds
from geocryoai.training import check_inputs, fit_learner, load_model, oof_predictions, read_card, save_model


@pytest.fixture(scope="module")
def samples():
    return fake_samples(n_sites=8, n_years=2, seed=1)


def test_rows_without_a_measured_value_are_left_out_and_counted(samples, caplog):
    holed = replace(samples, y=np.where(np.arange(len(samples)) % 4 == 0, np.nan, samples.y))
    with caplog.at_level(logging.INFO):
        learner = fit_learner("ridge", holed, seed=2)
    assert "48 of 192 rows have no measured value" in caplog.text
    direct = fit_learner("ridge", holed.take(np.isfinite(holed.y)), seed=2)
    np.testing.assert_array_equal(learner.predict(samples).mean, direct.predict(samples).mean)


def test_fit_refuses_with_reasons(samples):
    with pytest.raises(GeoCryoAIError, match=r"no models member is called 'ridg'. Did you mean 'ridge'"):
        fit_learner("ridg", samples)
    with pytest.raises(ModelError, match=r"'persistence' does not do this task; found 'map'; expected 'forecast'"):
        fit_learner("persistence", samples)
    with pytest.raises(ModelError, match=r"ridge, target 'nee': nothing can be learnt, no row has a measured value"):
        fit_learner("ridge", samples.without_target())
    with pytest.raises(ModelError, match=r"no option is called 'transforms'. Did you mean 'transform'"):
        fit_learner("ridge", samples, {"transforms": "log"})


def test_out_of_fold_predictions_never_saw_their_fold(samples):
    folds = group_folds(samples.site, 4, 0)
    prediction = oof_predictions("site_climatology", {}, samples, folds)
    train, held = folds[2]
    alone = fit_learner("site_climatology", samples.take(train)).predict(samples.take(held))
    np.testing.assert_array_equal(prediction.mean[held], alone.mean)
    np.testing.assert_array_equal(prediction.quantiles[held], alone.quantiles)
    assert set(prediction.ledger) == {"physical_range"}


def test_folds_that_leak_or_leave_rows_are_refused(samples):
    everything = np.arange(len(samples))
    with pytest.raises(ProtocolError, match=r"fold 0: rows are in both parts of a fold; found 10 rows, first 0"):
        oof_predictions("ridge", {}, samples, [(everything, everything[:10])])
    with pytest.raises(ProtocolError, match=r"held out exactly once; found 182 rows never, 0 more than once"):
        oof_predictions("ridge", {}, samples, [(everything[10:], everything[:10])])


def test_saved_model_comes_back_with_its_card(samples, tmp_path):
    learner = fit_learner("ridge", samples, {"transform": "asinh"}, seed=5)
    save_model(tmp_path / "m", learner, samples, {"split": "abc"})
    card = read_card(tmp_path / "m")
    assert card["name"] == "ridge"
    assert card["options"]["transform"] == "asinh"
    assert card["inputs"]["features"] == ["dull", "static", "warm", "wet"]
    assert (card["rows"], card["sites"], card["metadata"]) == (192, 8, {"split": "abc"})
    np.testing.assert_array_equal(load_model(tmp_path / "m").predict(samples).sd, learner.predict(samples).sd)
    before = (tmp_path / "m" / "model.json").read_bytes()
    save_model(tmp_path / "m", learner, samples, {"split": "abc"})
    assert (tmp_path / "m" / "model.json").read_bytes() == before


def test_a_half_written_folder_has_no_card(samples, tmp_path, monkeypatch):
    learner = fit_learner("ridge", samples)
    save_model(tmp_path / "m", learner, samples)

    def fail(folder):
        raise OSError("disk full")

    monkeypatch.setattr(learner, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(tmp_path / "m", learner, samples)
    with pytest.raises(ModelError, match="no model is saved here"):
        load_model(tmp_path / "m")


def test_cards_that_cannot_be_read_are_refused(samples, tmp_path):
    save_model(tmp_path, fit_learner("ridge", samples), samples)
    card = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**card, "format": 99}))
    with pytest.raises(ModelError, match="another format; found 99; expected 1"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text("nonsense")
    with pytest.raises(ModelError, match="a model card is damaged"):
        read_card(tmp_path)


def test_inputs_are_checked_by_name(samples, tmp_path):
    save_model(tmp_path, fit_learner("ridge", samples), samples)
    card = read_card(tmp_path)
    check_inputs(card, samples.without_target())
    renamed = {("wett" if name == "wet" else name): values for name, values in samples.features.items()}
    with pytest.raises(ModelError, match=r"ridge: features are missing.*expected wet.*'wet': did you mean 'wett'"):
        check_inputs(card, replace(samples, features=renamed))
    with pytest.raises(ModelError, match=r"lags are given that the learner was not trained on; found 1"):
        check_inputs(card, replace(samples, lags={1: samples.y}))
