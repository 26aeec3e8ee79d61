"""Papers by name: their claims, what tests them, a page each and a front page for all."""

import json
import re

import pytest

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.papers import experiments_of
from empirics.experiments.registry import experiments
from theory import all_claims
from theory.registry import claims_of

TWO = """
import sympy as sp
from empirics.observables.definition import Observable
from theory import Claim, Kind, Mutant, Notation, Paper, Provenance, Source, Symbol
from empirics.experiments.protocol import Experiment, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import Axis, Section

n = sp.Symbol("n", integer=True, positive=True)


class World(Section):
    n: Axis = (2, 3)


class Settings(ExperimentSettings):
    world: World = World()


def theory(letter, seen):
    notation = Notation(letter, Symbol(n, "a number", 1, shares_run=True))
    observable = Observable(f"seen_{letter}", "seen", "1", 0, 1, trivial=1.0)
    papers = [Paper(f"{letter}-{i}", notation, title=f"Paper {letter}{i}", link=f"arXiv:{i}") for i in (1, 2)]
    claims = [
        Claim(
            id=f"bound-{paper.name}", title="a bound", statement="s", kind=Kind.UPPER, observable=observable.name,
            log_expression=-n, source=Source(paper=paper, provenance=Provenance.STATED, text="t"), required=True,
            mutants=(Mutant("bad", -2 * n, "t", refuted_by="measurement"),),
        )
        for paper in papers
    ]

    class Mine(Experiment):
        observables = (observable,)

        def run(self, settings, unit, seeds, device):
            found = {c: {observable.name: seen} for c in self.cells_of(settings, unit)}
            return [UnitRun(unit, s, found) for s in seeds]

    Mine.name, Mine.title, Mine.notation, Mine.axes = f"tests-{letter}", "things", notation, {"n": "world.n"}
    Mine.settings = Settings
    return claims, Mine()


CLAIMS_A, A = theory("a", 0.0)
CLAIMS_B, B = theory("b", 0.9)
UNTESTED = Claim(
    id="nowhere", title="t", statement="s", kind=Kind.UPPER, observable="unseen_anywhere", log_expression=-n,
    source=Source(paper=Paper("nowhere", CLAIMS_A[0].notation), provenance=Provenance.STATED, text="t"),
)
"""


@pytest.fixture
def papers(tmp_path):
    file = tmp_path / "two.py"
    file.write_text(TWO)
    return ["--with", str(file)]


def test_claims_are_listed_by_paper(papers, capsys):
    assert run([*papers, "claims"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    headings = [line for line in lines if re.match(r"(xu-chen:|[ab]-[12]:|nowhere$)", line)]
    assert headings[0].startswith("xu-chen: Provable Knowledge Acquisition and Extraction")
    assert set(headings[1:]) == {*(f"{p}-{i}: Paper {p}{i} (arXiv:{i})" for p in "ab" for i in (1, 2)), "nowhere"}
    assert len(headings) == 6
    assert lines.index("a-1: Paper a1 (arXiv:1)") < next(i for i, x in enumerate(lines) if x.startswith("bound-a-1"))
    assert run([*papers, "claims", "--paper", "b-2"]) == 0
    out = capsys.readouterr().out
    assert "bound-b-2" in out
    assert "bound-a-1" not in out
    assert run([*papers, "claims", "--paper", "b-2", "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["id"], document["paper"]) == ("bound-b-2", "b-2")


def test_each_paper_is_tested_by_the_first_experiment_that_measures_it(papers):
    assert run([*papers, "claims", "bound-a-1"]) == 0
    ((one, ids),) = experiments_of(["xu-chen"], None)
    assert one is next(iter(experiments().values()))
    assert set(ids) == {c.id for c in claims_of("xu-chen")}  # it lists those of language models too, as not tested
    ((other, language),) = experiments_of(["xu-chen"], [experiments()["language-model"]])
    assert other.name == "language-model"
    assert {one for one in ids if one.startswith("lm-")} == set(language)
    every = experiments_of(["all"], None)
    assert [e.name for e, _ in every][-2:] == ["tests-a", "tests-b"]
    told = [one for _, ids in every for one in ids]
    assert len(told) == len(set(told))
    assert set(told) == {c.id for c in all_claims()} - {"nowhere"}
    with pytest.raises(UsageError, match="paper=nowhere is refused: no experiment measures what its claims speak of"):
        experiments_of(["nowhere"], None)
    with pytest.raises(UsageError, match="tests-a does not measure"):
        experiments_of(["b-1"], [experiments()["tests-a"]])


def test_one_paper_is_judged_alone(papers, tmp_path, capsys):
    words = [*papers, "verify", "--paper", "a-2", "--workers", "1", "--set", "seeds.looks=[90]"]
    assert run([*words, "--output", str(tmp_path / "r")]) == 0
    document = json.loads((tmp_path / "r" / "results.json").read_text("utf-8"))
    assert [c["id"] for c in document["claims"] if c["verdict"] != "NOT TESTED"] == ["bound-a-2"]
    assert not (tmp_path / "r" / "index.html").exists()


def test_several_papers_have_a_front_page_that_leads_to_theirs(papers, tmp_path, capsys):
    output = tmp_path / "r"
    words = [*papers, "verify", "--paper", "a-1,b-1,a-2", "--workers", "1", "--output", str(output)]
    assert run(words) == 1  # one is violated
    assert f"All papers: {output / 'index.html'}." in capsys.readouterr().out
    page = (output / "index.html").read_text("utf-8")
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings == ["a-1: Paper a1 (arXiv:1)", "a-2: Paper a2 (arXiv:2)", "b-1: Paper b1 (arXiv:1)"]
    rows = re.findall(r'<a href="([^"#]+)#(claim-[^"]+)">.*?class="v v-(\w+)"', page)
    assert [(anchor, verdict) for _, anchor, verdict in rows] == [
        ("claim-bound-a-1", "supported"),  # 16 worlds
        ("claim-bound-a-2", "supported"),
        ("claim-bound-b-1", "violated"),
    ]
    for place, anchor, _ in rows:
        assert f'id="{anchor}"' in (output / place).read_text("utf-8")
    (output / "index.html").unlink()
    assert run([*papers, "report", str(output)]) == 0
    assert (output / "index.html").read_text("utf-8") == page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--paper", "a"], "paper=a is unknown; known are xu-chen, "),
        (
            ["--paper", "a-1", "--claims", "bound-b-1"],
            "--claims=bound-b-1 is refused: none of them is a claim of --paper=a-1",
        ),
        (["--paper", "a-1,b-1", "--set", "world.n=[2]"], "--paper=a-1,b-1 asks for tests-a, tests-b: --set, --config"),
        (["--paper", "a-1", "--experiment", "tests-b"], "tests-b does not measure what its claims speak of"),
    ],
)
def test_what_does_not_go_together_is_refused(papers, words, told, tmp_path, capsys):
    assert run([*papers, "verify", *words, "--output", str(tmp_path / "r")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
