"""Make the files of this example: invented enquiries to a city, and where an invented system sends them.

Run `python examples/enquiries/make_example.py`. It writes the same files bit for bit each time. Nobody in
them exists: every row is drawn here, with the two faults that README.md names planted on purpose.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 62
HERE = Path(__file__).parent
DESKS = {
    "taxes": 0.22, "permits": 0.17, "housing": 0.15, "schools": 0.12, "parking": 0.11, "residence": 0.09,
    "waste": 0.08, "elderly care": 0.06,
}  # fmt: skip
LANGUAGES = {
    "German": 0.44, "Turkish": 0.14, "Arabic": 0.12, "Polish": 0.09, "Ukrainian": 0.08, "English": 0.07,
    "Vietnamese": 0.045, "Tigrinya": 0.015,
}  # fmt: skip


def main(folder: Path) -> None:
    """Write every file of the example."""
    rng = np.random.default_rng(SEED)
    rows, desks = 2400, list(DESKS)
    desk = rng.choice(len(desks), rows, p=list(DESKS.values()))
    language = rng.choice(list(LANGUAGES), rows, p=list(LANGUAGES.values()))
    age = np.clip(rng.normal(44, 16, rows), 18, 90).round()
    wrong = np.where(np.isin(language, ["Arabic", "Tigrinya"]), 0.22, 0.1)
    wrong = np.where((desk == desks.index("residence")) & (language != "German"), wrong + 0.25, wrong)
    wrong = wrong + np.clip(age - 60, 0, None) * 0.008
    sent = np.where(rng.random(rows) < wrong, rng.integers(0, len(desks), rows), desk)
    table = pd.DataFrame(
        {
            "desk": np.array(desks)[desk],
            "sent_to": np.array(desks)[sent],
            "language": language,
            "age": age.astype(int),
            "words": rng.poisson(60, rows),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "enquiries.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "enquiries" if len(sys.argv) > 1 else HERE)
