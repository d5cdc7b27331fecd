"""Italian sentences for what this context refuses: what is wrong and what to do next."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.applications.rules import Refusal
from piutempo.applications.services import ApplicationRefused


def sentence_for(refused: ApplicationRefused) -> str:
    """Return what to tell the person in front of the page."""
    opens, closes = "", ""
    if refused.window is not None:
        opens = date_format(timezone.localtime(refused.window.opens_at), "d/m/Y H:i")
        closes = date_format(timezone.localtime(refused.window.closes_at), "d/m/Y H:i")
    match refused.code:
        case Refusal.NOT_YET_OPEN:
            return _(
                "Le domande non si presentano ancora: lo sportello apre il %(opens)s e chiude il %(closes)s. "
                "La bozza resta salvata."
            ) % {"opens": opens, "closes": closes}
        case Refusal.WINDOW_CLOSED:
            return _("Il periodo per fare domanda si è chiuso il %(closes)s: la domanda non può più essere presentata.") % {
                "closes": closes
            }
        case Refusal.NO_WINDOW:
            return _("Il programma non ha un periodo per fare domanda: chieda informazioni al numero di assistenza.")
        case Refusal.ALREADY_APPLIED:
            if refused.number:
                return _(
                    "Per questa famiglia c'è già la domanda n. %(number)s: si può presentarne una sola. "
                    "Se era sbagliata, la ritiri e poi ne presenti un'altra."
                ) % {"number": refused.number}
            return _("Per questa famiglia c'è già una domanda: si può presentarne una sola. La trova tra le sue domande.")
        case Refusal.NOT_DRAFT:
            return _("La domanda è già stata presentata e non si può più cambiare.")
        case Refusal.NOT_SUBMITTED:
            return _("La domanda non è in attesa di decisione: ricarichi la pagina per vedere a che punto è.")
        case Refusal.ALREADY_DECIDED:
            return _("La domanda è già stata decisa: ricarichi la pagina per vedere la decisione.")
        case Refusal.NOT_APPROVED:
            return _("La domanda non è approvata: si può rinunciare soltanto a un beneficio assegnato.")
        case Refusal.NOT_WITHDRAWABLE:
            return _("La domanda è già stata decisa e non si può più ritirare. Se è stata approvata, si può rinunciare.")
        case Refusal.NOT_THE_APPLICANT:
            return _("Chi fa domanda deve risultare come richiedente nel nucleo: controlli la composizione della famiglia.")
        case Refusal.WRONG_FACTS:
            return _("Alcuni dati vanno corretti: %(problems)s") % {
                "problems": " ".join(problem.sentence for problem in refused.problems)
            }
        case Refusal.CANNOT_APPROVE_AGAINST_RULES:
            return _(
                "Le regole del programma dicono di no: per approvare occorre prima rivedere, con un motivo, il requisito che "
                "risulta negativo."
            )
        case Refusal.CANNOT_REFUSE_AGAINST_RULES:
            return _(
                "Le regole del programma dicono di sì: per respingere occorre prima rivedere, con un motivo, il requisito che "
                "risulta positivo."
            )
        case Refusal.CANNOT_APPROVE_MISSING:
            return _("Non si può approvare finché manca qualcosa: %(missing)s") % {"missing": " ".join(refused.missing)}
        case Refusal.NEEDS_OFFICER:
            return _("Manca qualcosa, quindi le regole da sole non decidono: %(missing)s") % {
                "missing": " ".join(refused.missing)
            }
        case Refusal.NO_MONTHS:
            return _(
                "I requisiti ci sono, ma dai percorsi dichiarati non risulta nessuna mensilità: controlli le date dei percorsi."
            )
        case Refusal.NO_REASON:
            return _("Scriva il motivo: resta nella storia della domanda e la famiglia può leggerlo.")
        case Refusal.UNKNOWN_CRITERION:
            return _("Questo requisito non esiste nel programma: ricarichi la pagina.")
        case Refusal.UNKNOWN_OUTCOME:
            return _("Scelga se il requisito c'è oppure no.")
        case Refusal.NOTHING_TO_OVERRULE:
            return _("Il requisito ha già questo esito: non c'è niente da rivedere.")
        case Refusal.BEFORE_SUBMISSION:
            return _("La decisione non può avere una data precedente alla presentazione della domanda.")
