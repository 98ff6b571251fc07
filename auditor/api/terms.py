"""The part of the API about terms of data transfers beside baselines; nothing is kept."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from auditor.api import problems, reading
from auditor.problems import Problem, Refused
from frameworks.terms import comparisons, profiles, themes, to_json
from frameworks.terms_shape import Transfer, mistakes

terms = APIBlueprint("terms", __name__, url_prefix="/api/v1", tag="Terms of data transfers")
problems.attach(terms)


@terms.get("/terms")
@terms.doc(summary="What terms of a transfer can say, and the baselines")
def known() -> Any:
    """Answer with themes and their values from the weakest to the strictest, facts, and every baseline."""
    reading.only()
    return {
        **themes().model_dump(mode="json"),
        "baselines": [one.model_dump(mode="json", by_alias=True) for one in profiles().values()],
    }


@terms.post("/terms/comparisons")
@terms.doc(summary="Set the terms of a transfer beside baselines")
def compared() -> Any:
    """Answer with each theme as stricter, equal, weaker, missing or not asked, beside each baseline."""
    sent = reading.body()
    found = list(mistakes(sent, themes(), tuple(profiles())))
    if found:
        raise Refused([Problem(".".join(map(str, path)), "term", sentence) for path, sentence in found])
    return {"comparisons": [to_json(one) for one in comparisons(Transfer.of(sent))]}
