"""Every page, as each persona, wide and on a phone: no WCAG 2.1 A or AA violation, nothing wider than the screen."""

import os
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import get_resolver

from tests.stories.conftest import PHONE, WIDE, Opener, Served, Visitor, accessibility_faults, looked_at, note

pytestmark = pytest.mark.browser

#: Where each persona starts; their links lead further.
PERSONAS = {
    "": """
        / /accedi/ /demo/ /programmi/ /verifica/ /graduatorie/ /dove-spendere/ /sportelli/ /aiuto/ /contatti/ /privacy/
        /accessibilita/ /non-esiste/""",
    "Maria Rossi": "/area/ /cittadino/ /cittadino/buoni/ /profilo/ /ufficio/domande/",
    "Giulia Conti": """
        /area/ /cittadino/ /cittadino/buoni/ /cittadino/lettere/ /cittadino/i-miei-dati/
        /cittadino/i-miei-dati/correzione/ /cittadino/scrivi/ /cittadino/appuntamenti/ /cittadino/deleghe/
        /cittadino/controlli/""",
    "Vera Pace": "/area/ /cittadino/",
    "Nora Nuova": "/area/ /cittadino/ /cittadino/buoni/",
    "Anna Sala": """
        /area/ /sportello/ /sportello/famiglie/ /sportello/famiglie/nuova/ /sportello/domande/ /sportello/coda/
        /sportello/appuntamenti/ /sportello/orari/ /sportello/coda/giornata/
        /sportello/buoni/ /sportello/buoni/ricevi/ /sportello/giornata/ /sportello/controlli/""",
    "Davide Riva": """
        /area/ /operatore/registra/ /operatore/utilizzi/ /operatore/file/ /operatore/rendiconti/
        /operatore/sedi/""",
    "Carla Neri": """
        /area/ /ufficio/domande/ /ufficio/lista-attesa/ /ufficio/emissione/ /ufficio/proroghe/
        /ufficio/proroghe/nuova/ /ufficio/scadenze/ /ufficio/buoni/ /ufficio/rete/ /ufficio/rete/enti/
        /ufficio/rete/sedi/ /ufficio/rete/sportelli/nuovo/ /ufficio/rete/enti/nuovo/ /ufficio/rete/sedi/nuova/""",
    "Bruno Villa": """
        /area/ /programma/ /autorita/rapporti/ /ufficio/lista-attesa/ /autorita/rapporti/congela/
        /ufficio/graduatorie/ /ufficio/graduatorie/graduatoria-2026/seconda/?prova=1
        /ufficio/firma/ /ufficio/lettere/ /ufficio/lettere/firma/ /ufficio/lettere/invii/ /ufficio/lettere/invii/nuovo/
        /ufficio/modelli/ /ufficio/modelli/applications.receipt/ /ufficio/modelli/applications.receipt/versioni/0/
        /ufficio/protocollo/ /ufficio/messaggi/ /ufficio/controlli/campioni/ /ufficio/controlli/campioni/nuovo/
        /ufficio/cambiamenti/""",
    "Sara Fabbri": "/ufficio/controlli/ /ufficio/domande/",
    "Irene Fontana": """
        /area/ /contabilita/ /contabilita/rendiconti/ /contabilita/rendiconti/predisponi/
        /contabilita/distinte/ /contabilita/saldi/ /contabilita/movimenti/ /contabilita/crediti/""",
    "Teresa Longo": "/area/ /autorita/rapporti/",
    "Ugo Sanna": "/area/ /autorita/rapporti/ /contabilita/saldi/",
    "Nadia Costa": "/area/ /amministrazione/ /amministrazione/nuovo/",
}
#: Who, the rows that fill the addresses, and the addresses: pages that few links lead to.
MORE = (
    (
        "Anna Sala",
        "SELECT id FROM applications_application WHERE status = 'draft' AND desk_id IS NOT NULL",
        (
            "/sportello/domanda/{}/chi/ /sportello/domanda/{}/nucleo/ /sportello/domanda/{}/situazione/ "
            "/sportello/domanda/{}/prove/ /sportello/domanda/{}/riepilogo/"
        ),
    ),
    (
        "Vera Pace",
        (
            "SELECT id FROM applications_application WHERE number IS NULL AND applicant_id IN "
            "(SELECT id FROM people_person WHERE family_name = 'Pace')"
        ),
        (
            "/cittadino/domanda/{}/chi/ /cittadino/domanda/{}/nucleo/ /cittadino/domanda/{}/situazione/ "
            "/cittadino/domanda/{}/prove/ /cittadino/domanda/{}/riepilogo/"
        ),
    ),
    (
        "Giulia Conti",
        "SELECT id FROM applications_application WHERE programme_id = {programme} AND number = 1",
        "/cittadino/domanda/{}/ /cittadino/domanda/{}/ricevuta/ /cittadino/buoni/rinuncia/{}/",
    ),
    (
        "Carla Neri",
        "SELECT id FROM applications_application WHERE programme_id = {programme} AND number = 1",
        "/ufficio/domande/{}/ /ufficio/domande/{}/rinuncia/",
    ),
    (
        "Carla Neri",
        "SELECT id FROM network_site WHERE id = {site}",
        (
            "/ufficio/rete/sedi/{}/ /ufficio/rete/sedi/{}/accredita/piu-tempo-2026/operatori/ "
            "/ufficio/rete/sedi/{}/chiudi/piu-tempo-2026/operatori/"
        ),
    ),
    ("Carla Neri", "SELECT id FROM vouchers_issuancerun WHERE programme_id = {programme}", "/ufficio/emissione/{}/"),
    ("Carla Neri", "SELECT id FROM vouchers_voucher WHERE programme_id = {programme}", "/ufficio/buoni/{}/"),
    ("Bruno Villa", "SELECT id FROM vouchers_extension", "/ufficio/proroghe/{}/"),
    ("Bruno Villa", "SELECT pot_id FROM awards_award WHERE programme_id = {programme}", "/ufficio/lista-attesa/{}/"),
    ("Irene Fontana", "SELECT id FROM settlements_payment", "/contabilita/pagamenti/{}/recupera/"),
    ("Irene Fontana", "SELECT redemption_id FROM settlements_statementline", "/contabilita/utilizzi/{}/"),
    ("Irene Fontana", "SELECT id FROM ledger_transfer", "/contabilita/movimenti/{}/"),
    ("Irene Fontana", "SELECT id FROM settlements_statement", "/contabilita/rendiconti/{}/"),
    (
        "Davide Riva",
        "SELECT id FROM settlements_statement WHERE programme_id = {programme}",
        "/operatore/rendiconti/{}/",
    ),
    ("Davide Riva", "SELECT id FROM vouchers_redemptionfile WHERE site_id = {site}", "/operatore/file/{}/"),
    (
        "Anna Sala",
        "SELECT id FROM applications_application WHERE programme_id = {programme} AND number = 1",
        (
            "/sportello/domanda/{}/ /sportello/domanda/{}/ricevuta/ /sportello/domanda/{}/riesame/ "
            "/sportello/domanda/{}/cambiamento/"
        ),
    ),
    (
        "Anna Sala",
        (
            "SELECT p.subject_id || '/risposta/' || s.id FROM procedures_step s JOIN procedures_procedure p "
            "ON p.id = s.procedure_id JOIN applications_application a ON a.id = p.subject_id "
            "WHERE p.subject = 'applications.application' AND a.programme_id = {programme} AND a.desk_id IS NOT NULL"
        ),
        "/sportello/domanda/{}/",
    ),
    ("Anna Sala", "SELECT id FROM controls_check WHERE finding_at IS NOT NULL", "/sportello/controlli/{}/"),
    ("Giulia Conti", "SELECT id FROM controls_check WHERE finding_at IS NOT NULL", "/cittadino/controlli/{}/"),
    (
        "Giulia Conti",
        "SELECT id FROM applications_application WHERE programme_id = {programme} AND number = 1",
        "/cittadino/domanda/{}/riesame/ /cittadino/domanda/{}/cambiamento/ /cittadino/domanda/{}/beneficio/",
    ),
    ("Sara Fabbri", "SELECT id FROM controls_check WHERE finding_at IS NOT NULL", "/ufficio/controlli/{}/"),
    (
        "Sara Fabbri",
        "SELECT id FROM controls_check WHERE finding_at IS NULL AND officer_id IS NOT NULL",
        "/ufficio/controlli/{}/rilievo/ /ufficio/controlli/{}/esito/",
    ),
    (
        "Carla Neri",
        "SELECT application_id || '/segnalazioni/' || id FROM applications_conflict WHERE settled_at IS NULL",
        "/ufficio/domande/{}/",
    ),
    (
        "Carla Neri",
        (
            "SELECT id FROM applications_application WHERE programme_id = {programme} AND status = 'submitted' "
            "ORDER BY id DESC"
        ),
        (
            "/ufficio/domande/{}/prove/ /ufficio/domande/{}/documenti/ /ufficio/domande/{}/preavviso/ "
            "/ufficio/domande/{}/uscita/"
        ),
    ),
    (
        "Bruno Villa",
        (
            "SELECT application_id || '/rimanda/' || id FROM applications_proposal "
            "WHERE signed_at IS NULL AND returned_at IS NULL"
        ),
        "/ufficio/domande/{}/",
    ),
    ("Bruno Villa", "SELECT id FROM controls_sample WHERE drawn_at IS NOT NULL", "/ufficio/controlli/campioni/{}/"),
    ("Bruno Villa", "SELECT id FROM correspondence_message", "/ufficio/messaggi/{}/"),
    ("Bruno Villa", "SELECT id FROM correspondence_letterbatch", "/ufficio/lettere/invii/{}/"),
    ("Bruno Villa", "SELECT id FROM correspondence_letter ORDER BY id DESC", "/ufficio/lettere/{}/"),
    ("Irene Fontana", "SELECT id FROM settlements_claim", "/contabilita/crediti/{}/"),
)
#: Shapes that links have led to already, for any persona.
followed: set[tuple[str, ...]] = set()
#: Pages looked at per persona.
LIMIT = 40
#: Pages of everybody: looked at once, without signing in.
PUBLIC = tuple(PERSONAS[""].split())
#: Addresses that answer with something else: a file, a part of a page, or what a button sends.
NOT_PAGES = """
    people:sign_out portals:health portals:set_active portals:revoke
    applications:overrule applications:assign applications:serve applications:citizen_start
    applications:desk_start applications:ranking_draw applications:ranking_publish applications:ranking_return
    programmes:create_draft programmes:draft_place_remove programmes:draft_publish programmes:draft_drop
    programmes:export
    settlements:new_batch reporting:recompute reporting:download
    vouchers:citizen_panel vouchers:my_carnet vouchers:my_letter vouchers:carnet vouchers:letter vouchers:progress
    vouchers:file_template vouchers:revoke_key
    applications:desk_mandate_form applications:desk_mandate_file applications:desk_revoke
    applications:desk_scan applications:office_scan network:agree
    reception:call reception:close_day reception:arrive reception:finish reception:no_show reception:leave
    reception:end_hours reception:reopen
    applications:assign_many applications:take applications:isee applications:sign
    applications:case_file applications:case_receipt applications:case_request applications:citizen_receipt_pdf
    applications:citizen_request_pdf applications:desk_file applications:desk_receipt_pdf applications:desk_request_pdf
    applications:citizen_file
    controls:carry controls:draw controls:facts controls:file controls:item controls:own_panel controls:population
    controls:recount controls:send_back controls:sign
    correspondence:handle correspondence:letter_pdf correspondence:letters_zip correspondence:posted
    correspondence:preview correspondence:register_day correspondence:retry_notice correspondence:sign
    portals:my_data_file portals:my_letter portals:my_signed_letter
""".split()
#: Files, not pages.
FILES = re.compile(
    r"\.(pdf|csv|xlsx|json|svg|toml)$|/toml/$|/scarica/|/modello\.|/salute/$|/api/"
    r"|/delega/modulo/$|/deleghe/\d+/$|/carta/\d+/$|(domanda|domande|controlli)/\d+/file/\d+/$"
    r"|/lettere/\d+/pdf/$|/protocollo/giorno/"
)


def shape_of(url: str) -> tuple[str, ...]:
    """Return what tells pages apart: the address without its numbers and codes, and the names asked in the query."""
    parts = urlsplit(url)
    path = re.sub(r"/\d+(?=[/.]|$)", "/N", parts.path)
    names = sorted({name for name, _value in parse_qsl(parts.query, keep_blank_values=True)})
    names = [n for n in names if not n.endswith(("sort", "page"))]
    return (
        re.sub(r"(requisiti|righe|programmi|verifica|programma|accredita|chiudi|graduatorie)/[\w-]+", r"\1/X", path),
        *names,
    )


def is_for(full_name: str, path: str) -> bool:
    """Tell whether a link is worth following: everybody's pages are looked at once."""
    return not full_name or not any(path == one or (one != "/" and path.startswith(one)) for one in PUBLIC)


def more_for(served: Served, full_name: str) -> list[str]:
    """Return addresses that depend on what is in the database, of pages few links lead to."""
    return [
        path
        for name, sql, paths in MORE
        if name == full_name
        for (key,) in served.rows(sql.format(**served.facts) + " LIMIT 1")
        for path in paths.format(*[key] * paths.count("{}")).split()
    ]


def links_of(one: Visitor) -> list[str]:
    """Return the addresses of ours that the page links to."""
    found = one.page.eval_on_selector_all("main a[href], header a[href]", "rows => rows.map(a => a.href)")
    ours = [link.removeprefix(one.base) for link in found if link.startswith(one.base)]
    return [link.split("#")[0] for link in ours if not FILES.search(urlsplit(link).path) and "export" not in link]


@pytest.mark.parametrize("full_name", PERSONAS, ids=[name or "chiunque" for name in PERSONAS])
def test_every_page_is_accessible_and_fits_a_phone(visitor: Opener, served: Served, full_name: str) -> None:
    one = visitor(full_name)
    waiting, seen, wrong = [*PERSONAS[full_name].split(), *more_for(served, full_name)], set(), []
    while waiting and len(seen) < LIMIT:
        path = waiting.pop(0)
        shape = shape_of(path)
        if shape in seen:
            continue
        seen.add(shape)
        one.page.set_viewport_size(WIDE)
        one.go(path)
        note(one.page)
        for size in (WIDE, PHONE):
            one.page.set_viewport_size(size)
            name = f"{path} at {size['width']}"
            wrong += [f"{name}: {fault}" for fault in accessibility_faults(one.page)]
            if shots := os.environ.get("PIUTEMPO_STORIES_SHOTS"):
                file = re.sub(r"\W+", "_", f"{full_name}_{path}")[:80]
                one.page.screenshot(path=f"{shots}/{file}_{size['width']}.png", full_page=True)
        fresh = [link for link in links_of(one) if is_for(full_name, link) and shape_of(link) not in followed]
        followed.update(shape_of(link) for link in fresh)
        waiting += fresh
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= len(PERSONAS[full_name].split()), seen


def test_no_page_was_left_out() -> None:
    """Every named address that shows a page was looked at by somebody."""
    names = set()
    for resolver in get_resolver().url_patterns:
        if app := getattr(resolver, "app_name", None):
            names |= {f"{app}:{one.name}" for one in resolver.url_patterns if one.name}
    left = {name for name in names if not name.startswith("ninja:")} - looked_at - set(NOT_PAGES)
    if left:
        pytest.fail("nobody looked at " + ", ".join(sorted(left)))
