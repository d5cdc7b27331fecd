"""The letters about a benefit that changes: applied and refused changes, suspensions, renunciation."""

from piutempo.correspondence.kinds import LetterKind

_NUMBER = {"numero": ("numero della domanda", "125"), "programma": ("nome del programma", "PiùTempo")}
_EFFECT = (
    "che cosa cambia, una riga per buono",
    "- Buono Servizi: da settembre 2026 le mensilità da emettere passano da 3 a 5 (400,00 € in più)",
)

CHANGE = LetterKind(
    code="applications.change",
    title="Cambiamento di situazione applicato",
    subject="Il tuo beneficio cambia: domanda n. {numero}",
    body="""Gentile {nome},

ci hai detto che cosa è cambiato dal {giorno}: «{cambiamento}». Abbiamo rifatto i conti della domanda n. {numero} per «{programma}».

## Che cosa cambia
{effetto}

## Perché
{motivi}

Le regole si applicano dal mese dopo il cambiamento. I buoni che hai già restano tuoi e valgono come prima.

## Che cosa fare ora
Non devi fare nulla. Se qualcosa non ti torna chiama il numero {telefono} o scrivi a {email}. {ricorso}""",
    fields=_NUMBER
    | {
        "cambiamento": ("che cosa è cambiato", "è nato o arrivato un figlio"),
        "giorno": ("da quando", "12 agosto 2026"),
        "effetto": _EFFECT,
        "ricorso": ("a chi e quando si ricorre", "Puoi chiedere all'ufficio di riguardare la decisione."),
        "motivi": ("le ragioni, dalle regole del programma", "- Nel nucleo vivono tre figli con meno di 14 anni."),
    },
    is_legal=True,
)
CHANGE_REFUSED = LetterKind(
    code="applications.change_refused",
    title="Cambiamento di situazione non accolto",
    subject="Il cambiamento che ci hai comunicato: domanda n. {numero}",
    body="""Gentile {nome},

ci hai detto che cosa è cambiato dal {giorno}: «{cambiamento}». Il tuo beneficio, della domanda n. {numero} per «{programma}», resta com'era.

## Perché
{motivo}

## Che cosa fare ora
Se hai altri documenti puoi comunicare di nuovo il cambiamento dal sito {sito} o da uno sportello. Per parlarne chiama il numero {telefono}.""",
    fields=_NUMBER
    | {
        "cambiamento": ("che cosa è cambiato", "ho trovato lavoro"),
        "giorno": ("da quando", "12 agosto 2026"),
        "motivo": ("perché non è accolto", "Dal documento non si vede da quale giorno."),
    },
)
SUSPENSION = LetterKind(
    code="applications.suspension",
    title="Sospensione del beneficio",
    subject="I tuoi buoni sono sospesi per un periodo: domanda n. {numero}",
    body="""Gentile {nome},

i buoni della domanda n. {numero} per «{programma}» sono sospesi {periodo}.

## Perché
{motivo}

## Che cosa cambia
{effetto}

{buoni}

## Che cosa fare ora
Quando il motivo finisce faccelo sapere: riprendiamo a emettere i buoni. Per qualsiasi dubbio chiama il numero {telefono} o scrivi a {email}.""",
    fields=_NUMBER
    | {
        "periodo": ("da quando a quando", "da giugno 2026, fino alla ripresa"),
        "motivo": ("il motivo", "ricovero o assenza della persona assistita: ricovero fino all'autunno"),
        "effetto": ("che cosa succede alle mensilità", "- Buono Servizi: 4 mensilità sono rimandate, non perse"),
        "buoni": ("i buoni già emessi", "I buoni già emessi restano validi fino alla loro scadenza."),
    },
    is_legal=True,
)
RESUMPTION = LetterKind(
    code="applications.resumption",
    title="Ripresa del beneficio",
    subject="Riprendono i tuoi buoni: domanda n. {numero}",
    body="""Gentile {nome},

la sospensione dei buoni della domanda n. {numero} per «{programma}» finisce: le mensilità riprendono da {da}.

## Perché
{motivo}

## Che cosa fare ora
Ritira i buoni come prima, dallo sportello o dalla tua area sul sito {sito}. Per qualsiasi dubbio chiama il numero {telefono}.""",
    fields=_NUMBER | {"da": ("primo mese", "settembre 2026"), "motivo": ("il motivo", "La persona è tornata a casa.")},
)
RENUNCIATION = LetterKind(
    code="applications.renunciation",
    title="Rinuncia al beneficio",
    subject="Hai rinunciato ai buoni: domanda n. {numero}",
    body="""Gentile {nome},

il {giorno} hai rinunciato ai buoni della domanda n. {numero} per «{programma}». Le mensilità non emesse tornano nel fondo per altre famiglie. {titoli} Quello che hai già speso non va restituito.

Il motivo che ci hai detto: {motivo}

## Che cosa fare ora
Non devi fare nulla. Se hai rinunciato per errore chiama subito il numero {telefono}.""",
    fields=_NUMBER
    | {
        "giorno": ("quando", "3 settembre 2026"),
        "motivo": ("il motivo", "Ho trovato posto al nido."),
        "titoli": ("i buoni già emessi", "I buoni che hai già restano tuoi fino alla scadenza."),
    },
)
KINDS = (CHANGE, CHANGE_REFUSED, SUSPENSION, RESUMPTION, RENUNCIATION)
