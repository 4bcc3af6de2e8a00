"""The page: complete, self-contained, escaped, the same every time, the worst first."""

import base64
from html.parser import HTMLParser

import polars as pl

from geocryoai.report.build import build_report
from geocryoai.stages.report import report
from geocryoai.stages.workspace import Workspace

from .conftest import EVIL, made_up_predictions, made_up_records, small_study, write_evaluation, write_inputs, write_run


class Page(HTMLParser):
    """Collects tags, and text outside of styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.last = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.last = tag

    def handle_data(self, data):
        if self.last != "style":
            self.texts.append(data)

    def every(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def test_the_page_asks_nothing_of_the_network_and_runs_nothing(small_run):
    page = Page(small_run[2])
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.every("img"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "url(" not in small_run[2].split("</style>")[0]
    assert "javascript:" not in small_run[2]


def test_pictures_have_a_text_and_stand_as_files_too(small_run):
    root, _, text = small_run
    images = Page(text).every("img")
    assert len(images) >= 10
    assert all(len(image["alt"]) > 20 for image in images)
    inline = {base64.b64decode(image["src"].split(",")[1]) for image in images}
    assert inline == {path.read_bytes() for path in (root / "report" / "figures").glob("*.png")}


def test_tables_have_captions_and_headings(small_run):
    page = Page(small_run[2])
    assert len(page.every("caption")) == len(page.every("table")) >= 9
    assert {attributes.get("scope") for attributes in page.every("th")} == {"col", "row"}


def test_links_inside_the_page_lead_somewhere(small_run):
    page = Page(small_run[2])
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    inner = [link["href"][1:] for link in page.every("a") if link["href"].startswith("#")]
    assert set(inner) <= places
    assert {"verdict", "target-alt", "target-nee", "data", "method", "limitations", "cite"} <= set(inner)


def test_text_of_files_is_escaped(small_run):
    text = small_run[2]
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    for raw in ("<frost>", "<b>up</b>", "<yesterday>", "<here>", "<free>", "<i>"):
        assert raw not in text


def test_the_same_run_gives_the_same_bytes(small_run, tmp_path):
    root, study, _ = small_run
    before = {p.name: p.read_bytes() for p in (root / "report").rglob("*.*") if p.is_file()}
    moved = tmp_path / "elsewhere"
    write_run(moved, study)
    report(Workspace(study, moved, None))
    after = {p.name: p.read_bytes() for p in (moved / "report").rglob("*.*") if p.is_file()}
    assert after == before


def test_the_worst_comes_first(small_run):
    text = Page(small_run[2]).text
    order = ["A copy of <yesterday>.", "RMSE larger than that of ridge", "The name is enough."]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert text.index("The name is enough.") < text.index("CRPS smaller than that of site climatology")
    assert "1 finding fails: do not quote" in text


def test_scores_stand_beside_baselines_and_teacher_forcing_is_named(small_run):
    text = Page(small_run[2]).text
    assert "alt, blocks, map task. n = 72 values, 9 sites, 9 blocks." in text
    assert "teacher-forced (one step, every earlier value given): no forecast" in text
    assert text.count("site climatology baseline") >= 3
    assert "The product learner takes no part here; figures show ridge" in text


def test_header_tells_what_was_run_and_how_to_use_it_again(small_run):
    text = Page(small_run[2]).text
    for part in ("geocryoai 0.0.9", "2000-01 to 2007-12", "geocryoai predict RUN", "--grid --month 2007-12", "hash"):
        assert part in text
    assert str(small_run[0]) not in small_run[2]


def test_inventory_tells_exclusions_and_records_left_out(small_run):
    text = Page(small_run[2]).text
    assert "probes alt stands for missing 2" in text
    assert "quality not selected: 8" in text
    assert "Nobody (2000)" in text


def test_the_map_is_scored_against_the_truth(small_run):
    text = Page(small_run[2]).text
    assert "2006 120 0.100 0.100" in text
    assert "On all 120 cells the map has an RMSE of 0.100 m" in text


def test_a_run_without_scores_says_that_nothing_was_judged(tmp_path):
    build_report(tmp_path, small_study(), tmp_path / "report")
    text = Page((tmp_path / "report" / "report.html").read_text(encoding="utf-8")).text
    assert "Nothing was judged" in text
    assert "No test of alt left scores" in text
    assert "No site of any target has a position" in text
    assert "holds no ingested source" in text


def test_a_run_without_positions_and_dates_says_so(tmp_path):
    root = tmp_path / "run"
    study = small_study(twin=None, domain=None, predict={"learner": "ours"})
    write_run(root, study)
    for path in root.glob("evaluate/*/*/predictions.parquet"):
        gone = pl.read_parquet(path).with_columns(lon=pl.lit(None, pl.Float64), time=pl.lit(None, pl.Date))
        gone.write_parquet(path)
    for target in study.targets:
        made_up_records(placed=False, dated=False).write_parquet(root / "harmonize" / f"{target}.records.parquet")
    (root / "predict" / "alt.nc").unlink()
    report(Workspace(study, root, None))
    text = Page((root / "report" / "report.html").read_text(encoding="utf-8")).text
    assert "No site of any target has a position" in text
    assert "no site has a dated series to show" in text
    assert "This run predicts no maps of it." in text
    assert "100 % of the measurements have no position" in text
    assert "100 % of the measurements have no date" in text


def test_one_site_and_one_learner_are_enough(tmp_path):
    study = small_study(
        targets={"alt": {"records": ["probes"], "step": "year"}},
        evaluate={"protocols": {"blocks": {"protocol": "spatial_blocks"}}},
        learners={"ours": {"model": "anchor_ridge"}},
    )
    write_inputs(tmp_path, study, made_up_records().filter(pl.col("site") == "S00"))
    lone = made_up_predictions("year", ["map"], {"ours": 0.2}).filter(pl.col("site") == "S00")
    write_evaluation(tmp_path, [("alt", "blocks", lone)])
    report(Workspace(study, tmp_path, None))
    text = Page((tmp_path / "report" / "report.html").read_text(encoding="utf-8")).text
    assert "No baseline was judged beside ours" in text
    assert "only 1 site with measurements" in text


def test_absent_tables_are_no_obstacle(tmp_path):
    study = small_study(targets={"nee": {"records": ["probes"]}}, evaluate={"protocols": {
        "later": {"protocol": "rolling_origin", "task": "forecast"}}})  # fmt: skip
    write_run(tmp_path, study)
    for absent in ("scores_by_season.csv", "scores_by_site.csv", "scores_by_lead.csv", "differences.csv"):
        (tmp_path / "evaluate" / absent).unlink()
    (tmp_path / "evaluate" / "suspicion.json").unlink()
    report(Workspace(study, tmp_path, None))
    text = Page((tmp_path / "report" / "report.html").read_text(encoding="utf-8")).text
    assert "nee, later, free-running forecast" in text
    assert "No scores by lead were left." in text
