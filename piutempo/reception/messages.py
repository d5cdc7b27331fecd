"""What reception's refusals say, and what to do next."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from piutempo.reception.rules import Refusal

SENTENCES: dict[Refusal, Promise] = {
    Refusal.HOURS_ORDER: _("L'orario di chiusura deve venire dopo quello di apertura."),
    Refusal.HOURS_SLOT: _(
        "Ogni appuntamento dura da 5 a 240 minuti e deve stare nell'orario; si ricevono da 1 a 50 persone per volta."
    ),
    Refusal.HOURS_OVERLAP: _(
        "Per quel giorno c'è già un orario che si sovrappone: chiudi prima quello, oppure cambia le ore o le date."
    ),
    Refusal.PERIOD: _("La fine deve venire dopo l'inizio: controlla le date."),
    Refusal.NO_SLOT: _("A quell'ora lo sportello non riceve: scegli uno degli orari liberi."),
    Refusal.SLOT_PAST: _("Quell'ora è già passata: scegli uno degli orari liberi."),
    Refusal.SLOT_FULL: _("Quell'orario è appena stato preso da altri: scegline uno libero."),
    Refusal.ALREADY_BOOKED: _("C'è già un appuntamento in questo sportello: spostalo o annullalo, non serve un altro."),
    Refusal.NOT_OPEN: _("Questo appuntamento non si può più cambiare: è passato, oppure è stato annullato."),
    Refusal.NAME_MISSING: _("Scrivi il nome di chi viene."),
    Refusal.OPEN_TICKET: _("Questa persona ha già un numero per oggi: aspetta che sia chiamata."),
    Refusal.OTHER_DAY: _("L'appuntamento non è di oggi: controlla la data."),
    Refusal.DAY_CLOSED: _("La giornata è già chiusa: da domani si ricomincia dal numero 1."),
    Refusal.NOBODY_WAITING: _("Non aspetta nessuno."),
    Refusal.NOT_CALLED: _("Questo numero non è stato chiamato, oppure la visita è già finita: ricarica la pagina."),
    Refusal.BEING_SERVED: _("C'è ancora qualcuno allo sportello: registra prima come è andata la visita."),
    Refusal.NOT_TODAY: _("Si può chiudere soltanto la giornata di oggi o una passata."),
}


def sentence_for(code: Refusal) -> str:
    """Return the sentence of a refusal."""
    return str(SENTENCES[code])
