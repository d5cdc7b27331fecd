"""The English switch: public and citizen pages speak English, and Italian comes back."""

import pytest

from tests.stories.conftest import Opener

pytestmark = pytest.mark.browser


def switch(one: object, language: str) -> None:
    """Press the language's button in the header."""
    one.page.get_by_role("button", name=language).first.click()  # type: ignore[attr-defined]
    one.page.wait_for_load_state()  # type: ignore[attr-defined]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_the_public_pages_speak_english_and_italian_again(visitor: Opener, phone: bool) -> None:
    one = visitor(phone=phone).go("/")
    assert one.page.locator("html").get_attribute("lang") == "it"
    italian = one.page.locator("h1").inner_text()
    switch(one, "EN")
    assert one.page.locator("html").get_attribute("lang") == "en"
    assert one.page.locator("h1").inner_text() != italian
    for path, words in (
        ("/dove-spendere/", "Where to spend"),
        ("/accedi/", "Sign in"),
        ("/verifica/piu-tempo-2026/", "child"),
    ):
        one.go(path).reads(words)
    one.go("/")
    switch(one, "IT")
    assert one.page.locator("h1").inner_text() == italian


def test_the_citizen_reads_her_application_in_english(visitor: Opener) -> None:
    one = visitor("Giulia Conti").go("/cittadino/")
    switch(one, "EN")
    one.go("/cittadino/").reads("My applications")
    assert "Le mie domande" not in one.text
    one.go("/cittadino/buoni/").reads("You can still spend", "Last day")
    assert "Puoi ancora" not in one.text
    assert one.page.locator("html").get_attribute("lang") == "en"
