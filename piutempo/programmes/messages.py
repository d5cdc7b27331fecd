"""What we tell somebody whose programme change is refused."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from piutempo.programmes.rules.facts import FACT_BY_NAME
from piutempo.programmes.rules.problems import Problem
from piutempo.programmes.rules.refusals import Refusal
from piutempo.programmes.services import VersionRefused

SENTENCES = {
    Refusal.NOT_HEAD: _(
        "L'ultima versione pubblicata è stata scritta nelle pagine e il file non dice di partire da quella: esportala, riporta lì "
        "le tue modifiche e carica di nuovo."
    ),
    Refusal.WRONG_BASE: _(
        "Il file parte da una versione che non è l'ultima pubblicata: esporta l'ultima, riporta lì le tue modifiche e carica di nuovo."
    ),
    Refusal.NOT_LATER: _(
        "La nuova versione deve valere da un giorno successivo a quello dell'ultima pubblicata: cambia la data di inizio."
    ),
    Refusal.IN_THE_PAST: _("Una versione si pubblica da oggi in avanti: scegli un giorno non ancora passato."),
    Refusal.NOTHING_CHANGED: _(
        "La bozza dice le stesse cose della versione da cui parte: non c'è niente da pubblicare."
    ),
    Refusal.STALE_DRAFT: _(
        "Nel frattempo è stata pubblicata un'altra versione: crea una nuova bozza da quella e riporta lì le modifiche."
    ),
    Refusal.OTHER_SOURCES: _(
        "Le fonti di un fondo già aperto non cambiano: per una nuova ripartizione apri un nuovo fondo con il suo atto."
    ),
    Refusal.BUDGET_SAME_ACT: _("La dotazione cambia solo con un nuovo atto: indica l'atto che stanzia la differenza."),
    Refusal.BUDGET_LOWER: _(
        "La dotazione di un fondo già stanziato non si riduce da qui: rimetti almeno l'importo di prima."
    ),
    Refusal.OVERCOMMITTED: _("È già impegnato più di quanto il nuovo limite permette: alza il limite."),
    Refusal.PUBLISHED: _("Una versione pubblicata non si cambia: crea una bozza."),
    Refusal.OTHER_CODE: _("Il codice del programma non cambia mai: rimetti quello di prima."),
}


def sentence_for(refused: VersionRefused) -> str:
    """Return the Italian sentence, with what is behind it."""
    sentence = str(SENTENCES[refused.code])
    return f"{sentence} {refused.detail}".strip()


def problem_text(problem: Problem) -> str:
    """Return a problem's sentence in the reader's language."""
    text = gettext(problem.text)
    return text % problem.params if problem.params else text


def order_label(entry: str) -> str:
    """Return one step of a stated order (of a waiting list, of a ranking) in Italian."""
    name = entry.removeprefix("-")
    if name == "submitted_at":
        return (
            gettext("la presentazione più recente") if entry.startswith("-") else gettext("la presentazione più antica")
        )
    if name == "number":
        return (
            gettext("il numero di domanda più alto")
            if entry.startswith("-")
            else gettext("il numero di domanda più basso")
        )
    if name == "cut_off":
        return gettext("la graduatoria che viene prima")
    if name == "position":
        return gettext("il posto in graduatoria")
    label = gettext(FACT_BY_NAME[name].label) if name in FACT_BY_NAME else name
    return (
        gettext("%(label)s: prima il valore più alto")
        if entry.startswith("-")
        else gettext("%(label)s: prima il valore più basso")
    ) % {"label": label}
