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
}

EXCLUSIONS: dict[Exclusion, Promise] = {
    Exclusion.NOT_ACCREDITED: _("la sede non era accreditata per il servizio in quella data"),
    Exclusion.ABOVE_CEILING: _("importo oltre il massimale del servizio"),
    Exclusion.REVERSED: _("utilizzo stornato dopo la predisposizione"),
}
