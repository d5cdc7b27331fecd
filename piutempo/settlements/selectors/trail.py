"""From a transfer, or a redemption, down to the application it comes from: codes and amounts, no names, no needs."""

from collections.abc import Callable
from typing import NamedTuple

from django.utils.translation import gettext as _

from piutempo.applications.models import Application
from piutempo.awards.models import Award
from piutempo.kernel.money import format_euro
from piutempo.ledger.models import Allocation, Kind
from piutempo.programmes.models import Fund
from piutempo.settlements.models import Claim, ClaimLine, Payment, Recovery, Statement, StatementLine
from piutempo.settlements.selectors.statements import Programmes
from piutempo.ui.tables import shown
from piutempo.vouchers.models import Lapse, Redemption, Voucher


class Step(NamedTuple):
    """One thing on the way: what it is, what it says, and the page about it with its id (empty: none)."""

    title: str
    facts: list[tuple[str, str]]
    page: str = ""
    page_id: int = 0


def trace(kind: Kind, subject_id: int) -> list[Step]:
    """Return the steps behind a transfer of a kind about a subject; empty when the subject is not there."""
    return _TRACERS[kind](subject_id)


def list_pots_for(ids: Programmes) -> list[Fund]:
    """Return the funds of a reader's programmes with pot, sources and programme. Two queries."""
    rows = (
        Fund.objects.select_related("pot", "programme")
        .prefetch_related("pot__sources")
        .order_by("programme__title", "pk")
    )
    return list(rows if ids is None else rows.filter(programme_id__in=ids))


def trace_redemption(redemption_id: int) -> list[Step]:
    """Return redemption, voucher, award and application."""
    found = Redemption.objects.select_related("site__provider", "voucher", "reversal").filter(pk=redemption_id).first()
    if found is None:
        return []
    facts = [
        (_("Numero"), str(found.pk)),
        (_("Sede"), f"{found.site.code} · {found.site.name}"),
        (_("Operatore"), found.site.provider.name),
        (_("Servizio"), f"{found.service} × {found.quantity}"),
        (_("Data del servizio"), shown(found.served_on, "day")),
        (_("Registrato il"), shown(found.redeemed_at, "moment")),
        (_("Importo"), format_euro(found.amount_cents)),
    ]
    if serials := _serials(found):
        facts.append((_("Titoli (numeri di serie)"), serials))
    reversal = getattr(found, "reversal", None)
    if reversal is not None:
        facts.append((_("Stornato"), f"{shown(reversal.at, 'moment')}: {reversal.reason}"))
    line = StatementLine.objects.select_related("statement").filter(redemption=found).first()
    steps = [Step(_("Utilizzo"), facts, "settlements:redemption", found.pk)]
    if line is not None:
        steps.append(_statement_step(line.statement))
    return steps + trace_voucher(found.voucher_id)


def trace_voucher(voucher_id: int) -> list[Step]:
    """Return voucher, award and application."""
    found = Voucher.objects.filter(pk=voucher_id).first()
    if found is None:
        return []
    facts = [
        (_("Numero"), str(found.pk)),
        (_("Mese"), shown(found.month, "month")),
        (_("Numeri di serie"), f"{found.first_serial} – {found.first_serial + found.title_count - 1}"),
        (_("Valore"), format_euro(found.value_cents)),
        (_("Speso"), format_euro(found.spent_cents)),
        (_("Scadenza"), shown(found.valid_until, "last_day")),
    ]
    if found.lapsed_cents:
        facts.append((_("Scaduto e rientrato"), format_euro(found.lapsed_cents)))
    return [Step(_("Buono"), facts), *trace_award(found.award_id)]


def trace_award(award_id: int) -> list[Step]:
    """Return award and application."""
    found = Award.objects.filter(pk=award_id).first()
    if found is None:
        return []
    booked = found.months - found.months_released
    facts = [
        (_("Numero"), str(found.pk)),
        (_("Stato"), found.get_status_display()),
        (_("Mensilità"), f"{booked} × {format_euro(found.month_cents)}"),
        (_("Dal mese"), shown(found.first_month, "month")),
    ]
    steps = [Step(_("Assegnazione"), facts)]
    application = Application.objects.defer("facts").filter(pk=found.application_id).first()
    if application is not None:
        steps.append(
            Step(
                _("Domanda"),
                [
                    (_("Numero"), shown(application.number, "count")),
                    (_("Stato"), application.get_status_display()),
                    (_("Presentata il"), shown(application.submitted_at, "moment")),
                ],
            )
        )
    return steps


def _serials(redemption: Redemption) -> str:
    first = redemption.voucher.first_serial
    return ", ".join(str(first + bit) for bit in range(redemption.mask.bit_length()) if redemption.mask >> bit & 1)


def _statement_step(found: Statement) -> Step:
    facts = [
        (_("Numero"), str(found.pk)),
        (_("Mese"), shown(found.month, "month")),
        (_("Stato"), found.get_status_display()),
        (_("Importo"), format_euro(found.amount_cents)),
    ]
    return Step(_("Rendiconto"), facts, "settlements:statement", found.pk)


def _trace_statement(statement_id: int) -> list[Step]:
    found = Statement.objects.filter(pk=statement_id).first()
    return [_statement_step(found)] if found else []


def _trace_payment(payment_id: int) -> list[Step]:
    found = Payment.objects.select_related("batch", "statement").filter(pk=payment_id).first()
    if found is None:
        return []
    facts = [
        (_("Distinta"), str(found.batch.number)),
        (_("Importo"), format_euro(found.amount_cents)),
        ("IBAN", found.iban),
        (_("Pagata il"), shown(found.batch.paid_at, "moment")),
    ]
    return [Step(_("Pagamento"), facts, "settlements:batch", found.batch_id), _statement_step(found.statement)]


def _trace_recovery(recovery_id: int) -> list[Step]:
    found = Recovery.objects.filter(pk=recovery_id).first()
    if found is None:
        return []
    facts = [
        (_("Data"), shown(found.on, "day")),
        (_("Importo"), format_euro(found.amount_cents)),
        (_("Motivo"), found.reason),
    ]
    return [Step(_("Recupero"), facts), *_trace_payment(found.payment_id)]


def _trace_lapse(lapse_id: int) -> list[Step]:
    found = Lapse.objects.filter(pk=lapse_id).first()
    if found is None:
        return []
    facts = [
        (_("Motivo"), found.get_cause_display()),
        (_("Data"), shown(found.on, "day")),
        (_("Importo"), format_euro(found.amount_cents)),
    ]
    if found.undone_at:
        facts.append((_("Ripristinata il"), shown(found.undone_at, "moment")))
    return [Step(_("Decadenza"), facts), *trace_voucher(found.voucher_id)]


def _claim_step(found: Claim) -> Step:
    facts = [
        (_("Numero"), str(found.pk)),
        (_("Non dovuto dal"), shown(found.forfeiture.since, "day")),
        (_("Importo"), format_euro(found.amount_cents)),
        (_("Da restituire entro"), shown(found.due_on, "day")),
    ]
    return Step(_("Credito verso una famiglia"), facts, "settlements:claim", found.pk)


def _trace_claim(claim_id: int) -> list[Step]:
    found = Claim.objects.select_related("forfeiture").filter(pk=claim_id).first()
    return [_claim_step(found)] if found else []


def _trace_claim_line(line_id: int) -> list[Step]:
    found = ClaimLine.objects.select_related("claim__forfeiture").filter(pk=line_id).first()
    return [_claim_step(found.claim), *trace_redemption(found.redemption_id)] if found else []


def _trace_allocation(allocation_id: int) -> list[Step]:
    found = Allocation.objects.select_related("pot").filter(pk=allocation_id).first()
    if found is None:
        return []
    facts = [
        (_("Fondo"), found.pot.title),
        (_("Atto"), found.act),
        (_("Data"), shown(found.on, "day")),
        (_("Importo"), format_euro(found.amount_cents)),
    ]
    return [Step(_("Stanziamento"), facts)]


_TRACERS: dict[Kind, Callable[[int], list[Step]]] = {
    Kind.ALLOCATE: _trace_allocation,
    Kind.COMMIT: trace_award,
    Kind.RELEASE: trace_award,
    Kind.ISSUE: trace_voucher,
    Kind.SPEND: trace_redemption,
    Kind.UNSPEND: trace_redemption,
    Kind.LAPSE: _trace_lapse,
    Kind.UNLAPSE: _trace_lapse,
    Kind.RETURN: _trace_lapse,
    Kind.UNRETURN: _trace_lapse,
    Kind.BILL: _trace_statement,
    Kind.UNBILL: _trace_statement,
    Kind.PAY: _trace_payment,
    Kind.RECOVER: _trace_recovery,
    Kind.RESTORE: _trace_recovery,
    Kind.CLAIM: _trace_claim_line,
    Kind.UNCLAIM: _trace_claim_line,
    Kind.COLLECT: _trace_claim,
    Kind.REASSIGN: _trace_claim,
}
