"""What the network's refusals say, and what to do next."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from piutempo.network.rules import Refusal

_SENTENCES = {
    Refusal.VAT_NUMBER: gettext_lazy("La partita IVA «{value}» non è valida: servono 11 cifre, controllale."),
    Refusal.IBAN: gettext_lazy(
        "L'IBAN «{value}» non è valido: controlla le cifre (quelli italiani hanno 27 caratteri)."
    ),
    Refusal.UNKNOWN_SERVICE: gettext_lazy(
        "Il servizio «{value}» non è nel catalogo del programma: scegline uno dall'elenco."
    ),
    Refusal.UNKNOWN_NETWORK: gettext_lazy("La rete «{value}» non è del programma: scegline una dall'elenco."),
    Refusal.OTHER_NETWORK: gettext_lazy(
        "«{service}» non appartiene alla rete «{value}»: scegli servizi della stessa rete."
    ),
    Refusal.NO_SERVICES: gettext_lazy("Scegli almeno un servizio."),
    Refusal.UNIT_TYPE: gettext_lazy(
        "Il tipo di unità «{value}» non è previsto dal programma: scegline uno dall'elenco."
    ),
    Refusal.PERIOD: gettext_lazy("La fine deve venire dopo l'inizio: dal {valid_from} al {valid_until} non va bene."),
    Refusal.PRICE: gettext_lazy(
        "Il prezzo di «{service}» deve essere maggiore di zero; lascia vuoto per usare il massimale."
    ),
    Refusal.NO_CEILING: gettext_lazy(
        "Per «{service}» il catalogo non ha un massimale in quel periodo: cambia le date."
    ),
    Refusal.OVERLAP: gettext_lazy(
        "La sede è già accreditata per «{service}» dal {valid_from} {until}: scegli un periodo che non si sovrapponga, "
        "oppure chiudi prima l'accreditamento in corso."
    ),
    Refusal.NOT_ACCREDITED: gettext_lazy("La sede non ha accreditamenti da chiudere a quella data."),
    Refusal.SITE_CODE: gettext_lazy("Il codice sede «{value}» è già usato: scegline un altro."),
    Refusal.DESK_CODE: gettext_lazy("Il codice sportello «{value}» è già usato: scegline un altro."),
    Refusal.AGREEMENT_OVERLAP: gettext_lazy(
        "«{task}» è già in convenzione dal {valid_from} {until}: scegli un periodo che non si sovrapponga, oppure "
        "chiudi prima la convenzione in corso."
    ),
    Refusal.AGREEMENT_ENDED: gettext_lazy(
        "La convenzione è già finita (al {valid_until} escluso): non c'è altro da fare."
    ),
    Refusal.NO_REASON: gettext_lazy("Scrivi il motivo: resta nella storia dello sportello."),
}


def sentence_for(code: Refusal, details: dict[str, object]) -> str:
    """Return the sentence of a refusal with its details filled in; dates as 31/12/2026."""
    shown = {key: date_format(v, "d/m/Y") if isinstance(v, date) else v for key, v in details.items()}
    end = details.get("valid_until")
    shown["until"] = _("al %(day)s escluso") % {"day": shown["valid_until"]} if end else _("in poi")
    return str(_SENTENCES[code]).format(**shown)
