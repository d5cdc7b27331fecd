"""
The program with its clock moved, and nothing else: as a script it is ``manage.py``, as a module a WSGI application.

The file ``days`` of the program's folder says how many days from today it is; absent: it is today.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

_now = timezone.now
_days = Path(os.environ["PIUTEMPO_VAR"]) / "days"


def moved() -> datetime:
    """Return the instant, moved."""
    return _now() + timedelta(days=int(_days.read_text()) if _days.exists() else 0)


timezone.now = moved

if __name__ == "__main__":
    from manage import main

    sys.exit(main())
else:
    from config import wsgi

    application = wsgi.application
