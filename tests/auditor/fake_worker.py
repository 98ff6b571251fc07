"""A worker with the fake measuring process: `python -m tests.auditor.fake_worker SLOT`."""

import sys

from auditor.bench import Bench
from auditor.config import from_environment
from auditor.worker import run

if __name__ == "__main__":
    run(from_environment(), int(sys.argv[1]), Bench("tests.auditor.fake_measurer"))
