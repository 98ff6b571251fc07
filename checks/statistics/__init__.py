"""Every interval and test of the project.

`intervals` holds one number at a time, `disparities` numbers that compare many groups, `calibration`,
`ranking` and `agreement` the estimates that have a theory of their own, `significance` tests and corrections.
"""

from checks.statistics.agreement import cohen_kappa
from checks.statistics.calibration import CalibrationErrors, Line, Reliability, calibration_line, reliability
from checks.statistics.disparities import (
    Estimates,
    Normals,
    Proportions,
    gap_limits,
    highest_minus_lowest,
    largest_gap,
    lowest_over_highest,
    mean_gap,
    over_highest,
    over_reference,
    ratio_limits,
)
from checks.statistics.intervals import (
    LEVEL,
    Z,
    clopper_pearson,
    clopper_pearson_limits,
    estimate,
    mean_of,
    undefined,
    wilson,
    wilson_limits,
)
from checks.statistics.ranking import Aucs, auc_difference, hanley_mcneil, hanley_mcneil_limits, roc_auc
from checks.statistics.significance import difference_p_value, paired_difference

__all__ = [
    "LEVEL",
    "Aucs",
    "CalibrationErrors",
    "Estimates",
    "Line",
    "Normals",
    "Proportions",
    "Reliability",
    "Z",
    "auc_difference",
    "calibration_line",
    "clopper_pearson",
    "clopper_pearson_limits",
    "cohen_kappa",
    "difference_p_value",
    "estimate",
    "gap_limits",
    "hanley_mcneil",
    "hanley_mcneil_limits",
    "highest_minus_lowest",
    "largest_gap",
    "lowest_over_highest",
    "mean_gap",
    "mean_of",
    "over_highest",
    "over_reference",
    "paired_difference",
    "ratio_limits",
    "reliability",
    "roc_auc",
    "undefined",
    "wilson",
    "wilson_limits",
]
