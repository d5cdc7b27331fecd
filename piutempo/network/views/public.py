"""Public pages: where vouchers are spent, and the desks that help. No sign-in."""

from datetime import date
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from piutempo.network.forms import UNITS, SearchForm
from piutempo.network.selectors import (
    count_sites_for_public,
    list_desks_for_public,
    list_provinces_for_public,
    list_sites_for_public,
    list_tasks,
)
from piutempo.people.access import PiuRequest
from piutempo.programmes.rules.terms import Terms
from piutempo.programmes.selectors import list_open_programmes

PAGE_SIZE = 20


def _day_in(terms: Terms, today: date) -> date:
    """Return today, or the programme's nearest day when it has not started or is over."""
    return min(max(today, terms.starts_on), date.fromordinal(terms.ends_on.toordinal() - 1))


def _address(request: PiuRequest) -> str:
    """Return the search as part of an address, without the page."""
    return urlencode({k: v for k, v in request.GET.items() if k != "pagina" and v})


def where_to_spend(request: PiuRequest) -> HttpResponse:
    """Search the sites that accept vouchers, by municipality, province and service."""
    today = timezone.localdate(request.now)
    programmes = list_open_programmes(today)
    wanted = request.GET.get("programma", "")
    programme, terms = next(
        (p for p in programmes if p[0].code == wanted), programmes[0] if programmes else (None, None)
    )
    context: dict[str, object] = {"form": None, "page": None, "terms": terms}
    if programme is not None and terms is not None:
        on = _day_in(terms, today)
        form = SearchForm(
            request.GET or None,
            programmes=[p for p, _terms in programmes],
            terms=terms,
            provinces=list_provinces_for_public(programme=programme, on=on),
        )
        data = form.cleaned_data if form.is_bound and form.is_valid() else {}
        query = {
            "place": data.get("comune", ""),
            "province": data.get("provincia", ""),
            "service": data.get("servizio", ""),
        }
        total = count_sites_for_public(programme=programme, on=on, **query)
        page = Paginator(range(total), PAGE_SIZE).get_page(request.GET.get("pagina"))
        sites = list_sites_for_public(
            programme=programme, on=on, **query, offset=max(page.start_index() - 1, 0), limit=PAGE_SIZE
        )
        titles = {s.code: s for s in terms.services}
        vouchers: dict[str, list[str]] = {}
        for product in terms.products:
            vouchers.setdefault(product.network, []).append(product.title)
        context |= {
            "form": form,
            "page": page,
            "total": total,
            "on": on,
            "is_today": on == today,
            "is_filtered": any(query.values()),
            "address": _address(request),
            "sites": [
                {
                    "site": site,
                    "services": [
                        {
                            "title": titles[s.code].title if s.code in titles else s.code,
                            "cents": s.unit_ceiling_cents,
                            "unit": UNITS.get(s.unit, s.unit),
                            "is_asked": s.code == query["service"],
                        }
                        for s in site.services
                    ],
                    "vouchers": sorted({v for s in site.services for v in vouchers.get(s.network, [])}),
                }
                for site in sites
            ],
        }
    return render(request, "network/where_to_spend.html", context)


def desks(request: PiuRequest) -> HttpResponse:
    """List the desks open today and what each does."""
    place, does = request.GET.get("comune", "")[:100], request.GET.get("serve", "")
    today = timezone.localdate(request.now)
    rows = list_desks_for_public(on=today, place=place, does=does)
    paginator = Paginator(rows, PAGE_SIZE)
    page = paginator.get_page(request.GET.get("pagina"))
    shown = list(page.object_list)
    tasks = list_tasks([d.pk for d in shown], on=today)
    return render(
        request,
        "network/desks.html",
        {
            "page": page,
            "rows": [(d, sorted(task.label for task in tasks[d.pk])) for d in shown],
            "total": paginator.count,
            "place": place,
            "does": does,
            "is_filtered": bool(place or does),
            "address": _address(request),
        },
    )
