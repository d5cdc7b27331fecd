"""Files and drafts become immutable versions; money follows; old versions stay."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from piutempo.ledger.models import Allocation
from piutempo.ledger.selectors import get_available_cents, list_sources
from piutempo.programmes.models import Fund, Programme, ProgrammeVersion
from piutempo.programmes.rules.problems import ProgrammeRefused
from piutempo.programmes.rules.refusals import Refusal
from piutempo.programmes.selectors import (
    NoVersionInForce,
    get_current_terms,
    get_fund_pot,
    get_terms,
    get_version_at,
    list_open_programmes,
)
from piutempo.programmes.services import (
    VersionRefused,
    compare,
    create_draft,
    drop_draft,
    load_programme,
    publish_version,
    save_draft,
)
from tests.programmes.factories import AT, HISTORIC, LIVE, load, read, write

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LATER = ("valid_from = 2010-01-01", "valid_from = 2010-06-01")
CEILING = ('max_price = "12,00"', 'max_price = "13,00"')


def test_loading_opens_the_fund_with_its_money():
    result = load()
    pot = get_fund_pot(result.programme, "sovvenzione")
    assert pot.code == f"{HISTORIC}/sovvenzione"
    assert get_available_cents(pot.pk) == 520_000_000
    assert [s.share_bp for s in list_sources(pot.pk)] == [4000, 4200, 1800]


def test_loading_twice_changes_nothing():
    first, second = load(), load()
    assert (first.is_new, second.is_new) == (True, False)
    assert second.version.pk == first.version.pk
    assert (ProgrammeVersion.objects.count(), Fund.objects.count(), Allocation.objects.count()) == (1, 1, 1)


def test_a_changed_file_becomes_a_new_dated_version_and_the_old_one_stays(tmp_path):
    first = load()
    result = load_programme(write(tmp_path, LATER, CEILING), at=AT)
    assert (result.is_new, result.version.number, result.version.based_on_id) == (True, 2, first.version.pk)
    paths = [d.path for d in result.differences]
    assert paths == ["valid_from", "services[lavori-domestici].ceilings[2010-02-01].max_price"]
    assert get_version_at(first.programme, date(2010, 5, 31)).number == 1
    assert get_version_at(first.programme, date(2010, 6, 1)).number == 2
    old, new = get_terms(first.version.pk), get_terms(result.version.pk)
    assert old.service("lavori-domestici").ceilings[0].unit_cents == 1_200
    assert new.service("lavori-domestici").ceilings[0].unit_cents == 1_300
    assert get_available_cents(get_fund_pot(first.programme, "sovvenzione").pk) == 520_000_000


def test_a_changed_file_from_the_same_day_is_refused(tmp_path):
    load()
    with pytest.raises(VersionRefused) as refused:
        load_programme(write(tmp_path, CEILING), at=AT)
    assert refused.value.code == Refusal.NOT_LATER
    assert ProgrammeVersion.objects.count() == 1


def test_a_wrong_file_leaves_nothing(tmp_path):
    with pytest.raises(ProgrammeRefused):
        load_programme(write(tmp_path, ("share_bp = 1800", "share_bp = 1799")), at=AT)
    assert not Programme.objects.exists()


def test_a_file_that_goes_back_to_an_old_text_is_refused(tmp_path):
    load()
    load_programme(write(tmp_path, LATER, CEILING), at=AT)
    with pytest.raises(VersionRefused) as refused:
        load()
    assert refused.value.code == Refusal.NOT_HEAD
    assert refused.value.differences


def test_a_file_never_undoes_a_version_of_the_pages(tmp_path):
    programme = load(LIVE).programme
    draft = create_draft(programme=programme, at=NOW)
    publish_version(draft=_with_summary(draft, "Nuovo"), valid_from=date(2026, 12, 1), at=NOW)
    changes = (
        ("valid_from = 2026-01-01\nstarts", "valid_from = 2027-01-01\nstarts"),
        ('max_price = "6,50"', 'max_price = "7,00"'),
    )
    path = write(tmp_path, *changes, code=LIVE)
    with pytest.raises(VersionRefused) as refused:
        load_programme(path, at=NOW)
    assert refused.value.code == Refusal.NOT_HEAD
    assert any(d.path == "summary" for d in refused.value.differences)
    text = StringIO()
    call_command("export_programme", LIVE, stdout=text)
    exported = text.getvalue()
    assert "based_on = 2" in exported
    path.write_text(
        exported.replace("valid_from = 2026-12-01", "valid_from = 2027-01-01", 1).replace('"6,50"', '"7,00"')
    )
    assert load_programme(path, at=NOW).version.number == 3
    path.write_text(
        exported.replace("valid_from = 2026-12-01", "valid_from = 2027-02-01", 1).replace('"6,50"', '"8,00"')
    )
    with pytest.raises(VersionRefused) as refused:
        load_programme(path, at=NOW)
    assert refused.value.code == Refusal.WRONG_BASE


def _with_summary(draft, summary):
    return save_draft(draft=draft, data={**draft.data, "summary": summary}, at=NOW)


def test_a_published_version_never_changes():
    version = load().version
    for attempt in (
        lambda: ProgrammeVersion.objects.filter(pk=version.pk).update(note="x"),
        lambda: ProgrammeVersion.objects.filter(pk=version.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            attempt()
    with pytest.raises(VersionRefused):
        save_draft(draft=version, data=version.data, at=NOW)
    with pytest.raises(VersionRefused):
        drop_draft(draft=version, at=NOW)


def test_a_draft_is_compared_and_published_from_a_day():
    programme = load(LIVE).programme
    draft = _with_summary(create_draft(programme=programme, at=NOW, note="prova"), "Nuova frase")
    (difference,) = compare(draft.based_on, draft)
    assert difference.path == "summary"
    assert "diventa «Nuova frase»" in difference.sentence
    with pytest.raises(ValueError, match="draft"):
        get_terms(draft.pk)
    version = publish_version(draft=draft, valid_from=date(2026, 12, 1), at=NOW)
    assert get_current_terms(programme, date(2026, 11, 30)).summary != "Nuova frase"
    assert get_current_terms(programme, date(2026, 12, 1)).summary == "Nuova frase"
    assert get_terms(version.pk).valid_from == date(2026, 12, 1)


def test_a_draft_keeps_what_it_said_when_an_edit_is_wrong():
    draft = create_draft(programme=load(LIVE).programme, at=NOW)
    before = draft.data_hash
    with pytest.raises(ProgrammeRefused):
        save_draft(draft=draft, data={**draft.data, "sumary": "x"}, at=NOW)
    with pytest.raises(VersionRefused) as refused:
        save_draft(draft=draft, data={**draft.data, "code": "altro"}, at=NOW)
    assert refused.value.code == Refusal.OTHER_CODE
    draft.refresh_from_db()
    assert draft.data_hash == before


@pytest.mark.parametrize(
    ("change", "day", "code"),
    [
        ({}, date(2026, 12, 1), Refusal.NOTHING_CHANGED),
        ({"summary": "x"}, date(2026, 11, 19), Refusal.IN_THE_PAST),
        ({"summary": "x"}, date(2025, 12, 1), Refusal.NOT_LATER),
        ({"budget": "700.000,00"}, date(2026, 12, 1), Refusal.BUDGET_SAME_ACT),
        ({"budget": "500.000,00"}, date(2026, 12, 1), Refusal.BUDGET_LOWER),
        ({"shares": (5000, 5000)}, date(2026, 12, 1), Refusal.OTHER_SOURCES),
    ],
)
def test_what_may_not_be_published(change, day, code):
    draft = create_draft(programme=load(LIVE).programme, at=NOW)
    data = dict(draft.data)
    fund = dict(data["funds"][0])
    if "budget" in change:
        fund["budget"] = change["budget"]
    if "shares" in change:
        fund["sources"] = [{**s, "share_bp": bp} for s, bp in zip(fund["sources"], change["shares"])]
    data |= {"funds": [fund]} | {k: v for k, v in change.items() if k == "summary"}
    draft = save_draft(draft=draft, data=data, at=NOW)
    with pytest.raises(VersionRefused) as refused:
        publish_version(draft=draft, valid_from=day, at=NOW)
    assert refused.value.code == code
    draft.refresh_from_db()
    assert draft.status == "draft", "nothing half-done"


def test_a_new_act_adds_money():
    programme = load(LIVE).programme
    draft = create_draft(programme=programme, at=NOW)
    act = {"code": "rifinanziamento", "title": "Rifinanziamento", "on": "2026-11-15"}
    fund = {
        **draft.data["funds"][0],
        "budget": "700.000,00",
        "act": "rifinanziamento",
        "allocated_on": "2026-11-20",
        "overcommit_bp": 700,
    }
    data = {**draft.data, "acts": [*draft.data["acts"], act], "funds": [fund]}
    publish_version(draft=save_draft(draft=draft, data=data, at=NOW), valid_from=date(2026, 12, 1), at=NOW)
    pot = get_fund_pot(programme, "conciliazione")
    assert get_available_cents(pot.pk) == 70_000_000
    assert pot.overcommit_bp == 700


def test_a_draft_of_an_overtaken_version_is_stale():
    programme = load(LIVE).programme
    first, second = (create_draft(programme=programme, at=NOW) for _ in range(2))
    publish_version(draft=_with_summary(first, "A"), valid_from=date(2026, 12, 1), at=NOW)
    with pytest.raises(VersionRefused) as refused:
        publish_version(draft=_with_summary(second, "B"), valid_from=date(2026, 12, 2), at=NOW)
    assert refused.value.code == Refusal.STALE_DRAFT


def test_before_the_first_version_nothing_is_in_force():
    programme = load().programme
    with pytest.raises(NoVersionInForce):
        get_version_at(programme, date(2009, 12, 31))
    assert list_open_programmes(date(2009, 12, 31)) == []


def test_stored_data_say_what_the_file_said():
    version = load().version
    from tests.programmes.factories import file_text

    assert asdict(get_terms(version.pk)) == asdict(read(file_text()))


def test_reading_terms_again_asks_nothing(django_assert_max_num_queries):
    version = load().version
    get_terms(version.pk)
    with django_assert_max_num_queries(1):
        get_terms(version.pk)


def test_the_command_loads_all_and_tells_errors(tmp_path):
    out, err = StringIO(), StringIO()
    call_command("load_programmes", stdout=out, stderr=err)
    assert f"{HISTORIC}.toml: versione 1" in out.getvalue()
    bad = tmp_path / "rotto.toml"
    bad.write_text('code = "x')
    good = write(
        tmp_path,
        ("valid_from = 2026-01-01\nstarts", "valid_from = 2027-01-01\nstarts"),
        ('max_price = "6,50"', 'max_price = "7,00"'),
        code=LIVE,
    )
    with pytest.raises(CommandError, match="2 file non caricati su 3"):
        call_command("load_programmes", bad, good, tmp_path / "manca.toml", stdout=out, stderr=err)
    assert "rotto.toml, riga 1" in err.getvalue()
    assert "manca.toml: il file non c'è" in err.getvalue()
    assert f"{LIVE}.toml: versione 2" in out.getvalue(), "a refused file does not stop the others"


def test_an_unchanged_draft_of_tomorrow_does_not_hide_today():
    programme = load(LIVE).programme
    draft = _with_summary(create_draft(programme=programme, at=NOW), "Domani")
    publish_version(draft=draft, valid_from=NOW.date() + timedelta(days=1), at=NOW)
    ((_programme, terms),) = list_open_programmes(NOW.date())
    assert terms.summary != "Domani"
