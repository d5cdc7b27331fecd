"""Every page, as each persona, wide and on a phone: no WCAG 2.1 A or AA violation, nothing wider than the screen."""

import os
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.stories.conftest import PHONE, WIDE, Opener, Visitor

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}
PERSONAS = {
    "": ["/", "/accedi/", "/demo/", "/programmi/", "/verifica/", "/dove-spendere/", "/sportelli/", "/aiuto/", "/contatti/",
         "/privacy/", "/accessibilita/", "/non-esiste/"],
    "Maria Rossi": ["/area/", "/cittadino/", "/cittadino/buoni/", "/profilo/", "/ufficio/domande/"],
    "Giulia Conti": ["/area/", "/cittadino/", "/cittadino/buoni/"],
    "Nora Nuova": ["/area/", "/cittadino/", "/cittadino/buoni/"],
    "Anna Sala": ["/area/", "/sportello/", "/sportello/famiglie/?q=Conti", "/sportello/famiglie/nuova/", "/sportello/domande/",
                  "/sportello/buoni/", "/sportello/buoni/ricevi/", "/sportello/giornata/"],
    "Davide Riva": ["/area/", "/operatore/registra/", "/operatore/utilizzi/", "/operatore/file/", "/operatore/rendiconti/",
                    "/operatore/sedi/"],
    "Carla Neri": ["/area/", "/ufficio/domande/", "/ufficio/lista-attesa/", "/ufficio/emissione/", "/ufficio/proroghe/",
                   "/ufficio/proroghe/nuova/", "/ufficio/scadenze/", "/ufficio/buoni/", "/ufficio/rete/",
                   "/ufficio/rete/enti/", "/ufficio/rete/sedi/"],
    "Bruno Villa": ["/area/", "/programma/", "/autorita/rapporti/", "/ufficio/lista-attesa/", "/autorita/rapporti/congela/"],
    "Irene Fontana": ["/area/", "/contabilita/", "/contabilita/rendiconti/", "/contabilita/rendiconti/predisponi/",
                      "/contabilita/distinte/", "/contabilita/saldi/", "/contabilita/movimenti/"],
    "Teresa Longo": ["/area/", "/autorita/rapporti/"],
    "Ugo Sanna": ["/area/", "/autorita/rapporti/", "/contabilita/saldi/"],
    "Nadia Costa": ["/area/", "/amministrazione/", "/amministrazione/nuovo/"],
}  # fmt: skip
#: Pages looked at per persona.
LIMIT = 30
#: Pages of everybody: looked at once, without signing in.
PUBLIC = ("/", "/accedi/", "/demo/", "/programmi/", "/verifica/", "/dove-spendere/", "/sportelli/", "/aiuto/", "/contatti/",
          "/privacy/", "/accessibilita/")  # fmt: skip
#: Files, not pages.
FILES = re.compile(r"\.(pdf|csv|xlsx|json|svg|toml)$|/toml/$|/scarica/|/modello\.|/salute/$|/api/")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDER = """() => [...document.querySelectorAll('main *, header *, footer *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.pt-table-wrap, .table-responsive, pre'))
    .slice(0, 4).map(e => e.outerHTML.slice(0, 120))"""


def shape_of(url: str) -> tuple[str, ...]:
    """Return what tells pages apart: the address without its numbers and codes, and the names asked in the query."""
    parts = urlsplit(url)
    path = re.sub(r"/\d+(?=[/.]|$)", "/N", parts.path)
    names = sorted({name for name, _value in parse_qsl(parts.query, keep_blank_values=True)})
    names = [n for n in names if not n.endswith(("sort", "page"))]
    return (re.sub(r"(requisiti|righe|programmi|verifica|programma|accredita|chiudi)/[\w-]+", r"\1/X", path), *names)


def is_for(full_name: str, path: str) -> bool:
    """Tell whether a link is worth following: everybody's pages are looked at once."""
    return not full_name or not any(path == one or (one != "/" and path.startswith(one)) for one in PUBLIC)


def links_of(one: Visitor) -> list[str]:
    """Return the addresses of ours that the page links to."""
    found = one.page.eval_on_selector_all("main a[href], header a[href]", "rows => rows.map(a => a.href)")
    ours = [link.removeprefix(one.base) for link in found if link.startswith(one.base)]
    return [link.split("#")[0] for link in ours if not FILES.search(urlsplit(link).path) and "export" not in link]


@pytest.mark.parametrize("full_name", PERSONAS, ids=[name or "chiunque" for name in PERSONAS])
def test_every_page_is_accessible_and_fits_a_phone(visitor: Opener, full_name: str) -> None:
    one = visitor(full_name)
    waiting, seen, wrong = list(PERSONAS[full_name]), set(), []
    axe = Axe()
    while waiting and len(seen) < LIMIT:
        path = waiting.pop(0)
        shape = shape_of(path)
        if shape in seen:
            continue
        seen.add(shape)
        one.page.set_viewport_size(WIDE)
        one.go(path)
        for size in (WIDE, PHONE):
            one.page.set_viewport_size(size)
            name = f"{path} at {size['width']}"
            found = axe.run(one.page, options=RULES).response["violations"]
            wrong += [f"{name}: {v['id']} ({v['help']}): {v['nodes'][0]['html'][:160]}" for v in found]
            if one.page.evaluate(OVERFLOW) > 0:
                wrong.append(f"{name}: wider than the screen: {one.page.evaluate(WIDER)}")
            if shots := os.environ.get("PIUTEMPO_STORIES_SHOTS"):
                file = re.sub(r"\W+", "_", f"{full_name}_{path}")[:80]
                one.page.screenshot(path=f"{shots}/{file}_{size['width']}.png", full_page=True)
        waiting += [link for link in links_of(one) if is_for(full_name, link)]
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= len(PERSONAS[full_name]), seen
