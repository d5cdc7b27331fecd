"""The letters that this context writes; each helper of a case adds its own kinds to ``KINDS``."""

from piutempo.correspondence.kinds import LetterKind

#: What every letter about a request may say of it.
REQUEST = {
    "programma": ("programma", "PiùTempo"),
    "numero": ("numero della domanda", "123"),
}

RECEIPT = LetterKind(
    code="applications.receipt",
    title="Ricevuta della domanda",
    subject="Ricevuta della domanda n. {numero}",
    body="""Gentile {nome},

abbiamo ricevuto la tua domanda. Questa è la ricevuta: conservala.

- Programma: {programma}
- Domanda numero: {numero}
- Chi fa domanda: {nome}, codice fiscale {codice_fiscale}
- Presentata: {presentata} {come}
- Protocollo: {protocollo}
- Impronta della domanda (SHA-256): {impronta}

## Chi la segue
- Ufficio: {ufficio}
- Responsabile: {chi_risponde}
- Decisione entro il {termine}

L'ufficio ha {giorni} giorni per decidere. Se ti chiede un documento, il conto si ferma mentre aspetta la tua risposta. Se il termine passa senza una decisione, la tua domanda resta valida: puoi chiedere che cosa succede al numero qui sotto.

## Le prove che hai dato
{prove}

## Che cosa fare ora
Non devi fare niente. Se manca qualcosa ti scriviamo noi. Per sapere a che punto è la domanda entra nel sito {sito} oppure chiama il numero {telefono}: basta il numero {numero}.""",
    fields=REQUEST
    | {
        "codice_fiscale": ("codice fiscale di chi fa domanda", "RSSMRA85T50F205X"),
        "presentata": ("giorno e ora della presentazione", "3 marzo 2026 alle 10:15:02"),
        "come": ("come è stata presentata", "in rete"),
        "protocollo": ("numero di protocollo", "PIUTEMPO 2026/0000123"),
        "impronta": ("impronta SHA-256 della domanda", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        "ufficio": ("ufficio che segue la domanda", "Ufficio famiglia"),
        "chi_risponde": ("responsabile del procedimento", "chi dirige l'ufficio"),
        "termine": ("ultimo giorno per decidere", "2 aprile 2026"),
        "giorni": ("giorni per decidere", "30"),
        "prove": ("elenco delle prove", "- ISEE entro il limite: autocertificazione"),
    },
)  # fmt: skip

WITHDRAWAL = LetterKind(
    code="applications.withdrawal",
    title="Ricevuta del ritiro della domanda",
    subject="Hai ritirato la domanda n. {numero}",
    body="""Gentile {nome},

il {ritirata} hai ritirato la domanda n. {numero} per «{programma}». L'ufficio non la esamina più.

Motivo che hai scritto: {motivo}

## Che cosa fare ora
Se hai cambiato idea puoi fare un'altra domanda, finché il periodo è aperto: prende un numero nuovo e va in fondo alla fila. Per informazioni chiama il numero {telefono}.""",
    fields=REQUEST
    | {
        "ritirata": ("giorno e ora del ritiro", "5 marzo 2026 alle 9:30:00"),
        "motivo": ("motivo del ritiro", "ho trovato un'altra soluzione"),
    },
)  # fmt: skip

#: What the letters of an officer say of a case.
CASE = {
    "numero": ("numero della domanda", "128"),
    "programma": ("nome del programma", "Buoni famiglia"),
    "presentata": ("giorno della domanda", "3 marzo 2026"),
    "ufficio": ("ufficio responsabile", "Ufficio conciliazione e famiglia"),
    "responsabile": ("chi segue la domanda", "Carla Neri"),
}

INTEGRATION = LetterKind(
    code="applications.request",
    title="Richiesta di documenti",
    subject="Domanda n. {numero}: mancano dei documenti",
    body="""Gentile {nome},

stiamo esaminando la domanda n. {numero} per {programma}, presentata il {presentata}. Per decidere ci serve ancora:

{documenti}

Hai tempo fino al {entro}. Intanto il tempo dell'ufficio si ferma, come dice la legge (L. 241/1990, articolo 2, comma 7). Se non rispondi la domanda non si perde: la esaminiamo con quello che c'è.

La domanda è seguita da {responsabile}, {ufficio}.

## Che cosa fare ora
- Entra nel sito {sito}, apri la tua domanda e rispondi da lì: puoi allegare una foto o un PDF.
- Se preferisci, vai a uno sportello o chiama il numero {telefono}.""",
    fields={
        **CASE,
        "documenti": ("elenco di ciò che manca", "- Attestazione ISEE in corso di validità"),
        "entro": ("ultimo giorno per rispondere", "18 marzo 2026"),
    },
    is_legal=True,
)
NOTICE = LetterKind(
    code="applications.notice",
    title="Preavviso di rigetto",
    subject="Domanda n. {numero}: perché pensiamo di dire di no",
    body="""Gentile {nome},

abbiamo esaminato la domanda n. {numero} per {programma}, presentata il {presentata}. Con i dati che abbiamo non possiamo accoglierla. Non è ancora una decisione: prima puoi dirci la tua (L. 241/1990, articolo 10-bis).

I motivi sono questi:

{motivi}

Hai tempo fino al {entro} per mandare osservazioni e documenti. Le leggiamo prima di decidere, e nella decisione ti rispondiamo.

La domanda è seguita da {responsabile}, {ufficio}.

## Che cosa fare ora
- Se qualcosa non è vero, o nel frattempo è cambiato, scrivilo: entra nel sito {sito}, apri la tua domanda e rispondi.
- Se hai un documento che lo prova, allegalo alla risposta.
- Se preferisci parlarne, chiama il numero {telefono} o vai a uno sportello.""",
    fields={
        **CASE,
        "motivi": (
            "elenco dei motivi",
            "- L'ISEE del nucleo supera 40.000 euro. Abbiamo letto: 50.000,00 €. Fonte: avviso.",
        ),
        "entro": ("ultimo giorno per le osservazioni", "13 marzo 2026"),
    },
    is_legal=True,
)
APPROVAL = LetterKind(
    code="applications.approval",
    title="Assegnazione dei buoni",
    subject="Domanda n. {numero}: accolta",
    body="""Gentile {nome},

la domanda n. {numero} per {programma}, presentata il {presentata}, è stata accolta il {decisa}. Ti spettano:

{mensilita}

{stato}

La domanda è stata seguita da {responsabile}, {ufficio}.

{riesame}

{ricorso}

## Che cosa fare ora
- I buoni si emettono mese per mese: quando sono pronti li trovi nella tua pagina, sul sito {sito}.
- Se qualcosa cambia in famiglia (una nascita, un lavoro, un trasloco) comunicalo: le mensilità si ricalcolano.
- Per ogni dubbio chiama il numero {telefono}.""",
    fields={
        **CASE,
        "decisa": ("giorno della decisione", "20 marzo 2026"),
        "mensilita": ("elenco di ciò che è assegnato", "- Buono servizi: 6 mensilità da 200,00 €, da aprile 2026"),
        "stato": ("se il fondo basta", "Il denaro è già impegnato nel fondo."),
        "riesame": ("come chiedere il riesame", "Puoi chiedere il riesame entro il 19 aprile 2026."),
        "ricorso": ("come ricorrere", "Puoi ricorrere al TAR entro 60 giorni."),
    },
    is_legal=True,
)
REFUSAL = LetterKind(
    code="applications.refusal",
    title="Decisione negativa",
    subject="Domanda n. {numero}: non accolta",
    body="""Gentile {nome},

la domanda n. {numero} per {programma}, presentata il {presentata}, non è stata accolta. La decisione è del {decisa}.

I motivi sono questi:

{motivi}

{osservazioni}

La domanda è stata seguita da {responsabile}, {ufficio}.

{riesame}

{ricorso}

## Che cosa fare ora
- Leggi i motivi: se uno non è vero, chiedi il riesame dalla tua pagina sul sito {sito}, con il documento che lo prova.
- Se la situazione della famiglia cambia, puoi fare una nuova domanda finché il periodo è aperto.
- Se vuoi capire meglio, chiama il numero {telefono}: ti aiutiamo anche a chiedere il riesame.""",
    fields={
        **CASE,
        "decisa": ("giorno della decisione", "20 marzo 2026"),
        "motivi": (
            "elenco dei motivi",
            "- L'ISEE del nucleo supera 40.000 euro. Abbiamo letto: 50.000,00 €. Fonte: avviso.",
        ),
        "osservazioni": ("risposta alle osservazioni", "Abbiamo letto le tue osservazioni: l'ISEE corrente è scaduto."),
        "riesame": ("come chiedere il riesame", "Puoi chiedere il riesame entro il 19 aprile 2026."),
        "ricorso": ("come ricorrere", "Puoi ricorrere al TAR entro 60 giorni."),
    },
    is_legal=True,
)
REMINDER = LetterKind(
    code="applications.reminder",
    title="Promemoria",
    subject="Domanda n. {numero}: c'è tempo fino al {entro}",
    body="""Gentile {nome},

ti abbiamo scritto per la domanda n. {numero} per {programma} e aspettiamo la tua risposta. Ci serve:

{documenti}

C'è tempo fino al {entro}. Se hai già risposto, questo promemoria non conta.

## Che cosa fare ora
- Entra nel sito {sito}, apri la tua domanda e rispondi da lì.
- Se hai bisogno di aiuto, chiama il numero {telefono} o vai a uno sportello.""",
    fields={
        **CASE,
        "documenti": ("elenco di ciò che manca, o dei motivi", "- Attestazione ISEE in corso di validità"),
        "entro": ("ultimo giorno per rispondere", "18 marzo 2026"),
    },
)
REVIEW = LetterKind(
    code="applications.review",
    title="Risposta alla richiesta di riesame",
    subject="Domanda n. {numero}: la tua richiesta di riesame",
    body="""Gentile {nome},

il {chiesto} hai chiesto di guardare di nuovo la decisione sulla domanda n. {numero} per {programma}. {esito}

Il motivo è questo:

{motivo}

La domanda è seguita da {responsabile}, {ufficio}.

{ricorso}

## Che cosa fare ora
- {seguito}
- Per ogni dubbio chiama il numero {telefono} o scrivi dal sito {sito}.""",
    fields={
        **CASE,
        "chiesto": ("giorno della richiesta", "2 aprile 2026"),
        "esito": ("se la domanda è stata riaperta", "Abbiamo riaperto la domanda."),
        "motivo": ("motivo dell'ufficio", "Il nuovo documento cambia la composizione del nucleo."),
        "seguito": ("che cosa succede ora", "Non devi fare nulla: riceverai la nuova decisione."),
        "ricorso": ("come ricorrere", "Puoi ricorrere al TAR entro 60 giorni."),
    },
    is_legal=True,
)
KINDS: tuple[LetterKind, ...] = (
    RECEIPT,
    WITHDRAWAL,
    INTEGRATION,
    NOTICE,
    APPROVAL,
    REFUSAL,
    REMINDER,
    REVIEW,
)
