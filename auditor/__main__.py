"""`python -m auditor`."""

import signal
import sys

from auditor.cli import main

signal.signal(signal.SIGTERM, signal.default_int_handler)  # a build that is stopped cleans up like Ctrl-C
sys.exit(main())
