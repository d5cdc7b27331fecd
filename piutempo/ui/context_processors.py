"""What every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the body's name and contacts, and whether this is the demo."""
    return {
        "body_name": settings.BODY_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "contact_phone": settings.CONTACT_PHONE,
        "accessibility_statement_url": settings.ACCESSIBILITY_STATEMENT_URL,
        "is_demo": settings.IS_DEMO,
    }
