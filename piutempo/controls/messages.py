"""Italian sentences for what this context refuses, and names for what happened."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.controls.rules.checking import Refusal

REFUSALS: dict[Refusal, Promise] = {
    Refusal.NO_RISK_CLASSES: _(
        "Il programma non ha classi di rischio: aggiungile nella sezione «checks» di una nuova versione, poi estrai."
    ),
    Refusal.WRONG_PERIOD: _("Il periodo finisce prima di cominciare: controlla le due date."),
    Refusal.OVERLAPS: _(
        "Per una parte di questi giorni c'è già un campione: ogni domanda entra in un solo campione. Scegli un altro periodo."
    ),
    Refusal.NO_SEED: _("Scrivi sia il numero sorteggiato in pubblico sia dove si può controllare."),
    Refusal.PERIOD_NOT_OVER: _(
        "Il periodo non è ancora finito: il campione si estrae dal giorno dopo, quando la popolazione è completa."
    ),
    Refusal.NO_POPULATION: _(
        "Nel periodo non ci sono domande da controllare: contano quelle presentate, in attesa o approvate."
    ),
    Refusal.NO_REASON: _("Scrivi il motivo: resta nella storia del controllo."),
    Refusal.ALREADY_OPEN: _("Questa domanda è già sotto controllo: continua quello aperto."),
    Refusal.NOT_CHECKABLE: _("Si controllano le domande in attesa di decisione o approvate: questa non lo è."),
    Refusal.DECIDED_BY_YOU: _("Hai deciso tu questa domanda: il controllo spetta a un'altra persona dell'ufficio."),
    Refusal.NOT_YOURS: _("Il controllo è di un'altra persona o di nessuno: prendilo in carico, poi continua."),
    Refusal.CLOSED: _("Il controllo è chiuso e non cambia più."),
    Refusal.TAKEN: _("Il controllo è già in carico a un'altra persona: chiedile di rimetterlo a disposizione."),
    Refusal.WRONG_ITEM: _("Questa voce o questo esito non esiste nell'elenco: ricarica la pagina."),
    Refusal.ITEMS_LEFT: _("Restano voci da verificare: completa l'elenco, poi continua."),
    Refusal.ITEM_FAILED: _(
        "Una voce non è in regola: manda il rilievo alla famiglia, oppure rivedi la voce se è stata chiarita."
    ),
    Refusal.NOTHING_FAILED: _("Tutte le voci sono in regola: il controllo si chiude come regolare."),
    Refusal.FINDING_NEEDED: _("Prima la famiglia deve poter rispondere: mandale il rilievo."),
    Refusal.FAMILY_DAYS_RUNNING: _(
        "I giorni della famiglia per rispondere non sono finiti: si decide quando risponde o dal giorno dopo il termine."
    ),
    Refusal.LETTER_NOT_SENT: _(
        "La lettera con il rilievo non è ancora partita: spediscila dalle lettere e segna il giorno. I giorni della "
        "famiglia corrono da lì."
    ),
    Refusal.NO_FINDING: _("L'ufficio non ha chiesto nulla per questo controllo: non serve rispondere."),
    Refusal.SIGN_PENDING: _("L'esito è proposto e aspetta la firma: si cambia soltanto se viene rimandato indietro."),
    Refusal.NOTHING_TO_SIGN: _("Non c'è un esito da firmare: ricarica la pagina."),
    Refusal.SAME_PERSON: _("Chi ha svolto il controllo non firma il suo esito: serve un'altra persona."),
    Refusal.WRONG_STEP: _("Scegli uno degli esiti dell'elenco."),
}


def event_label(name: str) -> str:
    """Return what an event of a check is called in its history."""
    labels = {
        "controls.check_opened": _t("Controllo aperto"),
        "controls.check_taken": _t("Preso in carico"),
        "controls.check_released": _t("Rimesso a disposizione"),
        "controls.facts_read": _t("Aperti i dati dichiarati"),
        "controls.file_read": _t("Aperto un file"),
        "controls.item_answered": _t("Verificata una voce"),
        "controls.finding_sent": _t("Rilievo mandato alla famiglia"),
        "controls.reminded": _t("Promemoria alla famiglia"),
        "controls.answered": _t("Risposta della famiglia"),
        "controls.outcome_proposed": _t("Esito proposto alla firma"),
        "controls.proposal_returned": _t("Esito rimandato indietro"),
        "controls.check_closed": _t("Controllo chiuso"),
        "controls.forfeiture_opened": _t("Avviato il procedimento di decadenza"),
        "controls.check_lapsed": _t("Chiuso senza conseguenze: termine dell'ufficio scaduto"),
    }
    return labels.get(name, name)
