"""``factbound plot`` and ``factbound report``: the same figures from stored results, and bounds by themselves."""

import csv
import math
import re
import shlex
from importlib.metadata import version
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from calls import kept
from invented_map import invented_map
from PIL import Image

from empirics.cli.app import run
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Experiment
from empirics.report.figures.plots import all_figures
from empirics.report.map_files import write_map_files
from empirics.verification.results import read_results
from theory import all_claims, claim
from theory.plugins import BrokenPluginError

TINY = {
    "world.subjects": 12,
    "world.answers": 12,
    "world.templates": [6, 8],
    "world.multiplicity": [1, 3],
    "world.finetuned": [2, 8],
    "pretraining.steps": 300,
    "seeds.minimum": 3,
    "seeds.maximum": 3,
}


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    directory = tmp_path_factory.mktemp("plots")
    words = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    assert run(["verify", "--preset", "quick", "--workers", "1", "--output", str(directory), *words]) == 0
    return directory


def rows_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_figures_are_drawn_again_byte_for_byte(verified, tmp_path, capsys):
    assert run(["plot", str(verified), "--output", str(tmp_path)]) == 0
    names = {path.stem for path in (verified / "plots").glob("*.svg")}
    assert {"ood-error", "pretraining-gap", "claim-ood-error-literal", "claim-trend-finetuned"} <= names
    assert names == {path.stem for path in tmp_path.glob("*.svg")}
    for name in names:
        assert (tmp_path / f"{name}.csv").read_bytes() == (verified / "plots" / f"{name}.csv").read_bytes()
        again, stored = (d / f"{name}.svg" for d in (tmp_path, verified / "plots"))
        assert again.read_text().split("<svg")[1] == stored.read_text().split("<svg")[1]


def test_the_report_is_written_again_from_results(verified, capsys):
    before = (verified / "report.html").read_text()
    (verified / "report.html").unlink()
    (verified / "cells.csv").unlink()
    assert run(["report", str(verified)]) == 0
    assert (verified / "report.html").read_text() == before
    assert "No claim is violated" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "magic"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_each_figure_alone_in_every_format_and_paper_width(verified, tmp_path, form, magic):
    assert run(["plot", str(verified), "--only", "ood-error", "--format", form, "--output", str(tmp_path)]) == 0
    picture = tmp_path / f"ood-error.{form}"
    assert {p.name for p in tmp_path.iterdir()} == {picture.name, "ood-error.csv"}
    assert picture.read_bytes().startswith(magic)
    if form == "svg":
        assert re.search(r'width="496.8pt"', picture.read_text()), "6.9 inches, the width of a page of two columns"


def test_the_data_beside_a_figure_are_those_of_the_results(verified):
    results = read_results(verified / "results.json")
    data = rows_of(verified / "plots" / "claim-ood-error-literal.csv")
    for cell in results.cells:
        key = {"templates": cell.templates, "multiplicity": cell.multiplicity, "finetuned": cell.finetuned}
        mine = [r for r in data if all(r[k] == str(v) for k, v in key.items())]
        (observed,) = (r for r in mine if r["series"] == "observed")
        verdict = results.verdict_of("ood-error-literal", results.cells.index(cell))
        assert float(observed["value"]) == pytest.approx(cell.observables["ood_error"].mean)
        for side in ("lower", "upper"):
            decides = getattr(verdict, side)
            assert observed[side] == ("" if decides is None else str(decides)), "the limits that decide"
        (predicted,) = (r for r in mine if r["series"] == "ood-error-literal")
        bound = claim("ood-error-literal").bound(N_f=cell.finetuned, K=cell.multiplicity, R=cell.templates)
        assert float(predicted["value"]) == pytest.approx(bound)


def told_in(picture):
    """The command and the data in a picture's metadata, read without the program."""
    if picture.suffix == ".png":
        text = Image.open(picture).text
        return text["Source"], text["Description"], text["Software"]
    if picture.suffix == ".pdf":
        return [
            re.search(rf"/{name} \((.*?)(?<!\\)\)".encode(), picture.read_bytes(), re.S)[1]
            .decode("ascii").replace("\\n", "\n").replace("\\(", "(").replace("\\)", ")").replace("\\\\", "\\")
            for name in ("Subject", "Keywords", "Creator")
        ]  # fmt: skip
    dc = "{http://purl.org/dc/elements/1.1/}"
    (work,) = ElementTree.parse(picture).iter("{http://creativecommons.org/ns#}Work")
    return (
        work.find(f"{dc}source").text,
        work.find(f"{dc}description").text,
        work.find(f".//{dc}creator//{dc}title").text,
    )


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
@pytest.mark.parametrize(
    "words",
    [
        ["--only", "claim-trend-finetuned"],
        ["--y", "ood_error", "--by", "K", "--panel", "R", "--claims", "ood-error-literal", "--log", "y"],
        ["--y", "pretraining_gap", "--x", "step", "--by", "K", "--at", "R=8", "--style", "slides", "--width", "20cm"],
    ],
)
def test_the_command_in_a_picture_makes_it_again(verified, tmp_path, monkeypatch, capsys, words, form):
    assert run(["plot", str(verified), *words, "--format", form, "--output", str(tmp_path / "one")]) == 0
    (picture,) = (tmp_path / "one").glob(f"*.{form}")
    command, data, program = told_in(picture)
    assert data == picture.with_suffix(".csv").read_text()
    assert program == f"factbound {version('factbound')}"
    name, *again = shlex.split(command)
    monkeypatch.chdir(verified)
    assert name == "factbound"
    assert run([*again, "--output", str(tmp_path / "two")]) == 0
    assert (tmp_path / "two" / picture.name).read_bytes() == picture.read_bytes()


def test_the_command_in_a_bounds_picture_makes_it_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["plot", "ood-error-literal", "K=2,4", "R=40", "--style", "poster"]) == 0
    first = (tmp_path / "ood-error-literal.svg").read_bytes()
    assert run(shlex.split(told_in(tmp_path / "ood-error-literal.svg")[0])[1:]) == 0
    assert (tmp_path / "ood-error-literal.svg").read_bytes() == first
    assert f'width="{16 * 72}pt"'.encode() in first


def test_the_pages_pictures_have_no_metadata(verified):
    page = (verified / "report.html").read_text()
    assert "<metadata>" in (verified / "plots" / "ood-error.svg").read_text()
    assert "<metadata>" not in page


def test_readings_differ_by_line_style_and_not_by_colour_alone(verified):
    svg = next(f for f in all_figures(read_results(verified / "results.json")) if f.name == "ood-error").svg
    black = re.findall(r'style="fill: none; (?:stroke-dasharray: [\d.,]+; )?[^"]*stroke: #000000[^"]*"', svg)
    assert any("stroke-dasharray" in style for style in black), "the normalised reading is dashed"
    assert any("stroke-dasharray" not in style for style in black), "the literal one is not"
    for label in ("bound, literal", "bound, normalised", "observed"):
        assert f">{label}<" in svg, "text stays text, next to its line"


def test_every_claim_with_a_number_has_a_figure_of_its_bound(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for item in all_claims():
        status = run(["plot", item.id])
        if item.log_expression is None:
            assert status == 2
            assert "states no number" in capsys.readouterr().err
        elif not item.symbols:
            assert status == 2
            assert f"nothing varies: the bound of {item.id} is one number" in capsys.readouterr().err
        else:
            assert status == 0
            assert (tmp_path / f"{item.id}.svg").stat().st_size > 4000
            assert len(rows_of(tmp_path / f"{item.id}.csv")) >= 9


def test_the_range_and_the_lines_of_a_bound_are_the_users(tmp_path):
    words = ["K=2,4", "R=40", "N_f=10:30", "--output", str(tmp_path)]
    assert run(["plot", "ood-error-literal", *words]) == 0
    data = rows_of(tmp_path / "ood-error-literal.csv")
    assert [(int(r["K"]), int(r["N_f"])) for r in data] == [(k, n) for k in (2, 4) for n in range(10, 31)]
    for row in data:
        exponent = -int(row["N_f"]) * int(row["K"]) ** 2 * math.log(40) / (2 * 40**2)
        assert float(row["log_bound"]) == pytest.approx(exponent, rel=1e-13)


def test_a_claims_id_wins_over_a_directory_of_that_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ood-error-literal").mkdir()
    assert run(["plot", "ood-error-literal"]) == 0
    assert (tmp_path / "ood-error-literal.svg").is_file()
    assert capsys.readouterr().err == ""
    (tmp_path / "ood-error-literal" / "results.json").write_text("[]")
    assert run(["plot", "ood-error-literal"]) == 0
    told = "ood-error-literal is drawn as the claim; the results in the directory are ood-error-literal/"
    assert capsys.readouterr().err == f"factbound: {told}\n"
    assert run(["plot", "ood-error-literal", "--only", "x"]) == 2
    assert capsys.readouterr().err.endswith("and ood-error-literal is a claim; the directory is ood-error-literal/\n")
    for path in ("ood-error-literal/", "./ood-error-literal", str(tmp_path / "ood-error-literal")):
        assert run(["plot", path]) == 2
        assert "is not a results document" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    assert run(["plot", "mine"]) == 2
    assert "mine/results.json" in capsys.readouterr().err, "no claim is of that name"


def test_a_broken_claim_is_told_and_a_directory_of_its_name_is_not_read(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ood-error-literal").mkdir()
    broken = BrokenPluginError(SimpleNamespace(source=None), ValueError("odd"))
    kept(monkeypatch, "empirics.cli.plot", "claim", broken)
    kept(monkeypatch, "theory", "claim", broken)
    assert run(["plot", "ood-error-literal"]) == 70
    assert "is broken: ValueError: odd" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["nowhere", "neither a directory", "ood-error-literal"]),
        (["ood-error-literal", "--format", "gif"], ["--format=gif", "svg"]),
        (["ood-error-literal", "m=3"], ["no symbol m"]),
        (["ood-error-literal", "epsilon=0.1,0.2"], ["does not depend on epsilon", "pretraining_gap <= epsilon"]),
        (["ood-error-literal", "N_f=5", "K=3", "R=9"], ["nothing varies"]),
        (["ood-error-literal", "N_f=9:2"], ["N_f=9:2", "LOW < HIGH"]),
        (["ood-error-literal", "N_f=1:9", "K=1:3"], ["both ranges"]),
        (["ood-error-literal", "K=1,2,3,4", "R=5,6,7,8"], ["16 lines", "at most 12"]),
        (["ood-error-literal", "K=20", "R=10"], ["not defined anywhere"]),
        (["ood-error-literal", "--only", "x"], ["--only=x"]),
    ],
)
def test_bad_requests_are_one_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["plot", *arguments]) == 2
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err
    assert list(tmp_path.iterdir()) == []


def test_bad_directories_and_sections_are_one_line(verified, capsys, tmp_path, monkeypatch):
    for command in ("plot", "report"):
        assert run([command, str(tmp_path)]) == 2
        assert "results.json" in capsys.readouterr().err
    (tmp_path / "results.json").write_text('{"schema_version": 1, "cells": []}')
    for command in ("plot", "report"):
        assert run([command, str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert "schema_version 1" in err
        assert "another --output" in err
        assert len(err.strip().splitlines()) == 1
    assert run(["plot", str(verified), "--only", "nothing"]) == 2
    assert "--only=nothing" in capsys.readouterr().err
    monkeypatch.setattr("empirics.report.files.figures_of", lambda results: ())  # of no matter here
    (verified / "sections").mkdir()
    section = verified / "sections" / "x.json"
    for text in (
        "[]",
        '{"id": "x", "title": "t", "figures": [{"file": "../x.svg", "title": "t", "caption": "c"}]}',
        '{"id": "x", "title": "t", "figures": [{"file": "none.svg", "title": "t", "caption": "c"}]}',
        '{"id": "x", "title": "t", "tables": [{"caption": "c", "columns": ["a"], "rows": [[1, 2]]}]}',
    ):
        section.write_text(text)
        assert run(["report", str(verified)]) == 70
        err = capsys.readouterr().err
        assert "factbound: BROKEN, " in err
        assert "x.json" in err
        assert len(err.strip().splitlines()) == 1
    section.unlink()


def test_a_maps_figures_are_drawn_again(tmp_path, capsys):
    found = invented_map()
    folder = tmp_path / "map"
    (folder / "plots").mkdir(parents=True)
    write_map_files(found, folder)
    assert run(["plot", str(folder), "--only", "heat,map", "--output", str(tmp_path / "again")]) == 0
    assert {path.name for path in (tmp_path / "again").iterdir()} == {"heat.svg", "heat.csv", "map.svg", "map.csv"}
    for name in ("heat", "map"):
        again, stored = (d / f"{name}.svg" for d in (tmp_path / "again", folder / "plots"))
        assert again.read_text().split("<svg")[1] == stored.read_text().split("<svg")[1]
        assert told_in(again)[0] == f"factbound plot . --only {name} --format svg"
    assert run(["plot", str(folder), "--only", "heta"]) == 2
    assert "--only=heta is unknown; did you mean heat?" in capsys.readouterr().err
    for text, told in (("[]", "map.json is not a map: "), ('{"schema_version": 1}', "schema_version 1")):
        (folder / "map.json").write_text(text)
        assert run(["plot", str(folder)]) == 2
        err = capsys.readouterr().err
        assert told in err
        assert len(err.splitlines()) == 1
    (folder / "map.json").write_bytes(b"\xff")
    assert run(["plot", str(folder)]) == 2
    assert "is not a map: " in capsys.readouterr().err


RUN = ["run", "--preset", "quick", "--templates", "6", "--multiplicity", "2", "--finetuned", "3", "--seed", "1"]
RUN += ["--set", "world.subjects=10", "--set", "world.answers=10", "--set", "pretraining.steps=60"]


def test_the_command_in_the_pictures_of_a_run_makes_them_again(tmp_path, monkeypatch, capsys):
    assert run([*RUN, "--plot", str(tmp_path / "one")]) == 0
    pictures = sorted((tmp_path / "one").glob("*.svg"))
    assert [f"{p}  " in capsys.readouterr().out for p in pictures[:1]] == [True]
    assert len(pictures) == 5
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "two")
    command, data, _ = told_in(pictures[0])
    assert data == pictures[0].with_suffix(".csv").read_text()
    assert run([*shlex.split(command)[1:], "--json"]) == 0
    for picture in pictures:
        assert (tmp_path / "two" / picture.name).read_bytes() == picture.read_bytes()


def test_pictures_of_a_run_that_cannot_be_are_refused_before_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("empirics.experiments.single.inspect", lambda *_: pytest.fail("it ran"))
    assert run([*RUN, "--plot", str(tmp_path), "--format", "gif"]) == 2
    assert capsys.readouterr().err == "factbound: --format=gif is refused: allowed is svg, pdf, png\n"
    (tmp_path / "file").touch()
    assert run([*RUN, "--plot", str(tmp_path / "file")]) == 2
    assert f"cannot write to the output directory {tmp_path / 'file'}" in capsys.readouterr().err
    monkeypatch.setattr(OneLayer, "pictures", Experiment.pictures)
    assert run([*RUN, "--plot", str(tmp_path)]) == 2
    assert (
        capsys.readouterr().err == "factbound: --plot is refused: the experiment one-layer has no pictures of a run\n"
    )
