"""The home page of each audience after signing in: what waits, and the doors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from piutempo.kernel.money import format_euro
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.models import Role, Scope
from piutempo.portals.navigation import address_named, list_doors
from piutempo.portals.selectors import home as selectors
from piutempo.ui.tables import Column, Table, shown


@dataclass(frozen=True, slots=True)
class Card:
    """A number that waits for somebody, in words, and where to take care of it."""

    title: str
    number: str
    text: str
    url_name: str = ""
    is_waiting: bool = False

    @property
    def url(self) -> str:
        """Where the card leads."""
        return address_named(self.url_name) if self.url_name else ""


def citizen_cards(request: PiuRequest, today: date) -> list[Card]:
    """My applications and what is left."""
    mine = selectors.get_citizen_home(request.user, today)
    if not mine.has_person:
        text = _("Il tuo account non è ancora legato al tuo codice fiscale: vai a uno sportello, lo collegano subito.")
        return [Card(_("Le tue domande"), "0", text, "network:desks", True)]
    cards = [
        Card(
            one.programme.title,
            str(one.get_status_display()).capitalize(),
            _("Domanda n. %(number)s") % {"number": one.number} if one.number else _("Non ancora presentata"),
            "applications:citizen",
            one.status == "draft",
        )
        for one in mine.applications
    ]
    if not cards:
        text = _("Non hai ancora presentato domande: verifica se ne hai diritto, poi vai a uno sportello.")
        cards = [Card(_("Le tue domande"), "0", text, "programmes:self_checks", True)]
    if mine.voucher_count and mine.first_expiry:
        last = shown(mine.first_expiry, "last_day")
        text = ngettext(
            "in un buono; puoi spenderlo fino al %(day)s",
            "in %(n)s buoni; il primo scade il %(day)s",
            mine.voucher_count,
        ) % {"n": mine.voucher_count, "day": last}
        cards.append(Card(_("Ancora da spendere"), format_euro(mine.unspent_cents), text, "vouchers:citizen"))
    return cards


def desk_cards(request: PiuRequest, today: date) -> list[Card]:
    """Drafts to finish, vouchers to hand over."""
    found = selectors.get_desk_home(request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK), today)
    return [
        Card(
            _("Domande da completare"),
            shown(found.drafts, "count"),
            _("bozze aperte allo sportello, non ancora presentate"),
            "applications:desk",
            found.drafts > 0,
        ),
        Card(
            _("Buoni da consegnare"),
            shown(found.to_hand_over, "count"),
            _("carnet in giacenza, ancora validi"),
            "vouchers:desk",
            found.to_hand_over > 0,
        ),
    ]


def provider_cards(request: PiuRequest, today: date) -> list[Card]:
    """What was redeemed this month, files left unconfirmed, statements not paid yet."""
    roles = request.roles
    site_ids = roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.SITE)
    provider_ids = roles.scope_ids(Role.PROVIDER_OPERATOR, Scope.BODY)
    found = selectors.get_provider_home(site_ids, provider_ids, today)
    return [
        Card(
            _("Buoni registrati"),
            format_euro(found.month_cents),
            _("per servizi resi in questo mese"),
            "vouchers:redeem",
        ),
        Card(
            _("File da confermare"),
            shown(found.files_to_confirm, "count"),
            _("caricati e non ancora confermati: finché non confermi non contano"),
            "vouchers:upload",
            found.files_to_confirm > 0,
        ),
        Card(
            _("Da ricevere"),
            format_euro(found.statements_to_pay_cents),
            ngettext(
                "in un rendiconto non ancora pagato", "in %(n)s rendiconti non ancora pagati", found.statements_to_pay
            )
            % {"n": found.statements_to_pay},
            "settlements:provider",
        ),
    ]


def office_cards(role: Role) -> Callable[[PiuRequest, date], list[Card]]:
    """Return the cards of case officers, or of programme managers, who also see drafts."""

    def cards(request: PiuRequest, today: date) -> list[Card]:
        ids = request.roles.scope_ids(role, Scope.PROGRAMME)
        found = selectors.get_office_home(ids, today)
        rows = [
            Card(
                _("Domande da decidere"),
                shown(found.to_decide, "count"),
                _("presentate e in attesa di istruttoria"),
                "applications:queue",
                found.to_decide > 0,
            ),
            Card(
                _("In lista d'attesa"),
                shown(found.waiting, "count"),
                _("assegnazioni per %(amount)s") % {"amount": format_euro(found.waiting_cents)},
                "applications:waiting",
                found.waiting > 0,
            ),
            Card(
                _("In scadenza"),
                format_euro(found.expiring_cents),
                ngettext(
                    "non spesi, in un buono che scade entro %(days)s giorni",
                    "non spesi, in %(n)s buoni che scadono entro %(days)s giorni",
                    found.expiring_vouchers,
                )
                % {"n": shown(found.expiring_vouchers, "count"), "days": selectors.EXPIRING_DAYS},
                "vouchers:extensions",
                found.expiring_cents > 0,
            ),
        ]
        if role == Role.PROGRAMME_MANAGER:
            drafts = selectors.count_drafts(ids)
            text = _("versioni del programma non ancora pubblicate")
            rows.append(Card(_("Bozze"), shown(drafts, "count"), text, "programmes:list", drafts > 0))
        return rows

    return cards


def accounting_cards(request: PiuRequest, today: date) -> list[Card]:
    """Statements to approve and to pay."""
    found = selectors.get_accounting_home(request.roles.scope_ids(Role.ACCOUNTING_OFFICER, Scope.PROGRAMME))
    return [
        Card(
            _("Da approvare"),
            format_euro(found.to_approve_cents),
            ngettext("in un rendiconto predisposto", "in %(n)s rendiconti predisposti", found.to_approve)
            % {"n": shown(found.to_approve, "count")},
            "settlements:statements",
            found.to_approve > 0,
        ),
        Card(
            _("Da pagare"),
            format_euro(found.to_pay_cents),
            ngettext("in un rendiconto approvato", "in %(n)s rendiconti approvati", found.to_pay)
            % {"n": shown(found.to_pay, "count")},
            "settlements:batches",
            found.to_pay > 0,
        ),
    ]


def report_cards(role: Role) -> Callable[[PiuRequest, date], list[Card]]:
    """Return the card of who reads reports."""

    def cards(request: PiuRequest, today: date) -> list[Card]:
        n = selectors.count_reports(request.roles.scope_ids(role, Scope.PROGRAMME))
        return [Card(_("Rapporti"), shown(n, "count"), _("congelati e consultabili"), "reporting:reports")]

    return cards


def administrator_cards(request: PiuRequest, today: date) -> list[Card]:
    """How many accounts."""
    n = selectors.count_accounts()
    return [Card(_("Account attivi"), shown(n, "count"), _("con i loro ruoli"), "portals:accounts")]


CARDS: dict[Role, Callable[[PiuRequest, date], list[Card]]] = {
    Role.CITIZEN: citizen_cards,
    Role.DESK_OPERATOR: desk_cards,
    Role.PROVIDER_OPERATOR: provider_cards,
    Role.CASE_OFFICER: office_cards(Role.CASE_OFFICER),
    Role.PROGRAMME_MANAGER: office_cards(Role.PROGRAMME_MANAGER),
    Role.ACCOUNTING_OFFICER: accounting_cards,
    Role.AUTHORITY_READER: report_cards(Role.AUTHORITY_READER),
    Role.AUDITOR: report_cards(Role.AUDITOR),
    Role.ADMINISTRATOR: administrator_cards,
}


def expiry_table(request: PiuRequest, today: date) -> Table:
    """Return the manager's panel: money not spent yet, soonest to expire first."""
    ids = request.roles.scope_ids(Role.PROGRAMME_MANAGER, Scope.PROGRAMME)
    return Table(
        request,
        selectors.list_unspent_by_expiry(ids, today),
        caption=_("Buoni non spesi, per scadenza"),
        empty=_("Nessun buono in circolazione da spendere: quando emetterai una mensilità la vedrai qui."),
        columns=[
            Column("valid_until", _("Ultimo giorno"), kind="last_day"),
            Column("programme__title", _("Programma")),
            Column("vouchers", _("Buoni"), kind="count"),
            Column("left_cents", _("Non speso"), kind="euro"),
        ],
        order="valid_until",
        page_size=12,
        prefix="scadenze",
    )


@role_required()
def area(request: PiuRequest) -> HttpResponse:
    """Show what waits for whoever is signed in, and where they may go."""
    today = timezone.localdate(request.now)
    held = request.roles.held
    parts: list[dict[str, Any]] = [
        {"title": role.label, "cards": make(request, today)} for role, make in CARDS.items() if role in held
    ]
    table = expiry_table(request, today) if Role.PROGRAMME_MANAGER in held else None
    if table and (file := table.export()):
        return file
    doors = [(door, url) for door in list_doors(request.roles) if (url := address_named(door.url_name))]
    context = {"parts": parts, "table": table, "doors": doors, "is_many": len(parts) > 1}
    return render(request, "portals/area.html", context)
