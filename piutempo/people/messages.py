"""What people read when an account, a role, a person or a household is refused, and what to look at."""

from django.utils.translation import gettext_lazy as _

from piutempo.people.rules import Notice, Refusal
from piutempo.people.services.accounts import AccountRefusal

ACCOUNT_REFUSALS = {
    AccountRefusal.USERNAME_TAKEN: _("Questo nome utente è già usato: scegline un altro."),
    AccountRefusal.WEAK_PASSWORD: _("La password è troppo debole."),
    AccountRefusal.WRONG_PASSWORD: _("La password attuale non è corretta: riscrivila."),
    AccountRefusal.SCOPE_MISSING: _("Scegli a quale programma, sportello, sede o ente è limitato il ruolo."),
    AccountRefusal.SCOPE_NOT_WANTED: _("Un ruolo che vale ovunque non ha un ambito: togli la scelta dell'ambito."),
    AccountRefusal.SCOPE_WRONG: _(
        "Questo ruolo non può avere questo tipo di ambito: scegline uno tra quelli indicati."
    ),
    AccountRefusal.ALREADY_GRANTED: _("L'account ha già questo ruolo."),
    AccountRefusal.OWN_ADMINISTRATION: _(
        "Non puoi togliere l'amministrazione a te stesso: chiedilo a un altro amministratore, così qualcuno resta sempre."
    ),
}
SIGN_IN_REFUSED = _(
    "Nome utente o password non corretti. Controlla maiuscole e minuscole; dopo cinque errori l'accesso si blocca per mezz'ora."
)

REFUSALS = {
    Refusal.FISCAL_CODE: _(
        "Il codice fiscale non è valido: servono 16 caratteri, come sulla tessera sanitaria (es. RSSMRA85T50F205X)."
    ),
    Refusal.BORN_LATER: _("La data di nascita è nel futuro: controlla il giorno, il mese e l'anno."),
    Refusal.NAME_MISSING: _("Scrivi il nome e il cognome."),
    Refusal.TWICE: _("La stessa persona compare due volte: togli una delle due righe."),
    Refusal.APPLICANT_TWICE: _("Chi fa domanda è già nel nucleo: non va aggiunto di nuovo."),
}

NOTICES = {
    Notice.BIRTH_DATE: _("La data di nascita non corrisponde al codice fiscale: vale quella del codice fiscale."),
    Notice.GENDER: _("Il sesso non corrisponde al codice fiscale: vale quello del codice fiscale."),
    Notice.FAMILY_NAME: _("Il cognome non sembra quello del codice fiscale: controlla che sia scritto giusto."),
    Notice.GIVEN_NAME: _("Il nome non sembra quello del codice fiscale: controlla che sia scritto giusto."),
    Notice.OTHER_HOUSEHOLD: _("Questa persona risulta già in un altro nucleo: l'ufficio potrà chiedere chiarimenti."),
    Notice.KNOWN_OTHER_NAME: _(
        "Questo codice fiscale è già registrato con un altro nome: resta valido il nome già registrato."
    ),
}
