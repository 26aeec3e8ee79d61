"""``factbound archive`` and ``factbound check ARCHIVE``: what is packed is checked, and each change of it is caught."""

import hashlib
import json
import shutil
import stat
import subprocess
import tomllib
import zipfile

import pytest
from archive_changes import CHANGES, claim_verdict
from archives import packed, unpacked, verify, with_results, with_store
from invented_results import toy_results

import empirics.report.archived
from empirics.cli.app import run
from empirics.experiments.load import load_config
from empirics.verification.archive import MANIFEST
from empirics.verification.document import write_document
from empirics.verification.results import read_results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    directory = tmp_path_factory.mktemp("verified") / "results"
    verify(directory)
    return directory


@pytest.fixture(scope="module")
def archive(results):
    path = results.with_name("results.zip")
    assert run(["archive", str(results)]) == 0
    return path


@pytest.fixture(scope="module")
def files(archive):
    return unpacked(archive)


@pytest.fixture
def without_pages(monkeypatch):
    """Pages are not drawn again, as if another version had made them: the other checks are what is tested."""
    monkeypatch.setattr(empirics.report.archived, "style_of_pages", lambda: "another")


def checked(path, capsys):
    """The exit status; by the beginning of each check what differs; and what was not checked."""
    capsys.readouterr()
    status = run(["check", str(path), "--json"])
    found = json.loads(capsys.readouterr().out)["checks"]
    differs = {c["what"].split()[0]: c["differs"] for c in found if c["differs"]}
    return status, differs, [line for c in found for line in c["unchecked"]]


CHECKS = ("every", "results.json", "means,", "verdicts", "proofs", "headline,", "the", "values", "report,", "files")


def test_an_archive_is_as_stated(archive, capsys):
    assert run(["check", str(archive)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[10:].split()[0] for line in lines if not line.startswith("   ")][:-1] == list(CHECKS)
    assert lines[-1] == "All that was checked is as stated. 1 of 10 in part."
    assert "not checked: constraints.txt: versions are as whoever packed it says" in lines[-3]


def test_what_is_inside(files, results):
    assert {"results.json", "cells.csv", "report.html", "plan.json", "runs.sqlite", "README.txt", "LICENSE"} <= set(
        files
    )
    assert {"plots/ood-error.svg", "plots/ood-error.csv", "plots/claim-ood-error-literal.svg"} <= set(files)
    assert not {".made.json", "runs.sqlite.lock"} & set(files)
    for name in ("results.json", "report.html", "cells.csv", "plan.json"):
        assert files[name] == (results / name).read_bytes()
    text = files["README.txt"].decode()
    document = read_results(results)
    for claim in document.claims:
        assert f"{claim.id} " in text
        assert claim.verdict in text
    for words in (document.environment.cpu, f"under Python {document.environment.python}: in a folder of its sources"):
        assert words in " ".join(text.split())
    assert max(map(len, text.splitlines())) < 120
    pins = [line for line in files["constraints.txt"].decode().splitlines() if not line.startswith("#")]
    assert f"torch=={document.environment.torch.partition('+')[0]}" in " ".join(pins)
    assert len(pins) > 20
    assert "@article{xu-chen," in files["references.bib"].decode()


def test_the_same_directory_gives_the_same_bytes(archive, results, tmp_path):
    assert run(["archive", str(results), "--output", str(tmp_path / "again.zip")]) == 0
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_the_configuration_is_that_which_ran(files, results, tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(files["configuration.toml"])
    assert load_config(file=path).model_dump(mode="json") == read_results(results).config
    assert tomllib.loads(path.read_text())["world"]["subjects"] == 12


def test_the_scripts_are_sound_and_name_what_ran(files, tmp_path):
    for name in ("check.sh", "rerun.sh"):
        (tmp_path / name).write_bytes(files[name])
        assert subprocess.run(["sh", "-n", str(tmp_path / name)], check=False).returncode == 0
    again = files["rerun.sh"].decode()
    for words in (
        "--experiment one-layer",
        "--claims ",
        "covering-some-unseen",
        "configuration.toml",
        "factbound compare",
    ):
        assert words in again


def test_an_unpacked_archive_is_checked_too(archive, tmp_path, capsys, without_pages):
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(tmp_path / "u")
        assert stat.S_IMODE(zipped.getinfo("check.sh").external_attr >> 16) == 0o755
    assert checked(tmp_path / "u", capsys)[:2] == (0, {})
    (tmp_path / "u" / "note.txt").write_text("mine")
    assert checked(tmp_path / "u", capsys)[:2] == (
        1,
        {"every": [f"note.txt: is not in {MANIFEST}"], "report,": ["note.txt: no file of an archive"]},
    )
    if shutil.which("sha256sum"):
        done = subprocess.run(["sha256sum", "--quiet", "-c", MANIFEST], cwd=tmp_path / "u", check=False)
        assert done.returncode == 0


def one_value(document):
    document["cells"][0]["observables"]["ood_error"]["values"][1] = 0.125


def test_one_value_that_was_changed_with_its_hash_is_caught(files, tmp_path, capsys):
    path = packed(tmp_path / "m.zip", with_results(files, one_value))
    status, differs, _ = checked(path, capsys)
    assert status == 1
    assert differs["values"] == ["|R|=6, K=2, N_f=2, seed 1: no stored run has these values"]
    assert differs["means,"][0].startswith("|R|=6, K=2, N_f=2: ood_error is stated as ")
    assert any(line.startswith("ood-error-literal, |R|=6, K=2, N_f=2: ") for line in differs["verdicts"])
    assert run(["check", str(path)]) == 1
    assert "differs: |R|=6, K=2, N_f=2, seed 1: no stored run has these values" in capsys.readouterr().out


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_changed_in_the_results_is_caught(change, files, tmp_path, capsys, without_pages):
    status, differs, unchecked = checked(packed(tmp_path / "m.zip", with_results(files, change)), capsys)
    assert status == 1
    assert CHANGES[change] in differs
    assert any("made by other sources" in line for line in unchecked)


@pytest.mark.parametrize(
    ("sealed", "word"), [(True, "no stored run has these values"), (False, "its digest is another")]
)
def test_a_stored_value_that_was_changed_is_caught(files, tmp_path, capsys, without_pages, sealed, word):
    def change(stored):
        stored["observables"][0][1]["ood_error"] = 0.123

    path = packed(tmp_path / "m.zip", with_store(files, tmp_path, change, sealed=sealed))
    status, differs, _ = checked(path, capsys)
    assert status == 1
    assert list(differs) == ["values"]
    assert word in differs["values"][0]


def test_files_that_are_missing_added_or_changed_are_named(files, tmp_path, capsys, without_pages):
    fewer = {name: content for name, content in files.items() if name != "cells.csv"}
    for manifest, expected in ((False, {"every": ["cells.csv: is missing"]}), (True, {})):
        status, differs, _ = checked(packed(tmp_path / "m.zip", fewer, manifest=manifest), capsys)
        assert (status, differs) == (int(not manifest), expected)
    more = {**files, "extra.txt": b"x"}
    for manifest in (False, True):
        status, differs, _ = checked(packed(tmp_path / "m.zip", more, manifest=manifest), capsys)
        expected = {} if manifest else {"every": [f"extra.txt: is not in {MANIFEST}"]}
        assert (status, differs) == (1, expected | {"report,": ["extra.txt: no file of an archive"]})
    other = {**files, "README.txt": b"Everything holds.\n"}
    status, differs, _ = checked(packed(tmp_path / "m.zip", other, manifest=False), capsys)
    assert differs == {"every": [f"README.txt: is not the file whose hash {MANIFEST} has"]}


def test_pages_and_texts_that_do_not_follow_are_caught(files, tmp_path, capsys):
    names = ("README.txt", "report.html", "cells.csv", "plots/ood-error.svg", "configuration.toml")
    other = {**files, **{name: files[name].replace(b"0", b"1") for name in names}}
    del other["plots/ood-error.csv"]
    status, differs, _ = checked(packed(tmp_path / "m.zip", other), capsys)
    assert status == 1
    assert set(differs) == {"report,"}
    told = {line.partition(":")[0] for line in differs["report,"]}
    assert told == {*names, "plots/ood-error.csv"}


def test_results_that_are_none_are_told_and_end_the_check(files, tmp_path, capsys):
    other = {**files, "results.json": b"{}"}
    status, differs, unchecked = checked(packed(tmp_path / "m.zip", other), capsys)
    assert (status, list(differs), unchecked) == (1, ["results.json"], ["everything that rests on it"])


def hostile(name, content=b"x", *, mode=0):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry, content


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (hostile("../outside.txt"), "leads out of it"),
        (hostile("/outside.txt"), "leads out of it"),
        (hostile("a/../../outside.txt"), "leads out of it"),
        (hostile("C:outside.txt"), "leads out of it"),
        (hostile("a\x1b[31m.txt"), "not printed"),
        (hostile("link", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "is not a plain file"),
    ],
    ids=lambda value: getattr(value[0], "filename", "") if isinstance(value, tuple) else "",
)
def test_what_would_be_written_elsewhere_is_refused(files, tmp_path, capsys, entry, word):
    path = tmp_path / "deep" / "m.zip"
    path.parent.mkdir()
    packed(path, files)
    with zipfile.ZipFile(path, "a") as zipped:
        zipped.writestr(*entry)
    assert run(["check", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert word in err
    assert not (tmp_path / "outside.txt").exists()


def test_an_archive_that_is_too_large_is_refused_before_it_is_unpacked(files, tmp_path, capsys, monkeypatch):
    path = packed(tmp_path / "m.zip", files)
    monkeypatch.setattr("empirics.verification.archive._LARGEST", 1000)
    monkeypatch.setattr("shutil.copyfileobj", lambda *_: pytest.fail("something was unpacked"))
    assert run(["check", str(path)]) == 2
    assert "is refused: it holds more than" in capsys.readouterr().err


def test_a_size_that_is_a_lie_is_refused(files, tmp_path, capsys):
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(MANIFEST, b"")
        zipped.writestr("bomb", b"0" * 100_000)
    raw = path.read_bytes()
    path.write_bytes(raw.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert run(["check", str(path)]) == 2
    assert "is not an archive" in capsys.readouterr().err


def test_a_name_that_is_there_twice_is_told(files, tmp_path, capsys, without_pages):
    path = packed(tmp_path / "m.zip", files)
    with zipfile.ZipFile(path, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr("cells.csv", files["cells.csv"])
    status, differs, _ = checked(path, capsys)
    assert (status, differs) == (1, {"every": ["cells.csv: is there twice"]})


@pytest.mark.parametrize("wrong", ["nothing", "text", "empty folder", "other zip"])
def test_what_is_no_archive_is_refused(wrong, tmp_path, capsys):
    path = tmp_path / "x"
    if wrong == "text":
        path.write_text("no zip")
    elif wrong == "empty folder":
        path.mkdir()
    elif wrong == "other zip":
        packed(path, {"a.txt": b"a"}, manifest=False)
    assert run(["check", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "is not an archive of 'factbound archive'" in err


def test_options_of_the_baseline_do_not_go_with_an_archive(archive, capsys):
    assert run(["check", str(archive), "--update"]) == 2
    assert "of the options only --json goes with it" in capsys.readouterr().err


def test_what_is_unknown_here_is_not_checked_and_said(tmp_path, capsys):
    """Results of an experiment that nobody has, without store and plan, with two files of the user's own."""
    mine, gone = tmp_path / "mine.py", tmp_path / "gone.py"
    mine.write_text("x = 1\n")
    found = [{"path": str(p), "sha256": hashlib.sha256(b"x = 1\n").hexdigest()} for p in (mine, gone)]
    toy = toy_results()
    toy = type(toy).model_validate(toy.model_dump(mode="json") | {"files": found})
    directory = tmp_path / "toy"
    directory.mkdir()
    write_document(toy, directory / "results.json")
    assert run(["archive", str(directory), "--output", str(tmp_path / "t.zip")]) == 0
    inside = unpacked(tmp_path / "t.zip")
    assert inside["files/1-mine.py"] == b"x = 1\n"
    text = inside["README.txt"].decode()
    assert "inside as files/1-mine.py" in text
    assert "gone.py" in text
    assert text.count("NOT INSIDE") == 3  # gone.py; plan.json, runs.sqlite
    assert '--with "$here/files/1-mine.py"' in inside["rerun.sh"].decode()
    status, differs, unchecked = checked(tmp_path / "t.zip", capsys)
    assert (status, differs) == (0, {})
    told = "\n".join(unchecked)
    for words in ("observable toy_error is unknown", "experiment toy is unknown", "claim toy-bound is not registered"):
        assert words in told
    for words in ("there is no plan.json", "there is no runs.sqlite", "gone.py is not inside"):
        assert words in told
    changed = {**inside, "files/1-mine.py": b"x = 2\n", "files/9-more.py": b""}
    status, differs, _ = checked(packed(tmp_path / "m.zip", changed), capsys)
    assert differs["files"] == [
        "files/1-mine.py: not the file that was loaded",
        "files/9-more.py: no file that was loaded",
    ]


def test_a_claim_of_the_users_own_is_judged_again_if_its_file_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["new", "claim", "my-bound"]) == 0
    mine = "my-bound/my_bound.py"
    verify(tmp_path / "r", "--with", mine, claims="my-bound,ood-error-literal")
    assert run(["archive", "r"]) == 0
    assert '--with "$here/files/1-my_bound.py"' in unpacked("r.zip")["rerun.sh"].decode()
    status, differs, unchecked = checked("r.zip", capsys)
    assert (status, differs) == (0, {})
    assert not any("my-bound" in line for line in unchecked)
    assert "verdicts" in checked(packed(tmp_path / "m.zip", with_results(unpacked("r.zip"), claim_verdict)), capsys)[1]
    monkeypatch.setattr("theory.plugins._named", {})
    status, differs, unchecked = checked("r.zip", capsys)
    assert (status, differs) == (0, {})
    assert "claim my-bound is not registered here (a file of it may go with --with)" in unchecked


def test_a_directory_without_results_is_refused(tmp_path, capsys):
    assert run(["archive", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err
    assert list(tmp_path.parent.glob("*.zip")) == []
