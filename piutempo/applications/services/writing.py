"""What each letter of a case says: its fields in Italian words, whatever the language of the page that sends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone, translation
from django.utils.formats import date_format

from piutempo.applications.models import Application, Decision, Review
from piutempo.applications.rules import last_review_day
from piutempo.applications.selectors import Assessment
from piutempo.applications.services.judging import SUBJECT, Judged, is_observed
from piutempo.awards.models import Award, AwardStatus
from piutempo.correspondence.services import LetterInput
from piutempo.kernel.money import format_euro
from piutempo.people.models import User
from piutempo.procedures.models import Procedure, Reminder, Step
from piutempo.procedures.selectors import get_laws
from piutempo.programmes.rules.eligibility import MISSING, YES, CriterionOutcome
from piutempo.programmes.rules.terms import Terms


def day_words(day: date) -> str:
    """Return ``20 marzo 2026``."""
    with translation.override("it"):
        return date_format(day, "j F Y").lower()


def month_words(day: date) -> str:
    """Return ``aprile 2026``."""
    with translation.override("it"):
        return date_format(day, "F Y").lower()


def lines_of(sentences: Iterable[str]) -> str:
    """Return sentences as the list of a letter, each on one line."""
    return "\n".join(f"- {' '.join(sentence.split())}" for sentence in sentences)


def reasons_of(assessment: Assessment) -> list[str]:
    """
    Return why the answer is not yes: each deciding criterion's sentence, what was read, and its source.

    Where an officer overruled the rule, the reason is the officer's: the rule's sentence says the contrary.
    """
    return [
        reason_of(c, assessment.overrules[c.code].reason if c.overruled else "")
        for c in assessment.effective.criteria
        if c.is_decisive and c.effective != YES
    ]


def reason_of(criterion: CriterionOutcome, officers: str = "") -> str:
    """Return one reason with the value read and its source; ``officers``: the officer's words instead of the rule's."""
    said = f"{criterion.title}: {officers.rstrip('.')}." if officers else criterion.sentence
    read = f" Abbiamo letto: {criterion.value}." if criterion.value and criterion.effective != MISSING else ""
    return f"{said}{read} Fonte: {criterion.source}."


def request_letter(
    application: Application, step: Step, *, at: datetime, by: User | None, is_history: bool = False
) -> LetterInput:
    """Return the letter of a request for documents, or of a notice before refusal."""
    is_notice = step.kind == "notice"
    fields = case_fields(application, step.procedure) | {"entro": day_words(step.due_on)}
    fields["motivi" if is_notice else "documenti"] = lines_of(step.items)
    kind = "applications.notice" if is_notice else "applications.request"
    return _letter(kind, application, fields, key=str(step.pk), at=at, by=by, is_history=is_history)


def reminder_letter(application: Application, reminder: Reminder, *, at: datetime) -> LetterInput:
    """Return the letter that reminds of a step."""
    step = reminder.step
    fields = case_fields(application, step.procedure) | {
        "entro": day_words(step.due_on),
        "documenti": lines_of(step.items),
    }
    return _letter("applications.reminder", application, fields, key=str(reminder.pk), at=at, by=None)


def review_letter(review: Review, procedure: Procedure, terms: Terms, *, at: datetime, by: User | None) -> LetterInput:
    """Return the answer to a request for a review."""
    application = review.application
    if review.is_reopened:
        outcome = "Abbiamo riaperto la domanda: la decisione di prima resta valida finché non c'è quella nuova."
        then = "Non devi fare nulla: se serve altro ti scriviamo, e ricevi la nuova decisione."
    else:
        outcome = "La decisione resta quella che hai ricevuto."
        then = "Se pensi che sia sbagliata puoi fare ricorso, oppure chiamarci per capire meglio."
    fields = case_fields(application, procedure) | {
        "chiesto": day_words(timezone.localdate(review.asked_at)),
        "esito": outcome,
        "motivo": " ".join(review.answer.split()),
        "seguito": then,
        "ricorso": terms.procedure.appeal,
    }
    return _letter("applications.review", application, fields, key=str(review.pk), at=at, by=by)


def decision_letters(
    pairs: Sequence[tuple[Decision, Judged]], awards: Sequence[Award], *, is_history: bool = False
) -> list[LetterInput]:
    """Return the letter of each decision: what was assigned, or why not, and how to have it looked at again."""
    granted: dict[int, list[Award]] = {}
    for award in awards:
        granted.setdefault(award.application_id, []).append(award)
    letters = []
    for decision, judged in pairs:
        fields = case_fields(judged.application, judged.procedure) | _after(decision, judged.assessment.terms)
        if decision.is_approved:
            fields |= _granted(granted.get(judged.application.pk, []), judged.assessment.terms)
        else:
            note = " ".join(decision.note.split())
            heard = "Abbiamo letto le tue osservazioni. " if is_observed(judged.procedure) else ""
            fields |= {
                "motivi": lines_of(reasons_of(judged.assessment)),
                "osservazioni": f"{heard}{note}".strip(),
            }
        kind = "applications.approval" if decision.is_approved else "applications.refusal"
        letters.append(
            _letter(
                kind,
                judged.application,
                fields,
                key=str(decision.round),
                at=decision.decided_at,
                by=decision.decided_by,
                is_history=is_history,
            )
        )
    return letters


def case_fields(application: Application, procedure: Procedure) -> dict[str, str]:
    """Return the fields that every letter of a case has."""
    day = timezone.localdate(application.submitted_at or application.created_at)
    office = procedure.office or application.programme.title
    return {
        "numero": str(application.number or ""),
        "programma": application.programme.title,
        "presentata": day_words(day),
        "ufficio": office,
        "responsabile": str(procedure.responsible) if procedure.responsible else "l'ufficio",
    }


def _after(decision: Decision, terms: Terms) -> dict[str, str]:
    day = timezone.localdate(decision.decided_at)
    last = day_words(last_review_day(day, terms.procedure.review_days, get_laws()))
    return {
        "decisa": day_words(day),
        "riesame": f"Se pensi che la decisione sia sbagliata puoi chiedere il riesame entro il {last}, gratis.",
        "ricorso": terms.procedure.appeal,
    }


def _granted(awards: Sequence[Award], terms: Terms) -> dict[str, str]:
    titles = {p.code: p.title for p in terms.products}
    lines = [
        f"{titles.get(a.product, a.product)}: {a.months} mensilità da {format_euro(a.month_cents)}, "
        f"da {month_words(a.first_month)}"
        for a in awards
    ]
    if any(a.status == AwardStatus.WAITING for a in awards):
        state = (
            "Per ora il denaro del fondo è finito: sei in lista d'attesa. Quando rientra, le mensilità partono da sole "
            "e ti avvisiamo. Non serve una nuova domanda."
        )
    else:
        state = "Il denaro è già messo da parte per te."
    return {"mensilita": lines_of(lines), "stato": state}


def _letter(
    kind: str,
    application: Application,
    fields: Mapping[str, str],
    *,
    key: str,
    at: datetime,
    by: User | None,
    is_history: bool = False,
) -> LetterInput:
    return LetterInput(
        kind=kind,
        person=application.applicant,
        fields=fields,
        subject=SUBJECT,
        subject_id=application.pk,
        key=key,
        at=at,
        by=by,
        programme_id=application.programme_id,
        is_history=is_history,
    )
