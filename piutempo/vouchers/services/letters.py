"""Writing the family about its benefit: the words of the fields, in plain Italian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from piutempo.applications.models import Application, Change, ChangeKind
from piutempo.applications.selectors.changes import ChangeAssessment
from piutempo.awards.models import Suspension, SuspensionReason
from piutempo.correspondence.services import send_letter
from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.people.models import User
from piutempo.vouchers import letters

SUBJECT = "applications.application"


def month_words(month: str | date) -> str:
    """Return a month as an Italian reads it: ``settembre 2026``."""
    return date_format(Month.parse(month).first if isinstance(month, str) else month, "F Y").lower()


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def effect_sentence(line: Mapping[str, Any]) -> str:
    """Return one line of a change's effect in words."""
    cents = line["cents"]
    money = _("nessuna differenza in euro")
    if cents:
        amount = format_euro(abs(cents))
        money = (
            _("%(amount)s in più") % {"amount": amount} if cents > 0 else _("%(amount)s in meno") % {"amount": amount}
        )
    text = _("%(title)s: da %(month)s le mensilità da emettere passano da %(before)s a %(after)s (%(money)s)") % {
        "title": line["title"],
        "month": month_words(line["since"]),
        "before": line["months_before"],
        "after": line["months_after"],
        "money": money,
    }
    if line["months_before"] == line["months_after"]:
        text = _("%(title)s: le mensilità da emettere restano %(n)s") % {
            "title": line["title"],
            "n": line["months_after"],
        }
    if line["waiting"]:
        text += ngettext("; %(n)s è in lista d'attesa", "; %(n)s sono in lista d'attesa", line["waiting"]) % {
            "n": line["waiting"]
        }
    if line["untouched"]:
        text += ngettext(
            "; %(n)s mensilità ha già il buono e non si tocca",
            "; %(n)s mensilità hanno già il buono e non si toccano",
            line["untouched"],
        ) % {"n": line["untouched"]}
    return text


def reasons_of(assessment: ChangeAssessment) -> list[str]:
    """Return the sentences of the criteria that the change turns; without any, those that decide."""
    turned = {code for code, _before, _after in assessment.change.changed}
    after = assessment.change.after.criteria
    chosen = [c for c in after if c.code in turned] or [c for c in after if c.is_decisive]
    return [c.sentence for c in chosen]


def _send(
    kind: str,
    application: Application,
    fields: Mapping[str, str],
    key: str,
    at: datetime,
    by: User | None,
) -> None:
    send_letter(
        kind=kind,
        person=application.applicant,
        fields={"numero": str(application.number), "programma": application.programme.title} | dict(fields),
        subject=SUBJECT,
        subject_id=application.pk,
        key=key,
        at=at,
        by=by,
        programme_id=application.programme_id,
    )


def send_change_letter(
    *, change: Change, assessment: ChangeAssessment, effect: Sequence[Mapping[str, Any]], at: datetime, by: User | None
) -> None:
    """Write what a change does and why."""
    fields = {
        "cambiamento": str(ChangeKind(change.kind).label),
        "giorno": date_format(change.happened_on, "j F Y").lower(),
        "effetto": _bullets([effect_sentence(line) for line in effect]),
        "motivi": _bullets(reasons_of(assessment)),
        "ricorso": assessment.terms.procedure.appeal or _("Puoi chiedere all'ufficio di riguardare la decisione."),
    }
    _send(letters.CHANGE.code, change.application, fields, str(change.pk), at, by)


def send_refused_change_letter(*, change: Change, at: datetime, by: User | None) -> None:
    """Write why a change has no effect."""
    fields = {
        "cambiamento": str(ChangeKind(change.kind).label),
        "giorno": date_format(change.happened_on, "j F Y").lower(),
        "motivo": change.reason,
    }
    _send(letters.CHANGE_REFUSED.code, change.application, fields, str(change.pk), at, by)


def period_words(suspension: Suspension) -> str:
    """Return a suspension's period in words; its end is the month in which issuance goes on."""
    since = month_words(suspension.since)
    if suspension.until is None:
        return _("da %(since)s, fino alla ripresa") % {"since": since}
    return _("da %(since)s; riprendono da %(until)s") % {"since": since, "until": month_words(suspension.until)}


def moved_sentence(line: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return what a suspension does to one product."""
    moved, returned = line["moved"], line["returned"]
    text = ngettext(
        "%(title)s: %(n)s mensilità è rimandata, non persa",
        "%(title)s: %(n)s mensilità sono rimandate, non perse",
        moved,
    ) % {"title": titles.get(line["product"], line["product"]), "n": moved}
    if returned:
        text += "; " + ngettext(
            "%(n)s torna nel fondo perché cadrebbe dopo la fine del programma o dei buoni",
            "%(n)s tornano nel fondo perché cadrebbero dopo la fine del programma o dei buoni",
            returned,
        ) % {"n": returned}
    return text


def send_suspension_letter(
    *, application: Application, suspension: Suspension, titles: Mapping[str, str], at: datetime, by: User | None
) -> None:
    """Write that months are suspended, why, and what happens to vouchers already issued."""
    fields = {
        "periodo": period_words(suspension),
        "motivo": f"{SuspensionReason(suspension.reason).label}: {suspension.text}",
        "effetto": _bullets([moved_sentence(line, titles) for line in suspension.effect])
        or _("Nessuna mensilità da emettere cade in quel periodo."),
        "buoni": _("I buoni già emessi per quei mesi sono bloccati fino alla ripresa.")
        if suspension.blocked
        else _("I buoni già emessi restano validi fino alla loro scadenza."),
    }
    _send(letters.SUSPENSION.code, application, fields, str(suspension.pk), at, by)


def send_resumption_letter(*, application: Application, suspension: Suspension, at: datetime, by: User | None) -> None:
    """Write that issuance goes on."""
    first = suspension.resumed_from or suspension.since
    fields = {"da": month_words(first), "motivo": suspension.resume_text}
    _send(letters.RESUMPTION.code, application, fields, str(suspension.pk), at, by)


def send_renunciation_letter(
    *, application: Application, reason: str, gives_back: bool, at: datetime, by: User | None
) -> None:
    """Confirm a renunciation; ``gives_back``: of the unspent vouchers too."""
    fields = {
        "giorno": date_format(timezone.localdate(at), "j F Y").lower(),
        "motivo": reason,
        "titoli": _("Anche i titoli che non hai speso tornano nel fondo e non si possono più usare.")
        if gives_back
        else _("I buoni che hai già restano tuoi fino alla scadenza."),
    }
    _send(letters.RENUNCIATION.code, application, fields, "", at, by)
