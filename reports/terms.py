"""The fixed words of verdicts, endings, states and bases. `reports.wording` reads them."""

from __future__ import annotations

from reports.language import N_

VERDICTS = N_(
    {
        "met": "Met",
        "attested": "Attested",
        "waived": "Waived",
        "deferred": "Deferred",
        "undecided": "Undecided",
        "not_met": "Not met",
        "not_applicable": "Not applicable",
        "reported": "Reported",
    }
)
VERDICT_MEANINGS = N_(
    {
        "met": "Shown to be met by the evidence supplied: the whole interval lies inside the bound.",
        "attested": "A named person declares it; this audit did not measure it.",
        "waived": "Set aside on record, with a reason and an end date.",
        "deferred": "Put off on record to a later date.",
        "undecided": "Not shown either way: not measured, not answered, the interval reaches over the bound, "
        "or it lies outside alone but not after Holm's correction.",
        "not_met": "Shown not to be met: the whole interval lies outside the bound, after Holm's "
        "correction too.",
        "not_applicable": "The rule itself leaves out this kind of system.",
    }
)
OUTCOMES = N_(
    {
        "measured": "measured",
        "not_applicable": "not measured",
        "inconclusive": "not enough data",
        "failed": "failed",
    }
)
STATES = N_(
    {
        "in-force": "in force",
        "not-yet": "not yet in force",
        "sunset": "no longer in force",
        "superseded": "superseded",
    }
)
BASES = N_(
    {
        "law": "law",
        "guideline": "guideline",
        "standard": "standard",
        "accepted-practice": "accepted practice",
        "project-suggestion": "suggestion of this project, not law",
        "local-choice": "choice of a local rule, not law",
        "none": "no source for a limit",
    }
)
OPERATORS = N_(
    {
        "at_least": "at least {value}",
        "at_most": "at most {value}",
        "above": "above {value}",
        "below": "below {value}",
        "equals": "exactly {value}",
    }
)
VERIFIED = N_(
    {
        "read": "the clause was read",
        "secondary": "known from a digest of the clause",
        "partial": "only headings of the clause were read",
        "memory": "the clause has not been read",
        "own": "written by this project",
    }
)
"""How far the clause of a requirement was read."""
