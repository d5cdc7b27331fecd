"""What happens to requests at their submission: conflicts, the procedure's clock, protocol and receipt. One or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.applications.letters import RECEIPT
from piutempo.applications.models import Application, Channel, Conflict, EvidenceWay
from piutempo.applications.rules.evidence import Proof, hash_of_request
from piutempo.applications.rules.ranking import compared_from
from piutempo.applications.selectors.conflicts import find_conflicts
from piutempo.correspondence.services import LetterInput, send_letters
from piutempo.people.models import User
from piutempo.procedures.services import Opening, open_procedures
from piutempo.programmes.rules.terms import Terms
from piutempo.records.models import Direction
from piutempo.records.services import EntryInput, register_entries

SUBJECT = "applications.application"


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it comes in: it has its household, applicant, programme and desk at hand; the number comes later."""

    application: Application
    terms: Terms
    proofs: Sequence[Proof]
    at: datetime
    by: User | None

    @property
    def day(self) -> date:
        """The day of submission, in Rome."""
        return timezone.localdate(self.at)

    @property
    def term_starts_on(self) -> date:
        """The day from which the office has its term: of submission, or of its cut-off where a ranking decides."""
        if self.terms.procedure.allocation != "ranking":
            return self.day
        return timezone.localdate(compared_from(self.terms.ranking, self.at))

    @property
    def sha256(self) -> str:
        """The hash of what the family handed in: facts and evidence."""
        return hash_of_request(self.application.facts_hash, self.proofs)


def look_for_conflicts(items: Sequence[Received]) -> list[Conflict]:
    """Store what an officer has to look at: the same family twice, a person in two families, a benefit twice."""
    found = find_conflicts(
        [i.application for i in items],
        terms_of={i.application.pk: i.terms for i in items},
        on={i.application.pk: i.day for i in items},
    )
    at = {i.application.pk: i.at for i in items}
    rows = [
        Conflict(
            application_id=pk,
            kind=conflict.kind,
            other_id=conflict.other_id,
            person_id=conflict.person_id,
            data=dict(conflict.data),
            found_at=at[pk],
        )
        for pk, conflicts in found.items()
        for conflict in conflicts
    ]
    return Conflict.objects.bulk_create(rows, batch_size=500) if rows else []


def open_clocks(items: Sequence[Received]) -> None:
    """Start the legal clock of each request, on the day its term starts."""
    open_procedures([opening_of(i) for i in items])


def opening_of(item: Received) -> Opening:
    """Return the procedure that a request opens."""
    return Opening(
        subject=SUBJECT,
        subject_id=item.application.pk,
        programme=item.application.programme,
        term_days=item.terms.procedure.term_days,
        office=item.terms.procedure.office or settings.BODY_NAME,
        at=item.at,
        by=item.by,
        started_on=item.term_starts_on,
    )


def give_receipts(items: Sequence[Received], *, is_history: bool = False) -> None:
    """
    Take a number of the register for each request, then freeze and send its receipt. Nothing is typeset.

    Call it last in the transaction: the register's counter is locked until it ends. ``is_history``: it happened in the
    past (a replay), so nothing leaves now.
    """
    entries = register_entries(
        [
            EntryInput(
                direction=Direction.IN,
                title=_("Domanda n. %(number)s, %(programme)s")
                % {"number": i.application.number, "programme": i.terms.title},
                correspondent=str(i.application.applicant),
                subject=SUBJECT,
                subject_id=i.application.pk,
                sha256=i.sha256,
                at=i.at,
                by_id=i.by.pk if i.by else None,
            )
            for i in items
        ]
    )
    with translation.override("it"):
        letters = [
            LetterInput(
                kind=RECEIPT.code,
                person=i.application.applicant,
                fields=_fields(i, str(entry)),
                subject=SUBJECT,
                subject_id=i.application.pk,
                programme_id=i.application.programme_id,
                at=i.at,
                by=i.by,
                register=False,
                is_history=is_history,
            )
            for i, entry in zip(items, entries, strict=True)
        ]
        send_letters(letters)


def shown_instant(at: datetime) -> str:
    """Return an instant as a receipt says it, to the second."""
    local = timezone.localtime(at)
    return f"{shown_day(local.date())} {_('alle')} {local:%H:%M:%S}"


def shown_day(day: date) -> str:
    """Return a day as a letter says it."""
    return str(date_format(day, "j F Y")).lower()


def list_lines(proofs: Sequence[Proof], terms: Terms) -> list[str]:
    """Return the evidence in words, one line for each criterion."""
    titles = {c.code: c.title for c in terms.eligibility.criteria}
    lines = []
    for proof in proofs:
        way = str(EvidenceWay(proof.way).label)
        if proof.files:
            way = _("%(n)s file allegati") % {"n": len(proof.files)} if len(proof.files) > 1 else _("un file allegato")
        lines.append(f"{titles.get(proof.code, proof.code)}: {way}")
    return lines


def _fields(item: Received, protocol: str) -> Mapping[str, str]:
    application, procedure = item.application, item.terms.procedure
    lines = list_lines(item.proofs, item.terms)
    return {
        "programma": item.terms.title,
        "numero": str(application.number),
        "codice_fiscale": application.applicant.fiscal_code,
        "presentata": shown_instant(item.at),
        "come": _how(application),
        "protocollo": protocol,
        "impronta": item.sha256,
        "ufficio": procedure.office or settings.BODY_NAME,
        "chi_risponde": _("chi dirige l'ufficio, finché la domanda non è affidata a una persona"),
        "termine": _deadline(item),
        "giorni": str(procedure.term_days),
        "prove": "\n".join(f"- {line}" for line in lines)
        or _("Nessuna prova allegata: se ne serve una, te la chiediamo noi."),
    }


def _deadline(item: Received) -> str:
    day = shown_day(item.term_starts_on + timedelta(days=item.terms.procedure.term_days))
    if item.term_starts_on == item.day:
        return day
    words = _("%(day)s (il conto parte quando si chiude la graduatoria, il %(start)s)")
    return words % {"day": day, "start": shown_day(item.term_starts_on)}


def _how(application: Application) -> str:
    if application.desk is None:
        return _("in rete")
    words = (
        _("su carta, allo sportello «%(desk)s»")
        if application.channel == Channel.PAPER
        else _("con l'aiuto di «%(desk)s»")
    )
    return words % {"desk": application.desk.name}
