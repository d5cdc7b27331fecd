"""What every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from piutempo.ui.middleware import ITALIAN_ONLY


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the body's name and contacts, whether this is the demo, and whether a page has Italian only."""
    return {
        "body_name": settings.BODY_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "contact_phone": settings.CONTACT_PHONE,
        "accessibility_statement_url": settings.ACCESSIBILITY_STATEMENT_URL,
        "is_demo": settings.IS_DEMO,
        "is_italian_only": request.path.startswith(ITALIAN_ONLY),
    }
