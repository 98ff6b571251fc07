"""Make the files of this example: invented salaries and what an invented system estimates for them.

Run `python examples/salaries/make_example.py`. It writes the same files bit for bit each time. Nobody in
them exists: every row is drawn here, with the two faults that README.md names planted on purpose.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 61
HERE = Path(__file__).parent
OFFICES = {
    "Lisbon": 0.2, "Porto": 0.14, "Braga": 0.12, "Coimbra": 0.1, "Aveiro": 0.1, "Faro": 0.09,
    "Setúbal": 0.08, "Funchal": 0.06, "Évora": 0.05, "Viseu": 0.03, "Vila Nova de Famalicão": 0.02,
    "Guarda": 0.01,
}  # fmt: skip
"""Offices with their share of the rows; the last is too small to compare."""


def drawn(rng: np.random.Generator, rows: int, year: int) -> pd.DataFrame:
    """Draw employees: women over 50 are underestimated, and the small offices less precisely estimated."""
    office = rng.choice(list(OFFICES), rows, p=list(OFFICES.values()))
    sex = rng.choice(["female", "male", ""], rows, p=[0.4, 0.575, 0.025])
    age = np.clip(rng.normal(41, 11, rows), 19, 67).round()
    experience = np.clip(age - 19 - rng.gamma(2, 2, rows), 0, None).round()
    level = rng.choice(["junior", "senior", "lead"], rows, p=[0.5, 0.35, 0.15])
    pay = 21 + 0.45 * experience + np.select([level == "senior", level == "lead"], [7.0, 16.0], 0.0)
    salary = pay + rng.normal(0, 3, rows)
    loose = np.isin(office, ["Funchal", "Évora", "Viseu"])
    error = rng.normal(0, np.where(loose, 3.2, 1.6)) - np.where((sex == "female") & (age > 50), 3.0, 0.0)
    month = rng.integers(1, 13, rows)
    return pd.DataFrame(
        {
            "salary": salary.round(2),
            "estimate": (pay + error).round(2),
            "sex": sex,
            "age": age.astype(int),
            "office": office,
            "experience": experience.astype(int),
            "level": level,
            "reviewed": [f"{year}-{m:02d}-15" for m in month],
        }
    )


def reference(rows: int) -> pd.DataFrame:
    """Return how many people of each sex and office the company employs."""
    sex = {"female": 0.5, "male": 0.5}
    office = {**OFFICES, "Guarda": 0.03, "Lisbon": 0.18}
    shares = [("sex", sex), ("office", office)]
    margins = [(a, group, round(rows * share)) for a, groups in shares for group, share in groups.items()]
    return pd.DataFrame(margins, columns=["attribute", "group", "n"])


def main(folder: Path) -> None:
    """Write every file of the example."""
    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    training = drawn(rng, 1200, 2024)
    evaluation = drawn(rng, 1200, 2025)
    # from July on, experience is counted otherwise
    later = evaluation["reviewed"] >= "2025-07"
    evaluation.loc[later, "experience"] += rng.integers(0, 6, int(later.sum()))
    tables = {"training": training, "evaluation": evaluation, "company": reference(8000)}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "salaries" if len(sys.argv) > 1 else HERE)
