"""Italian sentences of procedures: the clock explained, and what to do after a refusal."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from piutempo.procedures.rules.clock import ClockView, Line, LineCode
from piutempo.procedures.rules.refusals import Refusal

SENTENCES = {
    Refusal.PROCEDURE_CLOSED: _l("Il procedimento è concluso: per cambiare qualcosa serve un riesame."),
    Refusal.PROCEDURE_OPEN: _l("Il procedimento è ancora in corso: si riapre soltanto dopo la decisione."),
    Refusal.NOTICE_NEEDED: _l(
        "Prima di respingere serve il preavviso: scrivi alla famiglia i motivi e aspetta le sue osservazioni."
    ),
    Refusal.NOTICE_RUNNING: _l(
        "La famiglia ha ancora tempo per rispondere al preavviso: la decisione si firma il giorno dopo la scadenza."
    ),
    Refusal.REQUEST_RUNNING: _l(
        "La famiglia ha ancora tempo per mandare i documenti chiesti: aspetta la risposta o la scadenza."
    ),
    Refusal.NOTHING_ASKED: _l("Scrivi almeno un documento o un dato che manca."),
    Refusal.NO_GROUNDS: _l("Scrivi almeno un motivo: la famiglia deve poter rispondere."),
    Refusal.WRONG_DAYS: _l("Indica i giorni: per una richiesta di documenti da 1 a 30."),
    Refusal.EMPTY_ANSWER: _l("Scrivi una risposta o allega un documento."),
    Refusal.NOT_TO_BE_ANSWERED: _l("A questo passaggio non si risponde: torna alla tua domanda."),
    Refusal.STEP_CLOSED: _l("Questo passaggio è chiuso: ricarica la pagina per vedere a che punto è la domanda."),
    Refusal.BEFORE_SENDING: _l("La data non può venire prima dell'invio né dopo oggi: correggila."),
}

LINES = {
    LineCode.STARTED: _l("Il conto parte dal %(day)s: da allora l'ufficio ha %(days)s giorni."),
    LineCode.REQUEST_SENT: _l(
        "Il %(day)s l'ufficio ha chiesto documenti. C'è tempo fino al %(due)s. Il conto dei giorni è fermo e riprende "
        "al più tardi il %(end)s."
    ),
    LineCode.REQUEST_SENT_AGAIN: _l(
        "Il %(day)s l'ufficio ha chiesto altri documenti, entro il %(due)s. Il conto si ferma una volta sola: questa "
        "volta va avanti."
    ),
    LineCode.REQUEST_OVER: _l(
        "Il %(day)s l'ufficio ha chiesto documenti. Il conto dei giorni è rimasto fermo fino al %(end)s."
    ),
    LineCode.NOTICE_SENT: _l(
        "Il %(day)s l'ufficio ha scritto perché pensa di dire di no. C'è tempo per rispondere fino al %(due)s. Il conto "
        "dei giorni è fermo."
    ),
    LineCode.NOTICE_SENT_AGAIN: _l(
        "Il %(day)s l'ufficio ha mandato un altro preavviso, con risposta entro il %(due)s. Il conto dei giorni va avanti."
    ),
    LineCode.NOTICE_TAKEN_BACK: _l(
        "Il %(day)s l'ufficio ha mandato un preavviso e il %(end)s lo ha ritirato. In quei giorni il conto era fermo."
    ),
    LineCode.NOTICE_SUSPENDED: _l(
        "Il %(day)s l'ufficio ha mandato un preavviso. Il conto si è fermato e dal %(end)s riprende da dove era."
    ),
    LineCode.NOTICE_INTERRUPTED: _l(
        "Il %(day)s l'ufficio ha mandato un preavviso. Il conto si è fermato e dal %(end)s riparte da capo."
    ),
    LineCode.TOO_LATE_TO_STOP: _l("Il %(day)s il termine era già passato: il conto non si può più fermare."),
    LineCode.DUE: _l("L'ufficio deve decidere entro il %(day)s."),
}


def line_sentence(line: Line) -> str:
    """Return one line of the explanation, dates as 31/12/2026."""
    shown = {key: date_format(v, "d/m/Y") if isinstance(v, date) else v for key, v in line.values}
    return str(LINES[line.code]) % shown


def clock_lines(clock: ClockView) -> list[str]:
    """Return the explanation of the clock, in order."""
    return [line_sentence(line) for line in clock.lines]


def clock_sentence(clock: ClockView) -> str:
    """Return in one sentence how the clock stands."""
    if clock.is_late:
        late = -clock.days_left
        return ngettext("In ritardo di %(days)s giorno.", "In ritardo di %(days)s giorni.", late) % {"days": late}
    shown = {"days": clock.days_left, "due": date_format(clock.due_on, "d/m/Y")}
    if clock.is_paused and clock.resumes_on:
        shown["resumes"] = date_format(clock.resumes_on, "d/m/Y")
        return _("Conto fermo fino al %(resumes)s; poi restano %(days)s giorni, fino al %(due)s.") % shown
    return (
        ngettext(
            "Resta %(days)s giorno, fino al %(due)s.", "Restano %(days)s giorni, fino al %(due)s.", clock.days_left
        )
        % shown
    )
