"""The main journeys by keyboard alone: Tab, Enter, Space and typing. No mouse."""

import pytest

from tests.stories.conftest import Opener, Served, Visitor
from tests.stories.people import CHILDREN, FAMILIES

pytestmark = pytest.mark.browser
#: Who is in focus, as a screen reader would say it: label, name or text.
IN_FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "";
  const labels = e.labels ? [...e.labels].map(l => l.innerText).join(" ") : "";
  const said = e.getAttribute("aria-label") || labels || e.innerText || e.textContent || e.value || "";
  return said.replace(/\\s+/g, " ").trim();
}"""
IS_SEEN = """() => {
  const s = getComputedStyle(document.activeElement), b = document.activeElement.getBoundingClientRect();
  const isMarked = s.outlineStyle !== "none" || s.boxShadow !== "none";
  return b.width > 0 && b.height > 0 && s.visibility !== "hidden" && isMarked;
}"""
#: Presses of Tab before giving up: a page that needs more is not usable by keyboard.
MOST = 90


class Typist:
    """Somebody without a mouse."""

    def __init__(self, one: Visitor) -> None:
        self.one = one
        self.keys = one.page.keyboard

    def reach(self, words: str) -> "Typist":
        """Press Tab until what is in focus starts with these words; the focus must be visible."""
        said = []
        for _ in range(MOST):
            self.keys.press("Tab")
            said.append(self.one.page.evaluate(IN_FOCUS))
            if said[-1].casefold().startswith(words.casefold()):
                assert self.one.page.evaluate(IS_SEEN), f"the focus on «{words}» cannot be seen on {self.one.page.url}"
                return self
        pytest.fail(f"«{words}» cannot be reached by Tab on {self.one.page.url}; there were: {said}")

    def press(self, words: str, key: str = "Enter") -> "Typist":
        """Reach a link or button and press it: Enter leads to another page."""
        self.reach(words)
        if key != "Enter":
            self.keys.press(key)
            return self
        with self.one.page.expect_navigation():
            self.keys.press(key)
        return self

    def write(self, words: str, text: str) -> "Typist":
        """Reach a field and type."""
        self.reach(words).keys.type(text)
        return self


def become(visitor: Opener, full_name: str, path: str) -> tuple[Visitor, Typist]:
    """Sign in by keyboard and open an address."""
    one = visitor()
    typist = Typist(one.go("/demo/"))
    typist.press(f"Entra come {full_name}")
    assert "/area/" in one.page.url
    return one.go(path), typist


def test_the_first_tab_skips_to_the_contents(visitor: Opener) -> None:
    one = visitor().go("/")
    one.page.keyboard.press("Tab")
    assert one.page.evaluate(IN_FOCUS) == "Vai ai contenuti"
    one.page.keyboard.press("Enter")
    assert one.page.evaluate("document.activeElement.id") == "content"


def test_a_citizen_applies_by_keyboard(visitor: Opener, served: Served) -> None:
    lucia, luca = FAMILIES["moretti"], CHILDREN["moretti"]
    one, typist = become(visitor, "Lucia Moretti", "/cittadino/")
    typist.write("Codice fiscale", lucia.code).write("Nome", lucia.given).write("Cognome", lucia.family).press("Salva")
    one.reads("Ciao, Lucia")
    typist.press("Fai domanda PiùTempo 2026")
    typist.press("Salva e continua")
    typist.write("Codice fiscale", luca.code).write("Nome", luca.given).write("Cognome", luca.family)
    typist.write("Che cosa è per chi fa domanda", "figlio").press("Aggiungi al nucleo")
    one.reads("Luca Moretti è nel nucleo")
    typist.press("Il nucleo è completo")
    typist.write("ISEE del nucleo", "12.000,00").press("Salva e continua")
    one.reads("Passo 4 di 6: Le prove")
    typist.press("Continua: riepilogo")
    typist.press("Dichiaro che i dati sono veri", "Space").press("Presenta la domanda")
    one.reads("Domanda presentata")
    assert served.value(
        f"""SELECT a.status FROM applications_application a JOIN people_person p ON p.id = a.applicant_id
        WHERE p.fiscal_code = '{lucia.code}'"""
    ) == "submitted"  # fmt: skip


def test_an_officer_decides_by_keyboard(visitor: Opener, served: Served) -> None:
    one, typist = become(visitor, "Carla Neri", "/ufficio/domande/?status=submitted")
    number = served.value(
        f"""SELECT a.number FROM applications_application a JOIN people_person p ON p.id = a.applicant_id
        WHERE p.fiscal_code = '{FAMILIES["villa"].code}'"""
    )
    row = one.page.locator("main tbody tr", has_text="Villa").get_by_role("link").first.inner_text()
    assert str(number) in row
    typist.press(row)
    one.reads("Marco Villa", "Secondo le regole la famiglia ha diritto")
    typist.press("Approva…").write("Nota dell'ufficio", "Documenti visti").press("Proponi l'approvazione")
    one.reads("Proposta da firmare", "Documenti visti")


def test_a_provider_redeems_by_keyboard(visitor: Opener, served: Served) -> None:
    one, typist = become(visitor, "Davide Riva", "/operatore/registra/")
    typist.write("Codici", served.title("titles", 11)).press("Controlla")
    one.reads("Giulia Conti")
    typist.write("Servizio", "Nido").write("Persona assistita", CHILDREN["conti"].given).press("Conferma e registra")
    one.reads("Registrati 10,00 €")


def test_a_list_of_errors_takes_the_focus_and_leads_to_the_field(visitor: Opener) -> None:
    one, typist = become(visitor, "Anna Sala", "/sportello/famiglie/nuova/")
    typist.press("Registra")
    assert one.page.evaluate("document.activeElement.classList.contains('pt-error-summary')")
    typist.reach("Codice fiscale").keys.press("Enter")
    assert one.page.evaluate("document.activeElement.name") == "fiscal_code"
