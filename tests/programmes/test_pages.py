"""The pages: public, self-check, and the manager's."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from piutempo.people.models import Role, Scope
from piutempo.programmes.models import ProgrammeVersion
from piutempo.programmes.services import create_draft
from tests.programmes.factories import AT, HISTORIC, LIVE, RANKED, load, make_user

pytestmark = pytest.mark.django_db


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def programme():
    return load(LIVE).programme


@pytest.fixture
def manager(client, programme):
    client.force_login(make_user(Role.PROGRAMME_MANAGER))
    return client


def test_public_pages_tell_the_terms(client, programme, django_assert_max_num_queries):
    load(HISTORIC)
    with django_assert_max_num_queries(4):
        assert "PiùTempo 2026" in text_of(client.get("/programmi/"))
    page = text_of(client.get(f"/programmi/{HISTORIC}/"))
    for said in ("250,00", "al massimo 10 mesi", "Dote Lavoro", "Dati illustrativi", "domande chiuse"):
        assert said in page
    assert client.get("/programmi/nessuno/").status_code == 404


def test_the_public_page_says_how_it_is_decided(client, programme):
    load(RANKED)
    page = text_of(client.get(f"/programmi/{RANKED}/"))
    for said in ("In graduatoria", "Fascia ISEE", "entrano le domande presentate prima del 31/10/2026", "TAR"):
        assert said in page, said
    assert "In ordine di arrivo" in text_of(client.get(f"/programmi/{LIVE}/"))


def test_the_self_check_asks_only_what_the_rules_read(client, programme):
    load(HISTORIC)
    live = set(client.get(f"/verifica/{LIVE}/").context["form"].fields)
    assert "isee_cents" in live
    assert not {"has_partner", "short_time_work", "has_training", "measure_0", "province"} & live
    old = set(client.get(f"/verifica/{HISTORIC}/").context["form"].fields)
    assert {"measure_0", "has_training", "short_time_work", "has_partner"} <= old
    assert "isee_cents" not in old


DOTE = {
    "measure_0": "yes",
    "measure_0_on": "2010-02-10",
    "has_training": "yes",
    "training_from": "2011-04-01",
    "training_last_day": "2011-06-30",
}


@pytest.mark.parametrize(
    ("code", "answers", "outcome"),
    [
        (LIVE, {"has_children": "yes", "child_ages": "3, 11", "isee_cents": "18.500,00"}, "yes"),
        (LIVE, {"has_children": "yes", "child_ages": "3", "isee_cents": "40.000,01"}, "no"),
        (LIVE, {"has_children": "yes", "child_ages": "15", "non_self_sufficient": "no", "isee_cents": "1"}, "no"),
        (LIVE, {"has_children": "no", "non_self_sufficient": "yes", "isee_cents": "1"}, "yes"),
        (LIVE, {}, "missing"),
        (HISTORIC, DOTE | {"has_partner": "no", "child_ages": "8"}, "yes"),
        (HISTORIC, DOTE | {"has_partner": "yes", "child_ages": "8", "non_self_sufficient": "no"}, "missing"),
        (HISTORIC, DOTE | {"has_partner": "yes", "child_ages": "8, 9"}, "yes"),
        (HISTORIC, {"measure_0": "no", "has_partner": "yes", "child_ages": "8, 9", "has_training": "yes"}, "no"),
        (
            HISTORIC,
            DOTE | {"has_training": "no", "training_from": "", "training_last_day": "", "child_ages": "8"},
            "no",
        ),
    ],
)
def test_the_self_check_answers_without_storing(client, refuse_writes, programme, code, answers, outcome):
    load(HISTORIC)
    with refuse_writes():
        answer = client.post(f"/verifica/{code}/", answers)
    assert answer.status_code == 200
    assert answer.context["evaluation"].outcome == outcome
    assert "sessionid" not in answer.cookies
    assert answer.context["reasons"], "always says why"


def test_it_depends_on_names_each_question_to_answer(client, programme):
    page = client.post(f"/verifica/{LIVE}/", {"has_children": "yes", "child_ages": "3"})
    assert [label for label, _anchor, _effects in page.context["depends"]] == ["ISEE della famiglia"]
    (_label, anchor, effects) = page.context["depends"][0]
    assert f'id="{anchor}"' in page.content.decode(), "the link leads to the question"
    assert effects == [
        "se l'ISEE è fino a 40.000,00\u00a0€: puoi chiedere i buoni",
        "se l'ISEE è oltre 40.000,00\u00a0€: non puoi chiederli",
    ]
    everything = client.post(f"/verifica/{LIVE}/", {}).context["depends"]
    assert len(everything) == 3, "children, care, ISEE: nothing that the rules do not read"
    for _label, anchor, _effects in everything:
        assert f'id="{anchor}"' in page.content.decode()


def test_the_why_panel_says_what_was_read_what_decided_and_what_would_change_it(client, programme):
    answers = {"has_children": "yes", "child_ages": "15", "non_self_sufficient": "no", "isee_cents": "18.000,00"}
    page = text_of(client.post(f"/verifica/{LIVE}/", answers))
    assert "età dei figli conviventi: 15" in page
    assert "decisivo" in page
    assert "Avviso, articolo 3" in page
    assert "Se con te vive anche un figlio di 13 anni: puoi chiedere i buoni." in page
    assert "non autosufficiente? Se rispondi sì: puoi chiedere i buoni." in page
    hopeless = answers | {"isee_cents": "50.000,00"}
    assert "Nessuna risposta, da sola, la cambierebbe" in text_of(client.post(f"/verifica/{LIVE}/", hopeless))


def test_what_is_answered_is_kept_and_logged_nowhere(client, refuse_writes, programme, caplog):
    told = {"has_children": "yes", "child_ages": "3, 11", "isee_cents": "18.512,34"}
    with refuse_writes(), caplog.at_level("DEBUG"):
        answer = client.post(f"/verifica/{LIVE}/", told)
    assert "18.512,34" in answer.content.decode(), "shown again in the form"
    assert "18.512,34" not in caplog.text
    assert "1851234" not in caplog.text
    assert Session.objects.count() == 0
    assert not client.session.keys()
    assert answer.wsgi_request.sensitive_post_parameters == "__ALL__", "nor in the report of an error"
    assert "no-store" in answer["Cache-Control"]


def test_a_yes_says_how_many_months_and_what_to_bring(client):
    load(HISTORIC)
    page = text_of(client.post(f"/verifica/{HISTORIC}/", DOTE | {"has_partner": "no", "child_ages": "8"}))
    assert "Ti spetterebbero 3 mensilità, da aprile 2011" in page
    assert "Il documento di assegnazione della Dote" in page


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"child_ages": "tre"}, "separate da virgole"),
        ({"isee_cents": "10,005"}, "due decimali"),
        ({"has_children": "no", "child_ages": "3"}, "togli le età"),
    ],
)
def test_bad_answers_get_a_clear_message(client, programme, answers, says):
    answer = client.post(f"/verifica/{LIVE}/", answers)
    assert answer.status_code == 422
    assert says in text_of(answer)


def test_only_the_managers_of_a_programme_see_it(client, programme):
    other = load(HISTORIC).programme
    assert client.get("/programma/").status_code == 302
    client.force_login(make_user(Role.PROGRAMME_MANAGER, scope=Scope.PROGRAMME, scope_id=other.pk))
    page = text_of(client.get("/programma/"))
    assert "Obiettivo Conciliazione" in page
    assert "PiùTempo 2026" not in page
    assert client.get(f"/programma/{LIVE}/").status_code == 404
    assert client.post(f"/programma/{LIVE}/bozza/").status_code == 404


def test_a_reader_reads_but_opens_no_draft(client, programme):
    client.force_login(make_user(Role.AUDITOR))
    assert client.get(f"/programma/{LIVE}/versioni/1/").status_code == 200
    assert "Apri una bozza" not in text_of(client.get(f"/programma/{LIVE}/"))
    assert client.post(f"/programma/{LIVE}/bozza/").status_code == 403
    client.force_login(make_user(Role.CITIZEN, "maria"))
    assert client.get("/programma/").status_code == 403


def test_lists_cost_the_same_whatever_the_rows(manager, programme, django_assert_max_num_queries):
    for _ in range(3):
        create_draft(programme=programme, at=AT)
    with django_assert_max_num_queries(12):
        manager.get(f"/programma/{LIVE}/")
    with django_assert_max_num_queries(12):
        manager.get("/programma/")


def test_a_version_reads_as_pages_and_exports(manager):
    page = text_of(manager.get(f"/programma/{LIVE}/versioni/1/"))
    for said in ("600.000,00", "Un figlio con meno di 14 anni", "Baby sitting", "12,00", "child_ages.exists"):
        assert said in page, said
    for said in ("in ordine di arrivo", "15 giorni; promemoria 7, 2 giorni prima", "ISEE vicino al limite"):
        assert said in page, said
    export = manager.get(f"/programma/{LIVE}/versioni/1/toml/")
    assert "based_on = 1" in export.content.decode()
    assert f"{LIVE}-v1.toml" in export["Content-Disposition"]


@pytest.fixture
def draft(manager, programme):
    answer = manager.post(f"/programma/{LIVE}/bozza/", {"note": "Nuovi massimali"})
    assert answer.status_code == 302
    return ProgrammeVersion.objects.get(programme=programme, number=2)


def url(name):
    return reverse(f"programmes:{name}", args=[LIVE, 2])


def values_of(form):
    return {name: ("" if form[name].value() is None else form[name].value()) for name in form.fields}


def test_a_draft_is_edited_place_by_place(manager, draft):
    where = url("draft_place") + "?voce=services[1].ceilings[0]"
    values = values_of(manager.get(where).context["form"])
    assert values["max_price"] == "12,00"
    refused = manager.post(where, values | {"max_price": "10,005"})
    assert refused.status_code == 422
    assert "services[1].ceilings[0].max_price" in text_of(refused)
    assert manager.post(where, values | {"max_price": "12,50"}).status_code == 302
    page = text_of(manager.get(url("draft")))
    assert "services[baby-sitting].ceilings[2026-01-01].max_price" in page
    assert "era «12,00», diventa «12,50»" in page


@pytest.mark.parametrize(
    "path",
    [
        "",
        "windows[0]",
        "funds[0]",
        "funds[0].sources[1]",
        "products[1]",
        "services[0]",
        "eligibility",
        "eligibility.criteria[2]",
        "desks",
        "providers",
        "acts[0]",
        "procedure",
        "ranking",
        "checks",
        "checks.risk_classes[1]",
    ],
)
def test_saving_a_place_unchanged_changes_nothing(manager, draft, path):
    where = f"{url('draft_place')}?voce={path}"
    form = manager.get(where).context["form"]
    values = {k: v for k, v in values_of(form).items() if v is not False}
    answer = manager.post(where, values)
    assert answer.status_code == 302, answer.context["form"].errors
    before = draft.data_hash
    draft.refresh_from_db()
    assert draft.data_hash == before


def test_services_are_added_with_their_ceiling_and_removed(manager, draft):
    where = url("draft_place_add") + "?voce=services"
    assert manager.get(where).status_code == 200
    new = {
        "code": "stireria",
        "title": "Stireria",
        "network": "operatori",
        "unit": "piece",
        "valid_from": "2027-01-01",
        "ceilings-max_price": "2,00",
        "ceilings-valid_from": "2027-01-01",
        "ceilings-act": "avviso",
        "ceilings-method": "Illustrativo",
    }
    assert manager.post(where, new | {"network": "altra"}).status_code == 422
    assert manager.post(where, new).status_code == 302
    draft.refresh_from_db()
    assert draft.data["services"][-1]["ceilings"][0]["max_price"] == "2,00"
    assert manager.post(url("draft_place_remove"), {"voce": "services[6]"}).status_code == 302
    draft.refresh_from_db()
    assert len(draft.data["services"]) == 6


def test_a_table_that_the_file_does_not_have_yet_can_be_filled(manager):
    load("fondo-limitato")
    manager.post("/programma/fondo-limitato/bozza/")
    draft = ProgrammeVersion.objects.get(programme__code="fondo-limitato", number=2)
    where = "/programma/fondo-limitato/bozza/2/voce/?voce=procedure"
    form = manager.get(where).context["form"]
    assert values_of(form)["reminder_days"] == "5, 1", "what is said when nothing is said"
    values = {k: v for k, v in values_of(form).items() if v is not False}
    assert manager.post(where, values).status_code == 302
    draft.refresh_from_db()
    assert "procedure" not in draft.data, "nothing said, nothing written"
    assert "separati da virgole" in text_of(manager.post(where, values | {"reminder_days": "presto"}))
    assert manager.post(where, values | {"reminder_days": "4, 2", "office": "Ufficio famiglia"}).status_code == 302
    new = {"code": "tutte", "title": "Tutte", "expression": "household_size >= 1", "share_bp": "500"}
    where = "/programma/fondo-limitato/bozza/2/voce/aggiungi/?voce=checks.risk_classes"
    assert manager.post(where, new | {"expression": "household_size"}).status_code == 422
    assert manager.post(where, new).status_code == 302
    draft.refresh_from_db()
    assert draft.data["procedure"] == {"office": "Ufficio famiglia", "reminder_days": [4, 2]}
    assert draft.data["checks"]["risk_classes"][0]["share_bp"] == 500
    page = text_of(manager.get("/programma/fondo-limitato/bozza/2/"))
    assert "Ufficio famiglia" in page
    assert "reminder_days = [4, 2]" in manager.get("/programma/fondo-limitato/versioni/2/toml/").content.decode()


def test_what_is_needed_cannot_be_removed(manager, draft):
    answer = manager.post(url("draft_place_remove"), {"voce": "networks[0]"}, follow=True)
    assert "Non si può togliere" in text_of(answer)
    assert manager.post(url("draft_place_remove"), {"voce": "services[99]"}).status_code == 404
    assert manager.get(url("draft_place") + "?voce=a.b[").status_code == 404


def test_the_text_of_a_draft(manager, draft):
    text = manager.get(url("draft_text")).context["form"].initial["text"]
    wrong = manager.post(url("draft_text"), {"text": text.replace("isee_cents <=", "isee <=")})
    assert wrong.status_code == 422
    assert "Forse volevi «isee_cents»" in text_of(wrong)
    upload = SimpleUploadedFile("nuovo.toml", text.replace('"6,50"', '"7,00"').encode())
    assert manager.post(url("draft_text"), {"text": "", "file": upload}).status_code == 302
    bad = SimpleUploadedFile("nuovo.toml", "città".encode("latin-1"))
    assert "UTF-8" in text_of(manager.post(url("draft_text"), {"file": bad}))
    assert manager.post(url("draft_text"), {"text": ""}).status_code == 422


def test_publishing_and_comparing(manager, draft):
    place = url("draft_place")
    values = {k: v for k, v in values_of(manager.get(place).context["form"]).items()}
    manager.post(place, values | {"summary": "Frase nuova"})
    assert "non ancora passato" in text_of(manager.post(url("draft_publish"), {"valid_from": "2026-02-01"}))
    answer = manager.post(url("draft_publish"), {"valid_from": "2099-01-01"})
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.published_by.username) == ("published", "responsabile")
    assert manager.post(url("draft_publish"), {"valid_from": "2099-01-02"}).status_code == 404, "a second click"
    page = text_of(manager.get(f"/programma/{LIVE}/confronto/?da=1&a=2"))
    assert "diventa «Frase nuova»" in page


def test_a_draft_can_be_dropped(manager, draft):
    assert manager.post(url("draft_drop")).status_code == 302
    assert ProgrammeVersion.objects.count() == 1
