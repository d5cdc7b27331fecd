"""What this context's refusals say, and what to do next."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from piutempo.correspondence.rules import Refusal, TextFault

REFUSALS: dict[Refusal, Promise] = {
    Refusal.UNKNOWN_FIELD: _("Il testo usa un campo che non esiste. Correggilo con uno dei campi elencati a fianco."),
    Refusal.STRAY_BRACE: _(
        "C'è una parentesi graffa fuori posto. Le graffe servono solo per i campi, per esempio {nome}."
    ),
    Refusal.EMPTY_TEXT: _("Manca il testo. Scrivilo e riprova."),
    Refusal.TOO_LONG: _("Il testo è troppo lungo. Accorcialo e riprova."),
    Refusal.CHANGED_MEANWHILE: _(
        "Nel frattempo un'altra persona ha salvato una nuova versione. Il tuo testo è ancora qui sotto: confrontalo con la versione in vigore e salva di nuovo."
    ),
    Refusal.NO_CHANGE: _("Il testo è uguale a quello in vigore: non c'è niente da salvare."),
    Refusal.ALREADY_SIGNED: _("La lettera è già stata firmata: non serve fare altro."),
    Refusal.NOTHING_TO_SIGN: _("Questa lettera non ha bisogno di firma. Scegli fra quelle da firmare."),
    Refusal.NO_SIGNED_FILE: _(
        "Manca il file firmato. Carica il PDF firmato o il file p7m, oppure registra una firma a mano."
    ),
    Refusal.SIGNED_TOO_EARLY: _("La data della firma deve stare fra il giorno della lettera e oggi. Controllala."),
    Refusal.NOT_FAILED: _("Questa lettera non è fra quelle non recapitate: ricarica la pagina e guarda dov'è."),
    Refusal.NOT_PAPER: _("Questa lettera è già partita: ricarica la pagina e guarda dov'è."),
    Refusal.ALREADY_ANSWERED: _(
        "A questo messaggio ha già risposto un'altra persona: ricarica la pagina per leggere la risposta."
    ),
    Refusal.EMPTY_ANSWER: _("Manca la risposta. Scrivila e riprova."),
    Refusal.NO_SEND: _(
        "SEND non è collegato, oppure la lettera non è indirizzata a una persona. Stampala e spediscila."
    ),
    Refusal.NOBODY: _("In questo gruppo non c'è nessuno a cui scrivere. Scegline un altro."),
}


def sentence_for(fault: TextFault) -> str:
    """Return what is wrong in a template's text, with the closest field."""
    if fault.code == Refusal.UNKNOWN_FIELD:
        if fault.hint:
            return _t("Il campo {%(found)s} non esiste. Forse volevi scrivere {%(hint)s}?") % {
                "found": fault.found,
                "hint": fault.hint,
            }
        return _t("Il campo {%(found)s} non esiste. Scegline uno dall'elenco dei campi.") % {"found": fault.found}
    if fault.code == Refusal.STRAY_BRACE:
        return _t("Parentesi graffa fuori posto in «%(found)s». Le graffe servono solo per i campi, come {nome}.") % {
            "found": fault.found
        }
    return str(REFUSALS[fault.code])
