"""Italian sentences of awards."""

from django.utils.translation import gettext as _

from piutempo.awards.rules import Forecast, Risk
from piutempo.kernel.money import format_euro


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
