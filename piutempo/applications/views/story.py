"""An application in plain words: where it stands, and what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from piutempo.applications.models import Application, Decision, Status
from piutempo.awards.models import Award, AwardStatus
from piutempo.kernel.periods import Month
from piutempo.programmes.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class MonthsView:
    """The months of one award, as a family reads them."""

    title: str
    state: str
    tag: str
    months: int
    first_month: date
    last_month: date | None
    month_cents: int


@dataclass(frozen=True, slots=True)
class Story:
    """What a page says of one application. ``tag`` is good, bad, waiting or plain."""

    application: Application
    tag: str
    state: str
    now: str
    then: str
    months: tuple[MonthsView, ...]


def story_of(
    application: Application, *, decision: Decision | None, awards: Sequence[Award], terms: Terms | None
) -> Story:
    """Return one application in plain words."""
    tag, now, then = _words(application, awards)
    titles = {p.code: p.title for p in terms.products} if terms else {}
    return Story(
        application=application,
        tag=tag,
        state=str(application.get_status_display()),
        now=now,
        then=then,
        months=tuple(_months_of(a, titles) for a in awards if a.status != AwardStatus.DROPPED),
    )


def _words(application: Application, awards: Sequence[Award]) -> tuple[str, str, str]:
    match application.status:
        case Status.DRAFT:
            return (
                "waiting",
                _("La domanda è una bozza: l'ufficio non la vede ancora."),
                _("Completa i passi e presentala: quello che hai scritto è salvato."),
            )
        case Status.SUBMITTED:
            return (
                "waiting",
                _("La domanda è stata presentata: l'ufficio la sta esaminando."),
                _("Non devi fare nulla. Se manca un documento ti contatta l'ufficio; la decisione compare qui."),
            )
        case Status.APPROVED if any(a.status == AwardStatus.WAITING for a in awards):
            return (
                "waiting",
                _("La domanda è approvata, ma il fondo per ora è esaurito: sei in lista d'attesa."),
                _("Quando rientra denaro ricevi le mensilità, senza una nuova domanda."),
            )
        case Status.APPROVED:
            return (
                "good",
                _("La domanda è approvata: hai diritto ai buoni."),
                _("Ogni mese l'ufficio emette i buoni; li ritiri allo sportello e li spendi nelle sedi accreditate."),
            )
        case Status.REFUSED:
            return (
                "bad",
                _("La domanda è stata respinta."),
                _("Apri la domanda per leggere i motivi, uno per uno. Se la situazione cambia puoi farne un'altra."),
            )
    return (
        "plain",
        _("La domanda è stata ritirata."),
        _("Puoi presentarne un'altra finché il periodo per fare domanda è aperto."),
    )


def _months_of(award: Award, titles: dict[str, str]) -> MonthsView:
    booked = award.months - award.months_released
    first = Month.of(award.first_month)
    tag = {AwardStatus.COMMITTED: "good", AwardStatus.WAITING: "waiting"}.get(AwardStatus(award.status), "plain")
    return MonthsView(
        title=titles.get(award.product, award.product),
        state=str(award.get_status_display()),
        tag=tag,
        months=booked,
        first_month=award.first_month,
        last_month=(first + (booked - 1)).first if booked else None,
        month_cents=award.month_cents,
    )
