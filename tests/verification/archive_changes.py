"""What somebody may change in the results of an archive, and the first word of the check that must notice."""


def claim_verdict(document):
    document["claims"][0]["verdict"] = "VIOLATED"


def cell_verdict(document):
    document["verdicts"][0]["verdict"] = "VIOLATED"


def limit(document):
    found = next(v for v in document["verdicts"] if v["lower"] is not None)
    found["lower"] += 1e-6


def pooled(document):
    found = next(c for c in document["claims"] if c["pooled"] is not None)
    found["pooled"] = None


def holm(document):
    next(c for c in document["claims"] if c["pooled"] is not None)["pooled"]["holm"] = 0.0001


def no_verdict(document):
    del document["verdicts"][0]


def required(document):
    document["claims"][0]["required"] = not document["claims"][0]["required"]


def mean(document):
    document["cells"][0]["observables"]["ood_error"]["mean"] += 1e-6


def bound(document):
    found = next(found for cell in document["cells"] for found in cell["bounds"].values())
    found["bound"] *= 0.999


def exact(document):
    name = next(name for name, about in document["observables"].items() if about["sampling"] == "exact")
    found = document["cells"][0]["observables"][name]
    found["values"] = [0.5] * 3
    found |= {"mean": 0.5, "lower": 0.5, "upper": 0.5}


def scope(document):
    document["cells"][0]["in_scope_seeds"] = [7]


def certificate(document):
    found = next(c for c in document["claims"] if c["certificate"])
    found["certificate"]["status"] = "NOT PROVED"


def plan(document):
    document["plan"]["hash"] = "0" * 64


def dropped_claim(document):
    """An inconvenient claim, gone with its verdicts and its figure."""
    name = "covering-some-unseen"
    document["claims"] = [c for c in document["claims"] if c["id"] != name]
    document["verdicts"] = [v for v in document["verdicts"] if v["claim"] != name]
    document["figures"] = [f for f in document["figures"] if f["name"] != f"claim-{name}"]


def another_claim(document):
    document["claims"].append(document["claims"][0] | {"id": "my-claim", "verdict": "HOLDS"})


def headline(document):
    document["shown"]["headline"] = "The headline bound holds in every cell."


def definition(document):
    document["observables"]["ood_error"]["definition"] = "Something else."


def symbol(document):
    document["notation"][0]["meaning"] = "something else"


def figure(document):
    found = next(figure for figure in document["figures"] if figure["rows"])
    place = next(i for i, value in enumerate(found["rows"][0]) if isinstance(value, float))
    found["rows"][0][place] += 0.01


def curve(document):
    document["curves"][0]["mean"][1] += 0.01


def seed(document):
    for cell in document["cells"]:
        cell["seeds"] = [0, 1, 9]


CHANGES = {
    claim_verdict: "verdicts",
    cell_verdict: "verdicts",
    limit: "verdicts",
    pooled: "verdicts",
    holm: "verdicts",
    no_verdict: "verdicts",
    required: "verdicts",
    mean: "means,",
    bound: "means,",
    exact: "means,",
    scope: "means,",
    certificate: "proofs",
    plan: "the",
    dropped_claim: "the",
    another_claim: "the",
    headline: "headline,",
    figure: "headline,",
    definition: "headline,",
    symbol: "headline,",
    curve: "values",
    seed: "values",
}
