"""What no address may hold, and the language of the addresses that have one only."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation

#: Where staff works, in Italian: half a page in another language would be worse than none.
ITALIAN_ONLY = (
    "/sportello/",
    "/operatore/",
    "/ufficio/",
    "/contabilita/",
    "/programma/",
    "/autorita/",
    "/amministrazione/",
    "/api/",
)


class AddressMiddleware:
    """Refuses (400) addresses with a NUL character: nobody types one, and PostgreSQL stores none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the address")
        return self.get_response(request)


class StaffLanguageMiddleware:
    """Speaks Italian to staff, whatever language was chosen; after Django's own ``LocaleMiddleware``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(ITALIAN_ONLY):
            translation.activate("it")
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
