"""What a release says of itself: one version, every pin in the bill, archives without a trace of the build."""

import hashlib
import importlib.util
import io
import json
import re
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def load(name, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_version_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    newest = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M).group(1)
    assert citation["version"] == VERSION
    assert newest == f"{VERSION} ({citation['date-released'].isoformat()})"
    assert f"The newest release, {VERSION.rpartition('.')[0]}." in (ROOT / ".github" / "SECURITY.md").read_text()


def test_the_bill_lists_every_pin(monkeypatch, tmp_path):
    sbom = load("sbom", monkeypatch)
    wheel = tmp_path / "factbound.whl"
    wheel.write_bytes(b"wheel")
    text = sbom.bill(ROOT / "constraints.txt", VERSION, [wheel], 0)
    assert text == sbom.bill(ROOT / "constraints.txt", VERSION, [wheel], 0)
    bill = json.loads(text)
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    assert [f"{part['name']}=={part['version']}" for part in bill["components"]] == lines
    assert len({part["bom-ref"] for part in bill["components"]}) == len(lines) > 100
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", VERSION)
    assert bill["metadata"]["timestamp"] == "1970-01-01T00:00:00+00:00"
    hashed = bill["metadata"]["component"]["hashes"]
    assert hashed == [{"alg": "SHA-256", "content": hashlib.sha256(b"wheel").hexdigest()}]
    numpy = next(part for part in bill["components"] if part["name"] == "numpy")
    assert "BSD-3-Clause" in json.dumps(numpy["licenses"])


def test_archives_of_the_same_files_are_the_same_bytes(monkeypatch):
    release = load("release", monkeypatch)

    def packed(times, names):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, when in zip(names, times, strict=True):
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.uid, member.uname = len(name), when, when % 7, f"user{when}"
                archive.addfile(member, io.BytesIO(name.encode()))
        return stream.getvalue()

    first, second = packed((11, 22), ("a", "b/c")), packed((33, 44), ("b/c", "a"))
    assert first != second
    assert release.same(first, 1000) == release.same(second, 1000)
    assert release.same(packed((1, 2), ("a", "b/d")), 1000) != release.same(first, 1000)
    with tarfile.open(fileobj=io.BytesIO(release.same(first, 1000))) as archive:
        assert {m.name: (m.mtime, archive.extractfile(m).read()) for m in archive} == {
            "a": (1000, b"a"),
            "b/c": (1000, b"b/c"),
        }


@pytest.mark.parametrize("name", ["ci", "release"])
def test_workflows_run_what_ci_runs_with_few_rights(name):
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert "bash .ci/run" in commands
    assert ("make release" in commands) == (name == "release")
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)
    targets = [command.removeprefix("make ") for command in commands if command.startswith("make ")]
    assert targets
    assert all(_makes(target) for target in targets)


def _makes(target):
    return subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_what_runs_before_a_commit_is_make_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    entries = {hook["entry"].removeprefix(".venv/bin/") for hook in hooks[0]["hooks"]}
    makefile = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    lint = {line.strip().removeprefix("$(BIN)/").removesuffix(" .") for line in makefile.splitlines()[1:]}
    assert entries == lint
    assert all(hook["language"] == "system" for hook in hooks[0]["hooks"])


@pytest.mark.parametrize(
    ("second", "tag", "message"),
    [
        (b"other", b"", "two builds differ in factbound-9.tar.gz"),
        (b"same", b"v8", "the commit has the tag v8, and pyproject.toml the version 9"),
        (b"same", b"v9", None),
    ],
)
def test_a_release_needs_two_builds_with_the_same_bytes(monkeypatch, tmp_path, capsys, second, tag, message):
    release = load("release", monkeypatch)
    told = {"show": b'[project]\nversion = "9"\n', "tag": tag, "log": b"1000\n"}
    builds = iter(({"factbound-9.tar.gz": b"same"}, {"factbound-9.tar.gz": second}))
    monkeypatch.setattr(release, "git", lambda *words: told[words[0]])
    monkeypatch.setattr(release, "build", lambda folder, epoch: next(builds))
    monkeypatch.setattr("sys.argv", ["release.py", "--output", str(tmp_path / "dist")])
    if message:
        with pytest.raises(SystemExit, match=message):
            release.main()
        assert not (tmp_path / "dist").exists()
        return
    release.main()
    sums = (tmp_path / "dist" / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in sums] == ["factbound-9.cdx.json", "factbound-9.tar.gz"]
    for line in sums:
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "dist" / name).read_bytes()).hexdigest() == digest
    assert "Two builds of 9, the same bytes" in capsys.readouterr().out
    (tmp_path / "dist" / "SHA256SUMS").unlink()
    with pytest.raises(SystemExit, match="holds other files"):
        release.main()
    assert len(list((tmp_path / "dist").iterdir())) == 2
