"""The main menu and the doors of each audience's home page, by role, in one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from piutempo.people.access import Roles
from piutempo.people.models import Role, Scope

OFFICE = (Role.CASE_OFFICER, Role.PROGRAMME_MANAGER)


@dataclass(frozen=True, slots=True)
class Door:
    """
    Who sees it, what it is called, where it leads and what one does there. ``in_menu``: also in the main menu.

    ``is_everywhere``: only for who holds the role without limits, as what is behind tells of every programme.
    """

    roles: Sequence[Role]
    label: Any
    url_name: str
    text: Any = ""
    in_menu: bool = True
    is_everywhere: bool = False


PUBLIC = (
    Door((), _("Home"), "portals:home"),
    Door((), _("Verifica se ne hai diritto"), "programmes:self_checks"),
    Door((), _("Sportelli"), "network:desks"),
    Door((), _("Dove spendere i buoni"), "network:where_to_spend"),
    Door((), _("Aiuto"), "portals:help"),
)
AREA = Door((), _("La tua area"), "portals:area")
DOORS: tuple[Door, ...] = (
    Door(
        (Role.CITIZEN,),
        _("Le mie domande"),
        "applications:citizen",
        _("A che punto sono, che cosa è stato deciso e perché."),
    ),
    Door(
        (Role.CITIZEN,),
        _("I miei buoni"),
        "vouchers:citizen",
        _("Le mensilità, quanto resta e fino a quando puoi usarlo."),
    ),
    Door(
        (Role.CITIZEN,),
        _("Controlli"),
        "controls:own_checks",
        _("Se l'ufficio controlla le tue dichiarazioni: che cosa ti chiede ed entro quando."),
        in_menu=False,
    ),
    Door(
        (Role.CITIZEN,),
        _("Le mie lettere"),
        "portals:my_letters",
        _("Che cosa ti ha scritto l'ufficio, da leggere e stampare."),
    ),
    Door(
        (Role.CITIZEN,),
        _("I miei dati"),
        "portals:my_data",
        _("Che cosa sappiamo di te. Puoi scaricare tutto o chiedere una correzione."),
    ),
    Door(
        (Role.CITIZEN,),
        _("Appuntamenti allo sportello"),
        "reception:citizen",
        _("Prendi, sposta o annulla un appuntamento con chi ti aiuta."),
        in_menu=False,
    ),
    Door(
        (Role.CITIZEN,),
        _("Le mie deleghe"),
        "applications:citizen_mandates",
        _("Quali sportelli possono agire per te, e come togliere la delega."),
        in_menu=False,
    ),
    Door(
        (Role.CITIZEN,),
        _("Dove spendere i buoni"),
        "network:where_to_spend",
        _("Asili, centri estivi, assistenza: cerca per comune e per servizio."),
    ),
    Door(
        (Role.DESK_OPERATOR,),
        _("Famiglie e domande"),
        "applications:desk",
        _("Cerca una persona, registra il nucleo, presenta la domanda per suo conto."),
    ),
    Door(
        (Role.DESK_OPERATOR,),
        _("Coda e appuntamenti"),
        "reception:queue",
        _("Dai il numero, chiama il prossimo, prendi appuntamenti, chiudi la giornata."),
    ),
    Door(
        (Role.DESK_OPERATOR,),
        _("La giornata dello sportello"),
        "portals:desk_day",
        _("Visite, appuntamenti, domande e buoni di oggi, da stampare."),
        in_menu=False,
    ),
    Door(
        (Role.DESK_OPERATOR,),
        _("Buoni allo sportello"),
        "vouchers:desk",
        _("Carica i carnet, consegnali alle famiglie, chiudi la giornata."),
    ),
    Door(
        (Role.DESK_OPERATOR,),
        _("Chiusura della giornata"),
        "vouchers:tally",
        _("Che cosa è entrato e uscito oggi, da stampare."),
        in_menu=False,
    ),
    Door(
        (Role.DESK_OPERATOR,),
        _("Controlli"),
        "controls:desk_checks",
        _("Le famiglie aiutate qui a cui l'ufficio ha chiesto qualcosa."),
        in_menu=False,
    ),
    Door(
        (Role.PROVIDER_OPERATOR,),
        _("Registra un buono"),
        "vouchers:redeem",
        _("Uno alla volta, anche dal telefono."),
    ),
    Door(
        (Role.PROVIDER_OPERATOR,),
        _("Carica un mese"),
        "vouchers:upload",
        _("Il file dei titoli di un mese: prima lo vedi, poi lo confermi."),
    ),
    Door(
        (Role.PROVIDER_OPERATOR,),
        _("Utilizzi registrati"),
        "vouchers:redemptions",
        _("Che cosa hanno registrato le tue sedi; lo storno di un errore."),
        in_menu=False,
    ),
    Door(
        (Role.PROVIDER_OPERATOR,),
        _("I miei rendiconti"),
        "settlements:provider",
        _("Quanto ti spetta, che cosa è approvato e che cosa è pagato."),
    ),
    Door((Role.PROVIDER_OPERATOR,), _("Le mie sedi"), "network:my_sites", _("Servizi accreditati e massimali.")),
    Door(
        (Role.PROVIDER_OPERATOR,),
        _("Chiavi per il gestionale"),
        "vouchers:keys",
        _("Se il programma della sede registra i buoni da solo."),
        in_menu=False,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Domande da istruire"),
        "applications:queue",
        _("La coda, i criteri spiegati, la decisione con i suoi motivi."),
    ),
    Door(
        OFFICE,
        _("Proposte da firmare"),
        "applications:to_sign",
        _("Le decisioni preparate da un'altra persona, da firmare una per una o insieme."),
        in_menu=False,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Cambiamenti"),
        "vouchers:changes",
        _("Che cosa è cambiato nelle famiglie: che effetto ha, mese per mese, prima di applicarlo."),
        in_menu=False,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Lista d'attesa"),
        "applications:waiting",
        _("Chi aspetta che rientri denaro nel fondo."),
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Graduatorie"),
        "applications:rankings",
        _("Formale dopo il termine, falle firmare, pubblicale sotto codice."),
        in_menu=False,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Controlli"),
        "controls:checks",
        _("Le autocertificazioni a campione: estrazione, verifiche, risposta della famiglia, esito."),
    ),
    Door((*OFFICE,), _("Emissione mensile"), "vouchers:issuance", _("Prova l'emissione di un mese, poi eseguila.")),
    Door((*OFFICE,), _("Proroga delle scadenze"), "vouchers:extensions", _("L'atto che sposta una scadenza.")),
    Door(
        (*OFFICE,),
        _("Buoni in scadenza"),
        "vouchers:expiring",
        _("Che cosa sta per scadere non speso, e il rientro nel fondo."),
        in_menu=False,
    ),
    Door(
        (*OFFICE,),
        _("Cerca un buono"),
        "vouchers:office_vouchers",
        _("Per numero di serie, codice o titolare: stato, custodia, utilizzi."),
        in_menu=False,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Lettere"),
        "correspondence:letters",
        _("Da firmare, da stampare, non recapitate; gli invii a molte persone e i modelli."),
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Messaggi"),
        "correspondence:inbox",
        _("Domande, correzioni, problemi di accessibilità: leggi e rispondi."),
        in_menu=False,
        is_everywhere=True,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Modelli delle lettere"),
        "correspondence:templates",
        _("Le parole delle lettere, con anteprima e versioni."),
        in_menu=False,
    ),
    Door(
        (*OFFICE, Role.AUDITOR),
        _("Registro di protocollo"),
        "correspondence:register",
        _("Cerca una registrazione, stampa il registro di un giorno."),
        in_menu=False,
        is_everywhere=True,
    ),
    Door((*OFFICE, Role.AUDITOR), _("Rete"), "network:office", _("Sportelli, enti erogatori e sedi accreditate.")),
    Door(
        (Role.ACCOUNTING_OFFICER, Role.AUDITOR),
        _("Rendiconti"),
        "settlements:statements",
        _("Predisponi, controlla e approva quanto spetta agli enti."),
    ),
    Door(
        (Role.ACCOUNTING_OFFICER, Role.AUDITOR),
        _("Pagamenti"),
        "settlements:batches",
        _("Le distinte da pagare e pagate."),
    ),
    Door(
        (Role.ACCOUNTING_OFFICER, Role.AUDITOR),
        _("Somme da restituire"),
        "settlements:claims",
        _("Quanto devono le famiglie decadute, e che cosa è rientrato."),
        in_menu=False,
    ),
    Door(
        (Role.ACCOUNTING_OFFICER, Role.AUDITOR),
        _("Saldi contabili"),
        "settlements:balances",
        _("Fondo per fondo, con i movimenti che li compongono."),
    ),
    Door(
        (Role.PROGRAMME_MANAGER, Role.AUDITOR),
        _("Versioni del programma"),
        "programmes:list",
        _("Bozze, confronti, pubblicazione."),
    ),
    Door(
        (Role.AUTHORITY_READER, Role.AUDITOR, Role.PROGRAMME_MANAGER),
        _("Rapporti"),
        "reporting:reports",
        _("Trimestrali e finale, con le righe dietro ogni numero."),
    ),
    Door((Role.ADMINISTRATOR,), _("Account e ruoli"), "portals:accounts", _("Chi può fare che cosa, e dove.")),
)


def address_named(name: str, *args: Any) -> str:
    """Return an address by name; empty when its context is not mounted (a smaller installation)."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def list_doors(roles: Roles) -> list[Door]:
    """Return the doors open to some roles, in the order of the list."""
    held, whole = roles.held, {row.role for row in roles.rows if row.scope == Scope.ALL}
    return [door for door in DOORS if (whole if door.is_everywhere else held) & set(door.roles)]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give every page its menu: public, or by role. The longest address that matches is the current one."""
    roles = getattr(request, "roles", None)
    held = roles.held if roles else frozenset()
    doors = [AREA, *(d for d in list_doors(roles) if d.in_menu)] if roles and held else list(PUBLIC)
    found = [(door, url) for door in doors if (url := address_named(door.url_name))]
    here = [url for _door, url in found if request.path == url or (url != "/" and request.path.startswith(url))]
    current = max(here, key=len, default="")
    return {"navigation": [{"label": d.label, "url": url, "is_current": url == current} for d, url in found]}
