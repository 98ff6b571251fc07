"""The endpoint of one audit, reached again by each of its steps: the same address, the same classes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.endpoint.address import admit, resolve
from auditor.endpoint.asked import Endpoint
from auditor.endpoint.call import BudgetSpent, Caller
from auditor.endpoint.model import EndpointModel
from auditor.endpoint.record import Record
from auditor.plan import CALLS
from auditor.problems import refuse
from checks.model import ModelError, Task

if TYPE_CHECKING:
    import pandas as pd

    from auditor.endpoint.rules import Rules
    from auditor.submission import Submission

KEPT = "endpoint.json"
NOTE = (
    "The answers come from a live service at {host}, asked while this audit ran. It may answer otherwise "
    "later, and nothing shows that it is the model that decides about people."
)


class Live:
    """Opens one endpoint as often as an audit needs it, and keeps the record of all calls of a step."""

    def __init__(
        self, asked: Endpoint, task: Task, seed: int, rules: Rules, known: dict[str, Any] | None = None
    ) -> None:
        self._asked, self._task, self._seed, self._rules = asked, task, seed, rules
        self._target = admit(asked.url, rules.hosts)
        # DNS is asked once in an audit: later steps are told the address
        self.address: str = known["address"] if known else resolve(self._target.host)
        self._measuring = known is not None
        names = known["classes"] if known else asked.classes
        self._classes: dict[str, None] = dict.fromkeys(names)  # shared with every model that is opened
        self.record = Record(self._target.host.entry, self.address)

    def begin(self) -> None:
        """Start a step with an empty record and a full budget."""
        self.record = Record(self._target.host.entry, self.address)

    @contextmanager
    def open(self) -> Iterator[EndpointModel]:
        """Open a fresh connection, whose calls count towards the step's."""
        caller = Caller(self._target, self.address, self._rules, seed=self._seed, record=self.record)
        try:
            yield EndpointModel(self._asked, self._task, caller, self._classes)
        except BudgetSpent as spent:
            if self._measuring:
                raise
            raise refuse("endpoint", "endpoint-budget", f"the rows cannot all be asked: {spent}.") from None
        finally:
            caller.close()

    def learn(self, X: pd.DataFrame) -> None:
        """Learn the classes from answers about *X*, where they were not declared."""
        with self.open() as model:
            try:
                self._classes.update(dict.fromkeys(model.learn(X)))
            except ModelError as why:
                said = str(why).rstrip(".")
                raise refuse("endpoint", "no-answer", f"the endpoint could not be asked: {said}.") from None

    @property
    def facts(self) -> dict[str, Any]:
        """What the record of the audit says of the endpoint."""
        return {"protocol": self._asked.protocol, **self.record.summary()}

    @property
    def note(self) -> str:
        """What every reader must know of numbers that a live service gave."""
        return NOTE.format(host=self._target.host.entry)

    def save(self, folder: Path) -> None:
        """Write to *folder* what a later step needs, and the calls so far."""
        told = {
            "asked": self._asked.model_dump(mode="json"),
            "task": self._task,
            "seed": self._seed,
            "known": {"address": self.address, "classes": list(self._classes)},
        }
        (folder / KEPT).write_text(json.dumps(told), encoding="utf-8")
        (folder / CALLS).write_bytes(self.record.lines())

    @classmethod
    def load(cls, folder: Path, rules: Rules) -> Live | None:
        """Return the endpoint that was saved in *folder*; None when the audit has none."""
        if not (folder / KEPT).exists():
            return None
        told = json.loads((folder / KEPT).read_text(encoding="utf-8"))
        asked = Endpoint.model_validate(told["asked"])
        return cls(asked, Task(told["task"]), told["seed"], rules, told["known"])


def open_live(submission: Submission, rules: Rules) -> Live | None:
    """Return the endpoint that *submission* names; raise `Refused` where it may not be called."""
    if submission.endpoint is None:
        return None
    return Live(submission.endpoint, submission.task, submission.seed, rules)
