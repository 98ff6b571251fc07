"""From a submission and its files to a subject ready to be measured, or to sentences that say why not."""

from auditor.subjects.folder import attach, load, save
from auditor.subjects.prepare import Prepared, prepare

__all__ = ["Prepared", "attach", "load", "prepare", "save"]
