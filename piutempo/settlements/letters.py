"""The letters about a benefit taken away: its notice, its decision, its end in the family's favour."""

from piutempo.correspondence.kinds import LetterKind

_NUMBER = {"numero": ("numero della domanda", "125"), "programma": ("nome del programma", "PiùTempo")}
_REASONS = ("i motivi", "- Dal 3 maggio 2026 l'ISEE supera il limite del programma.")

NOTICE = LetterKind(
    code="applications.forfeit_notice",
    title="Avvio della decadenza dal beneficio",
    subject="Pensiamo che i buoni non ti spettino più: domanda n. {numero}",
    body="""Gentile {nome},

dalle nostre carte risulta che i buoni della domanda n. {numero} per «{programma}» non ti spettano dal {da}. Prima di decidere vogliamo sentirti.

## I motivi
{motivi}

## Che cosa succede
Se i motivi restano, decidiamo la decadenza: i buoni finiscono e va restituito quello che hai speso da quel giorno. Gli operatori sono pagati lo stesso: non devi parlarne con loro.

## Che cosa fare ora
Rispondi entro il {scadenza}: scrivi le tue ragioni dalla tua area sul sito {sito}, da uno sportello o a {email}. Se preferisci parlarne chiama il numero {telefono}. Fino ad allora non decidiamo.""",
    fields=_NUMBER
    | {
        "da": ("da quale giorno", "3 maggio 2026"),
        "motivi": _REASONS,
        "scadenza": ("ultimo giorno", "13 settembre 2026"),
    },
    is_legal=True,
)
DECISION = LetterKind(
    code="applications.forfeiture",
    title="Decadenza dal beneficio",
    subject="Decadenza dai buoni: domanda n. {numero}",
    body="""Gentile {nome},

abbiamo deciso la decadenza dai buoni della domanda n. {numero} per «{programma}», dal {da}.

## Perché
{motivi}

{risposta}

## Che cosa cambia
{effetto}

## Che cosa fare ora
{restituzione} Puoi chiedere di pagare a rate: chiama il numero {telefono} prima della scadenza. {ricorso}""",
    fields=_NUMBER
    | {
        "da": ("da quale giorno", "3 maggio 2026"),
        "motivi": _REASONS,
        "risposta": ("che cosa diciamo delle osservazioni", "Abbiamo letto la tua risposta del 5 settembre 2026."),
        "effetto": ("che cosa finisce", "- Le mensilità non emesse e i titoli non spesi tornano nel fondo."),
        "restituzione": ("quanto restituire", "Restituisci 120,00 € entro il 13 novembre 2026."),
        "ricorso": ("a chi e quando si ricorre", "Puoi chiedere il riesame entro 30 giorni."),
    },
    is_legal=True,
)
DROPPED = LetterKind(
    code="applications.forfeit_ended",
    title="Decadenza archiviata",
    subject="I tuoi buoni continuano: domanda n. {numero}",
    body="""Gentile {nome},

ti avevamo scritto che i buoni della domanda n. {numero} per «{programma}» forse non ti spettavano più. Abbiamo riguardato tutto: i buoni continuano come prima.

## Perché
{motivo}

## Che cosa fare ora
Non devi fare nulla. Per qualsiasi dubbio chiama il numero {telefono}.""",
    fields=_NUMBER | {"motivo": ("perché", "L'attestazione che hai mandato è in regola.")},
)
KINDS = (NOTICE, DECISION, DROPPED)
