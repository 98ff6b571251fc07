"""What gunicorn serves."""

from auditor import config, logs
from auditor.app import create_app

settings = config.from_environment()
logs.configure(settings.log_format, settings.log_level)
app = create_app(settings)
