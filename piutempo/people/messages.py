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
    AccountRefusal.USERNAME_TAKEN: _("Questo nome utente è già usato: scegline un altro."),
    AccountRefusal.WEAK_PASSWORD: _("La password è troppo debole."),
    AccountRefusal.SCOPE_MISSING: _("Scegli a quale programma, sportello, sede o ente è limitato il ruolo."),
    AccountRefusal.SCOPE_NOT_WANTED: _("Un ruolo che vale ovunque non ha un ambito: togli la scelta dell'ambito."),
    AccountRefusal.SCOPE_WRONG: _("Questo ruolo non può avere questo tipo di ambito: scegline uno tra quelli indicati."),
    AccountRefusal.ALREADY_GRANTED: _("L'account ha già questo ruolo."),
    AccountRefusal.OWN_ADMINISTRATION: _(
        "Non puoi togliere l'amministrazione a te stesso: chiedilo a un altro amministratore, così qualcuno resta sempre."
    ),
}
SIGN_IN_REFUSED = _(
    "Nome utente o password non corretti. Controlla maiuscole e minuscole; dopo cinque errori l'accesso si blocca per mezz'ora."
)
