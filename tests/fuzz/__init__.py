"""Damaged files for every reader of submitted bytes."""

from collections import Counter

met: Counter[str] = Counter()
"""Files that each reader was given in this run."""
