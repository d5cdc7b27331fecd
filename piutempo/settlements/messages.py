"""Italian sentences for what a settlement refuses, and what to do next."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from piutempo.settlements.rules import Exclusion
from piutempo.settlements.services import Refusal

REFUSALS: dict[Refusal, Promise] = {
    Refusal.FUTURE_MONTH: _("Il mese scelto non è ancora iniziato. Scegli un mese in corso o già concluso."),
    Refusal.SAME_PERSON: _(
        "Chi predispone un rendiconto non può approvarlo. Chiedi a un'altra persona dell'ufficio contabilità di farlo."
    ),
    Refusal.NOTHING_SELECTED: _(
        "Nessun rendiconto da approvare fra quelli scelti. Selezionane almeno uno ancora da approvare."
    ),
    Refusal.NOTHING_TO_PAY: _(
        "Non ci sono rendiconti approvati da pagare. Approvane almeno uno e controlla che l'operatore abbia indicato l'IBAN."
    ),
    Refusal.NOT_PAID: _("Il pagamento non è ancora stato eseguito: si recupera solo quanto è già stato pagato."),
    Refusal.ABOVE_PAID: _("L'importo supera quanto resta da recuperare di questo pagamento. Controlla l'importo."),
    Refusal.NO_REASON: _("Scrivi il motivo del recupero: resta agli atti."),
    Refusal.KEY_REUSED: _(
        "Questa pagina aveva già registrato un altro recupero. Riapri il pagamento, controlla quanto resta e riprova."
    ),
    Refusal.NO_BENEFIT: _(
        "La domanda non è approvata, oppure il beneficio è già finito: non c'è niente da cui far decadere la famiglia."
    ),
    Refusal.FORFEITURE_RUNNING: _(
        "Per questa famiglia c'è già una decadenza avviata o decisa: aprila dalla pagina del beneficio."
    ),
    Refusal.FORFEITURE_CLOSED: _("La decadenza è già stata chiusa: ricarica la pagina per vedere com'è finita."),
    Refusal.SIGNED_BY_OPENER: _(
        "In questo programma decidono due persone: chi ha avviato la decadenza non la decide. Chiedi a un'altra persona "
        "dell'ufficio. Archiviarla puoi anche tu."
    ),
    Refusal.LETTER_NOT_SENT: _(
        "La lettera alla famiglia non è ancora partita: spediscila e segna il giorno. I suoi giorni corrono da lì."
    ),
    Refusal.WRONG_DAY: _("Il giorno deve venire dopo la domanda e non può essere nel futuro: correggilo."),
    Refusal.ABOVE_CLAIM: _("L'importo supera quanto la famiglia deve ancora restituire. Controlla l'importo."),
    Refusal.CLAIM_CANCELLED: _("Questo credito è stato annullato: non si registrano incassi."),
    Refusal.ALREADY_COLLECTED: _(
        "La famiglia ha già versato qualcosa: prima di annullare il credito va deciso come restituirlo."
    ),
}

EXCLUSIONS: dict[Exclusion, Promise] = {
    Exclusion.NOT_ACCREDITED: _("la sede non era accreditata per il servizio in quella data"),
    Exclusion.ABOVE_CEILING: _("importo oltre il massimale del servizio"),
    Exclusion.REVERSED: _("utilizzo stornato dopo la predisposizione"),
}
