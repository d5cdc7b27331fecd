"""Filters and tags of the templates, and the page every page extends."""

import re
from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from piutempo.kernel.periods import Month
from piutempo.ui.charts import bar_chart, line_chart
from piutempo.ui.templatetags import piutempo as tags


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (tags.euro(123450), "1.234,50\u00a0€"),
        (tags.euro(-5), "-0,05\u00a0€"),
        (tags.euro(None), ""),
        (tags.bp(5288), "52,88\u00a0%"),
        (tags.bp(-150), "-1,50\u00a0%"),
        (tags.count(18010), "18.010"),
        (tags.day(date(2026, 12, 31)), "31/12/2026"),
        (tags.day(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)), "01/01/2027"),
        (tags.last_day(date(2011, 11, 1)), "31/10/2011"),
        (tags.moment(datetime(2026, 7, 1, 8, 0, tzinfo=UTC)), "01/07/2026 ore 10:00"),
        (tags.month(date(2011, 3, 1)), "marzo 2011"),
        (tags.month(Month(2011, 3)), "marzo 2011"),
    ],
)
def test_italians_read_amounts_and_dates_as_they_write_them(shown: str, text: str):
    assert shown == text


def test_months_take_their_capital_in_english():
    with translation.override("en"):
        assert tags.month(date(2011, 3, 1)) == "March 2011"


def test_icons_are_decoration():
    html = tags.icon("user", "icon-white")
    assert 'aria-hidden="true"' in html and html.endswith('sprites.svg#it-user"></use></svg>')


def test_the_title_of_the_page_is_its_heading_without_markup():
    page = Template('{% extends "ui/page.html" %}{% block page_title %}Le <b>mie</b> {{ x }}{% endblock %}')
    html = page.render(Context({"x": "a & b"}))
    assert "<title>Le mie a &amp; b · PiùTempo</title>" in re.sub(r"\s+", " ", html)
    assert "<h1>Le <b>mie</b> a &amp; b</h1>" in html
    assert 'aria-current="page">Le mie a &amp; b</li>' in html


@pytest.mark.django_db
def test_the_structure_of_a_public_service_site(client: Client):
    html = client.get("/aiuto/").content.decode()
    for part in (
        'href="#content"',
        'id="content"',
        'data-element="accessibility-link"',
        'data-element="privacy-policy-link"',
        "it-header-slim-wrapper",
        "it-footer-small-prints",
        'aria-label="Percorso di navigazione"',
        '<html lang="it">',
    ):
        assert part in html
    assert html.count("<h1") == 1


@pytest.mark.django_db
def test_no_page_asks_another_host_or_runs_inline_code(client: Client):
    answer = client.get("/")
    html = answer.content.decode()
    assert not re.search(r"(src|href)=\"(https?:)?//", html)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("chart", [bar_chart, line_chart])
def test_a_chart_is_a_picture_with_words_and_its_numbers(chart):  # type: ignore[no-untyped-def]
    drawn = chart(
        title="Spesa",
        description="Cresce fino a marzo.",
        x_label="Mese",
        y_label="Euro",
        kind="euro",
        rows=[("gen", 1_250_000_00), ("feb", 2_500_000_00)],
    )
    assert drawn.svg.startswith("<svg") and "1.000.000" in drawn.svg
    html = Template("{% render_chart chart %}").render(Context({"chart": drawn}))
    assert 'alt="Cresce fino a marzo."' in html and "data:image/svg+xml;base64," in html
    assert "1.250.000,00\u00a0€" in html and "<caption>Spesa</caption>" in html


@pytest.mark.django_db
def test_a_missing_page_says_what_to_do(client: Client):
    answer = client.get("/non-esiste/")
    assert answer.status_code == 404
    assert "Riparti dalla home" in answer.content.decode()


def test_the_page_of_an_error_needs_nothing_that_may_be_broken():
    html = Template('{% include "500.html" %}').render(Context())
    assert "Qualcosa non ha funzionato" in html and "/contatti/" in html


@pytest.mark.django_db
def test_the_language_can_be_changed_and_stays(client: Client):
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/aiuto/"})
    assert answer.status_code == 302 and answer["Location"] == "/aiuto/"
    assert '<html lang="en">' in client.get("/aiuto/").content.decode()
