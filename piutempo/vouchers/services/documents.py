"""What a family keeps in hand: the carnet of titles and the letter of assignment, frozen when first asked for."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from piutempo.awards.models import Award, AwardStatus
from piutempo.correspondence.services import letterhead, qr_svg
from piutempo.kernel.codes import title_code
from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.network.models import Desk
from piutempo.people.models import User
from piutempo.programmes.rules.terms import Product, Terms
from piutempo.programmes.selectors import get_terms
from piutempo.records.models import Document
from piutempo.records.services import freeze_document
from piutempo.vouchers.models import Form, Voucher


class NothingAssigned(ValueError):
    """The award waits for money or left the list: there is nothing to write a letter about."""


def get_carnet(*, voucher: Voucher, at: datetime, by: User | None) -> Document:
    """
    Return the voucher's carnet, frozen at the first request.

    An extension of the expiry makes another document, with the new date; a re-issue is another voucher and has its own,
    with only the titles that may still be spent.
    """
    terms = get_terms(voucher.award.version_id)
    kind = "carnet"
    if voucher.valid_until != voucher.original_valid_until:
        kind = f"carnet-{voucher.valid_until.isoformat()}"
    with translation.override("it"):
        data = carnet_data(voucher=voucher, terms=terms, at=at)
        return freeze_document(
            kind=kind,
            template="vouchers/carnet.typ",
            subject="vouchers.Voucher",
            subject_id=voucher.pk,
            title=data["title"],
            data=data,
            at=at,
            by_id=by.pk if by else None,
        )


def get_assignment_letter(*, award: Award, at: datetime, by: User | None) -> Document:
    """
    Return the letter of assignment of an award, frozen at the first request.

    :raises NothingAssigned: no money is committed to the award
    """
    if award.status not in {AwardStatus.COMMITTED, AwardStatus.SUSPENDED, AwardStatus.ENDED}:
        raise NothingAssigned(f"award {award.pk} is {award.status}")
    with translation.override("it"):
        data = assignment_data(award=award, terms=get_terms(award.version_id), at=at)
        return freeze_document(
            kind="assignment",
            template="vouchers/assignment.typ",
            subject="awards.Award",
            subject_id=award.pk,
            title=data["title"],
            data=data,
            at=at,
            by_id=by.pk if by else None,
        )


def carnet_data(*, voucher: Voucher, terms: Terms, at: datetime) -> dict[str, Any]:
    """Return what a carnet says: letterhead, holder, month, expiry, terms, wording, titles."""
    product = terms.product(voucher.product)
    month, expiry = _month(voucher.month), _last_day(voucher.valid_until)
    titles = [_title(voucher, index) for index in range(1, voucher.title_count + 1) if not _is_gone(voucher, index)]
    serials = [title["serial"] for title in titles]
    face = format_euro(voucher.face_cents)
    is_balance = voucher.form == Form.BALANCE
    return {
        "title": _("Carnet di buoni servizi, %(month)s") % {"month": month},
        "letterhead": letterhead(at=at),
        "programme": terms.title,
        "holder": str(voucher.holder),
        "month": month,
        "expiry": expiry,
        "wording": product.wording,
        "instructions": _(
            "Ritaglia un titolo alla volta e consegnalo all’operatore quando ricevi il servizio: l’operatore scrive la "
            "data, mette timbro e firma e registra il codice. Un titolo smarrito si può bloccare: chiama subito il "
            "numero qui sotto."
        )
        if not is_balance
        else _(
            "Mostra il buono all’operatore quando ricevi il servizio: l’operatore registra il codice e l’importo "
            "usato. Il resto rimane sul buono fino alla scadenza. Se lo perdi chiama subito il numero qui sotto."
        ),
        "terms": [
            [_("Titolare"), str(voucher.holder)],
            [_("Codice fiscale"), voucher.holder.fiscal_code],
            [_("Mese"), month.capitalize()],
            [_("Valore complessivo"), format_euro(voucher.face_cents * len(titles))],
            [_("Titoli"), f"{len(titles)} × {face}"],
            [_("Numeri di serie"), _range(serials)],
            [_("Si possono usare dal"), _day(voucher.valid_from)],
            [_("Scadenza (ultimo giorno utile)"), expiry],
            [_("Prodotto"), product.title],
        ],
        "titles": titles,
    }


def assignment_data(*, award: Award, terms: Terms, at: datetime) -> dict[str, Any]:
    """Return what the letter of assignment says: letterhead, addressee, subject, opening, months, sections."""
    product = terms.product(award.product)
    first = Month.of(award.first_month)
    due = [first + n for n in range(award.months - award.months_released)]
    person = award.beneficiary
    place = person.municipality
    desk = Desk.objects.select_related("municipality").filter(pk=award.desk_id or 0).first()
    services = [s.title for s in terms.services if s.network == product.network]
    return {
        "title": _("Lettera di assegnazione"),
        "letterhead": letterhead(at=at),
        "programme": terms.title,
        "addressee": [row for row in (str(person), person.address, str(place) if place else "") if row],
        "subject": _("%(product)s: le mensilità che ti spettano e come usarle") % {"product": product.title},
        "opening": [
            _("Gentile %(name)s,") % {"name": person},
            ngettext(
                "la tua domanda è stata accolta. "
                "Ti spetta %(count)s mensilità da %(amount)s, per un totale di %(total)s.",
                "la tua domanda è stata accolta. "
                "Ti spettano %(count)s mensilità da %(amount)s, per un totale di %(total)s.",
                len(due),
            )
            % {
                "count": len(due),
                "amount": format_euro(award.month_cents),
                "total": format_euro(award.month_cents * len(due)),
            },
            _carnet_sentence(product),
        ],
        "columns": [_("Mese"), _("Importo"), _("Si può usare fino al")],
        "months": [
            [_month(m.first).capitalize(), format_euro(award.month_cents), _last_day(_valid_until(product, m))]
            for m in due
        ],
        "sections": [
            {"title": _("Come si usano"), "items": _how_to_use(product)},
            {
                "title": _("Dove si ritirano e dove si spendono"),
                "items": [
                    _collection(desk),
                    _(
                        "Si spendono solo presso le sedi accreditate. L’elenco, per comune e per servizio, è su "
                        "%(site)s/dove-spendere/ e si può chiedere al telefono."
                    )
                    % {"site": settings.SITE_URL},
                    _("Servizi ammessi: %(services)s.") % {"services": "; ".join(services)},
                ],
            },
        ],
    }


def _carnet_sentence(product: Product) -> str:
    if product.form == Form.BALANCE:
        return _("Ogni mese ricevi un buono da %(face)s, che puoi usare un po’ alla volta.") % {
            "face": format_euro(product.face_cents)
        }
    return _("Ogni mese ricevi un carnet di %(count)s titoli da %(face)s.") % {
        "count": product.title_count,
        "face": format_euro(product.face_cents),
    }


def _how_to_use(product: Product) -> list[str]:
    return [
        _("Prima di prenotare chiedi alla sede se è accreditata e quanti titoli servono per il servizio."),
        _("Consegna i titoli solo dopo aver ricevuto il servizio, per la persona di cui ti prendi cura.")
        if product.form == Form.TITLES
        else _("Mostra il buono solo dopo aver ricevuto il servizio, per la persona di cui ti prendi cura."),
        _("Usa i buoni entro la scadenza: dopo quel giorno non valgono più e la somma rientra nel fondo."),
        product.wording,
        _(
            "Se perdi un carnet avvisa subito lo sportello o chiama: i titoli non ancora usati si bloccano e si "
            "sostituiscono."
        ),
    ]


def _collection(desk: Desk | None) -> str:
    if desk is None:
        return _("Lo sportello presso cui ritirarli ti sarà indicato: puoi chiederlo anche al telefono.")
    where = ", ".join(part for part in (desk.name, desk.address, str(desk.municipality)) if part)
    return _("Ogni mese si ritirano presso %(desk)s, con un documento di identità.") % {"desk": where}


def _title(voucher: Voucher, index: int) -> dict[str, str]:
    code = title_code(voucher.code, index, settings.CODE_KEY)
    return {
        "label": _("Titolo %(index)s di %(count)s") % {"index": index, "count": voucher.title_count},
        "serial": str(voucher.first_serial + index - 1),
        "code": code,
        "value": format_euro(voucher.face_cents),
        "qr": qr_svg(code.replace("-", "")),
    }


def _is_gone(voucher: Voucher, index: int) -> bool:
    """Tell whether a title was replaced, or, in a re-issue, already spent. A first carnet is printed whole."""
    bit = 1 << (index - 1)
    return bool(voucher.void & bit) or (voucher.replacement > 0 and bool(voucher.spent & bit))


def _valid_until(product: Product, month: Month) -> date:
    """Return the exclusive end of a month's voucher as the terms say it today; an extension may move it later."""
    end = (month + product.valid_months).first
    return min(end, product.valid_until_at_most) if product.valid_until_at_most else end


def _range(serials: list[str]) -> str:
    return f"{serials[0]} – {serials[-1]}" if serials else "–"


def _month(day: date) -> str:
    return date_format(day, "F Y").lower()


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _last_day(end: date) -> str:
    """Write an exclusive end as the last useful day."""
    return _day(end - timedelta(days=1))
