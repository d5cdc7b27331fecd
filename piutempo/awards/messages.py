"""Italian sentences of awards."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from piutempo.awards.rules import Forecast, Risk
from piutempo.awards.services import Refusal
from piutempo.kernel.money import format_euro

REFUSALS: dict[Refusal, Promise] = {
    Refusal.NOT_COMMITTED: _l("Per queste mensilità non c'è denaro impegnato: ricarica la pagina."),
    Refusal.NOT_WAITING: _l("Il beneficio non è più in lista d'attesa: ricarica la pagina."),
    Refusal.NO_REASON: _l("Scrivi il motivo: la famiglia lo legge nella lettera."),
    Refusal.TOO_MANY_MONTHS: _l("Le mensilità sono più di quante il programma ne dà: controlla il numero."),
    Refusal.NOTHING_TO_SUSPEND: _l("Da quel mese non ci sono mensilità da emettere né buoni: scegli un mese prima."),
    Refusal.ALREADY_SUSPENDED: _l("In quei mesi il beneficio è già sospeso: riprendilo, oppure scegli altri mesi."),
    Refusal.NOT_SUSPENDED: _l("Il beneficio non è sospeso: non c'è niente da riprendere."),
    Refusal.WRONG_PERIOD: _l(
        "I mesi non vanno bene: la ripresa viene dopo l'inizio, da questo mese in poi e prima della fine già stabilita."
    ),
}


def risk_sentence(forecast: Forecast) -> str:
    """Say what risk the over-commitment limit carries."""
    values = {
        "limit": format_euro(forecast.limit_cents),
        "low": format_euro(forecast.low_cents),
        "high": format_euro(forecast.high_cents),
        "gap": format_euro(forecast.uncovered_cents),
    }
    match forecast.risk:
        case Risk.NONE:
            return _("Il programma non ammette impegni oltre lo stanziamento: nessun rischio di scoperto.")
        case Risk.COVERED:
            return (
                _(
                    "Si può impegnare fino a %(limit)s oltre lo stanziamento. La stima prudente dice che rientreranno %(low)s: "
                    "il limite è coperto."
                )
                % values
            )
        case Risk.COVERED_IF_TREND_HOLDS:
            return (
                _(
                    "Si può impegnare fino a %(limit)s oltre lo stanziamento. Il limite è coperto soltanto se scade tutto ciò che è "
                    "vicino alla scadenza (%(high)s); la stima prudente si ferma a %(low)s."
                )
                % values
            )
        case Risk.UNCOVERED:
            return (
                _(
                    "Si può impegnare fino a %(limit)s oltre lo stanziamento, ma dovrebbero rientrare al massimo %(high)s: se il limite "
                    "viene usato tutto, buoni per %(gap)s potrebbero non essere emessi. Conviene abbassare il limite."
                )
                % values
            )
