"""A wrong file is refused with everything that is wrong, where, and what would be right."""

import tomllib

import pytest

from piutempo.programmes.rules.problems import ProgrammeRefused
from piutempo.programmes.rules.reading import hash_data, parse_toml, read_terms
from piutempo.programmes.rules.shape import PROGRAMME, Table
from piutempo.programmes.rules.writing import write_toml
from tests.programmes.factories import HISTORIC, LIVE, RANKED, changed, file_text, read

FILES = [HISTORIC, LIVE, "fondo-limitato", RANKED]


@pytest.mark.parametrize("code", FILES)
def test_shipped_files_are_right(code):
    assert read(file_text(code)).code == code


def test_the_historic_programme_says_what_the_source_says():
    terms = read(file_text())
    assert terms.fund("sovvenzione").budget_cents == 520_000_000
    product = terms.product("buono-servizi")
    assert (product.month_cents, product.face_cents, product.title_count, product.max_months) == (25_000, 1_000, 25, 10)
    assert terms.product("buono-acquisto").network != product.network
    assert len([s for s in terms.services if s.network == product.network]) == 9
    late = [s for s in terms.services if s.valid_from.year == 2011]
    assert len(late) == 3, "three services came into the catalogue later"
    bodies = {b.name: b for b in terms.desks.bodies}
    assert not any(bodies[name].delivers for name in ("ITAL", "INCA", "INAS", "ACLI"))
    assert bodies["EnAIP"].delivers


@pytest.mark.parametrize("code", FILES)
def test_written_toml_reads_back_the_same(code):
    data, _lines = parse_toml(file_text(code), code)
    again, _lines = parse_toml(write_toml(data, based_on=4), code)
    assert again.pop("based_on") == 4
    assert again == data
    assert hash_data(again) == hash_data(data)


#: (what is changed, path of the error, something it must say)
BAD = [
    ('code = "dote"', "cod = 'dote'", "eligibility.criteria[0].cod", "Forse volevi «code»"),
    ("overcommit_bp = 0", 'overcommit_bp = "0"', "funds[0].overcommit_bp", "numero intero di punti base"),
    ("overcommit_bp = 0", "overcommit_bp = 10001", "funds[0].overcommit_bp", "da 0 a 10000"),
    ('budget = "5.200.000,00"', 'budget = "10,005"', "funds[0].budget", "al massimo due decimali"),
    ('budget = "5.200.000,00"', "budget = 5200000.0", "funds[0].budget", "tra virgolette"),
    ('budget = "5.200.000,00"', 'budget = "5.200.000,01"', "funds[0].budget", "non si divide"),
    ("share_bp = 1800", "share_bp = 1799", "funds[0].sources", "sommano a 9999"),
    ('act = "sovvenzione-globale"', 'act = "sovvenzione-global"', "funds[0].act", "«sovvenzione-globale»"),
    ('fund = "sovvenzione"', 'fund = "altro"', "products[0].fund", "non è un fondo"),
    ('network = "operatori-servizi"', 'network = "operatori"', "products[0].network", "non è una rete"),
    ('month = "250,00"', 'month = "240,00"', "products[0].month", "fanno 250,00 €, non 240,00 €"),
    ("title_count = 25", "title_count = 63", "products[0].title_count", "da 1 a 62"),
    ('form = "titles"', 'form = "title"', "products[0].form", "Forse volevi «titles»"),
    ('face = "10,00"', 'face = "10,01"', "products[0].face", "non si divide in centesimi interi"),
    ("closes_at = 2011-04-01T00:00:00", "closes_at = 2010-01-31T00:00:00", "windows[0].closes_at", "prima di aprire"),
    ("closes_at = 2011-04-01T00:00:00", "closes_at = 2011-04-01T00:00:00Z", "windows[0].closes_at", "senza fuso"),
    ("closes_at = 2011-04-01T00:00:00", "closes_at = 2013-04-01T00:00:00", "windows[0].closes_at", "dopo la fine"),
    ("ends_on = 2012-01-01", "ends_on = 2009-01-01", "ends_on", "dopo l'inizio"),
    ('unit = "month"', "", "services[0].ceilings[0].max_price", "non ha unità"),
    ('unit = "month"', 'unit = "fortnight"', "services[0].unit", "non è ammesso"),
    ("valid_until = 2011-01-01", "valid_until = 2011-02-01", "services[0].ceilings[1].valid_from", "si sovrappone"),
    ("valid_from = 2011-01-15", "valid_from = 2011-01-10", "services[6].ceilings[0].valid_from", "falli coincidere"),
    ("max_age = 4", "max_age = 0", "services[0].needs_person", None),
    ('code = "baby-sitting"', 'code = "prima-infanzia"', "services[1].code", "c'è già in services[0]"),
    ("parents == 1", "parent == 1", "eligibility.criteria[3].expression", "«parents»"),
    ("parents == 1", "parents == 1.0", "eligibility.criteria[3].expression", "numeri con la virgola"),
    ("parents == 1 &&", "parents == 1 &", "eligibility.criteria[3].expression", "non si legge"),
    ("m.assigned_on >=", "m.asigned_on >=", "eligibility.criteria[0].expression", "«assigned_on»"),
    (
        "non_self_sufficient_cohabiting >= 1",
        "non_self_sufficient_cohabiting",
        "eligibility.criteria[5].expression",
        "vero o falso",
    ),
    ("parents == 1 &&", "nope(parents) &&", "eligibility.criteria[3].expression", "non si può calcolare"),
    ('group = "carichi-di-cura"', 'group = "carichi"', "eligibility.criteria[2].group", "«carichi-di-cura»"),
    ('governed_by = "submitted_on"', 'governed_by = "decided_on"', "eligibility.governed_by", "submitted_on"),
    ('waiting_order = ["submitted_at"', 'waiting_order = ["age"', "waiting_order[0]", "con cui ordinare"),
    ('"BG"', '"Bergamo"', "provinces[0]", "sigla"),
    ('title = "Obiettivo Conciliazione"', 'title = "  "', "title", "testo non vuoto"),
    ("proxy_allowed = true", 'proxy_allowed = "sì"', "desks.proxy_allowed", "true o false"),
    ("starts_on = 2010-01-01", 'starts_on = "1 gennaio"', "starts_on", "anno-mese-giorno"),
    ("valid_months = 12", "valid_months = 0", "products[0].valid_months", "almeno 1"),
]


@pytest.mark.parametrize(("old", "new", "path", "says"), BAD, ids=lambda value: str(value)[:40])
def test_a_wrong_file_says_what_where_and_how_to_mend(old, new, path, says):
    if path == "services[0].needs_person":
        text = changed(("needs_person = true", "needs_person = false"))
    elif path.startswith("services[6]"):
        text = changed(("valid_from = 2011-01-15\nneeds", "valid_from = 2011-01-10\nneeds"))
    else:
        text = changed((old, new))
    with pytest.raises(ProgrammeRefused) as refused:
        read(text)
    found = [p for p in refused.value.problems if p.path == path]
    assert found, [str(p) for p in refused.value.problems]
    assert says is None or any(says in p.sentence for p in found), [p.sentence for p in found]
    assert found[0].line, "a line of the file"
    assert "prova.toml, riga" in str(refused.value)


POINTS = file_text(RANKED)[file_text(RANKED).index("  [[ranking.points]]") : file_text(RANKED).index("[checks]")]
#: The same for the ranking programme: procedure, ranking and checks.
BAD_RANKED = [
    ('allocation = "ranking"', 'allocation = "first_come"', "procedure.allocation", "ordine di arrivo"),
    ('allocation = "ranking"', 'allocation = "rank"', "procedure.allocation", "Forse volevi «ranking»"),
    ("term_days = 90", "term_days = 0", "procedure.term_days", "da 1 a 365"),
    ("reminder_days = [7, 2]", "reminder_days = [15, 2]", "procedure.reminder_days[0]", "il termine è di 15 giorni"),
    ("reminder_days = [7, 2]", "reminder_days = [2, 2]", "procedure.reminder_days", "due volte"),
    ("reminder_days = [7, 2]", 'reminder_days = ["7"]', "procedure.reminder_days", "numeri interi"),
    ("minors_cohabiting * 5", "minors_cohabiting > 1", "ranking.points[1].expression", "un numero intero"),
    ("minors_cohabiting * 5", "minors * 5", "ranking.points[1].expression", "«minors_cohabiting»"),
    ('code = "figli-minorenni"', 'code = "isee"', "ranking.points[1].code", "c'è già"),
    ('tie_break = ["-minors', 'tie_break = ["-minor', "ranking.tie_break[0]", "con cui ordinare"),
    ("2026-10-31T12:00:00\n\n  [[", "2027-06-30T12:00:00\n\n  [[", "ranking.cut_offs[1].closes_at", "in ordine"),
    (
        "2026-10-31T12:00:00\n\n  [[",
        "2026-11-01T12:00:00\n\n  [[",
        "ranking.cut_offs[0].closes_at",
        "fuori dai periodi",
    ),
    (
        "2027-06-30T12:00:00\n\n[checks",
        "2027-05-30T12:00:00\n\n[checks",
        "ranking.cut_offs[1].closes_at",
        "anche per le ultime",
    ),
    ('waiting_order = ["cut_off", "position"]', 'waiting_order = ["number"]', "waiting_order", "segue la graduatoria"),
    ("share_bp = 2000", "share_bp = 0", "checks.risk_classes[0].share_bp", "quota zero"),
    ("household_size >= 1", "household_size", "checks.risk_classes[1].expression", "vero o falso"),
    (POINTS, "\n", "ranking.points", "servono i punteggi"),
    (POINTS, "\n", "ranking.cut_offs", "serve un termine"),
]


@pytest.mark.parametrize(("old", "new", "path", "says"), BAD_RANKED, ids=lambda value: str(value)[:40])
def test_a_ranking_that_does_not_hold_together_is_refused(old, new, path, says):
    with pytest.raises(ProgrammeRefused) as refused:
        read(changed((old, new), code=RANKED))
    found = [p for p in refused.value.problems if p.path == path]
    assert any(says in p.sentence for p in found), [str(p) for p in refused.value.problems]


def test_the_older_programmes_need_none_of_the_new_tables():
    terms = read(file_text("fondo-limitato"))
    assert (terms.procedure.allocation, terms.procedure.term_days) == ("first_come", 30)
    assert (terms.ranking.points, terms.checks.risk_classes) == ((), ())


def test_the_line_is_the_line_of_the_key():
    text = changed(('max_price = "11,00"', 'max_price = "undici"'))
    with pytest.raises(ProgrammeRefused) as refused:
        read(text)
    (problem,) = refused.value.problems
    assert problem.path == "services[1].ceilings[1].max_price"
    assert "undici" in text.splitlines()[problem.line - 1]


def test_every_error_is_told_at_once():
    text = changed(
        ("share_bp = 1800", "share_bp = 1799"), ("parents == 1", "parent == 1"), ('unit = "month"', 'unit = "week"')
    )
    with pytest.raises(ProgrammeRefused) as refused:
        read(text)
    assert {p.path.split("[")[0] for p in refused.value.problems} >= {"funds", "eligibility.criteria", "services"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'code = "prova\n', "non è TOML valido"),
        ('titolo = "città"'.encode("latin-1"), "UTF-8"),
        (b"", "Manca la chiave «code»"),
        (b'code = "a"\ncode = "b"\n', "non è TOML valido"),
    ],
)
def test_malformed_files(content, says):
    with pytest.raises(ProgrammeRefused, match=says):
        read_terms(parse_toml(content, "rotto.toml")[0], file="rotto.toml")


def test_a_missing_key_says_what_it_means():
    with pytest.raises(ProgrammeRefused, match=r"Manca la chiave «wording».*Dicitura stampata"):
        read("\n".join(line for line in file_text().splitlines() if not line.startswith("wording")))


def test_every_key_is_documented(settings):
    page = (settings.BASE_DIR / "docs" / "programme-file.md").read_text()

    def keys(table: Table):
        for key in table.keys:
            yield key
            if key.table:
                yield from keys(key.table)

    for key in keys(PROGRAMME):
        assert f"`{key.name}`" in page, key.name
        assert key.meaning in page, key.name


def test_toml_of_the_docs_is_toml(settings):
    page = (settings.BASE_DIR / "docs" / "programme-file.md").read_text()
    blocks = [part.split("```")[0] for part in page.split("```toml\n")[1:]]
    assert blocks
    for block in blocks:
        tomllib.loads(block)
