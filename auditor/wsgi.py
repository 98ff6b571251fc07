"""What gunicorn serves."""

from auditor import config, logs, sandbox
from auditor.app import create_app

settings = config.from_environment()
logs.configure(settings.log_format, settings.log_level)
app = create_app(settings)
sandbox.start_canary()  # in the background: the first page does not wait
