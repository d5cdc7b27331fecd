"""The pages of rankings: the office's, and the public ones, under codes only."""

import csv
import io
import re

import pytest

from piutempo.applications.models import Decision, Place, Ranking
from piutempo.applications.services.ranking import draw_ranking, publish_ranking
from tests.applications.factories import make_programme, make_user
from tests.applications.test_ranking import CLOSED, SECOND, many, submit

pytestmark = pytest.mark.django_db
HERE = "/ufficio/graduatorie/graduatoria-2026/prima/"
PUBLIC = "/graduatorie/graduatoria-2026/prima/"


@pytest.fixture
def programme():
    return make_programme("graduatoria-2026.toml")


@pytest.fixture
def officer(programme):
    return make_user(("case_officer", "programme", programme.pk))


@pytest.fixture
def signer(programme):
    return make_user(("programme_manager", "programme", programme.pk))


@pytest.fixture
def set_now(monkeypatch):
    """The clock that the pages read."""
    return lambda instant: monkeypatch.setattr("django.utils.timezone.now", lambda: instant)


@pytest.fixture
def office(client, officer, set_now):
    set_now(CLOSED)
    client.force_login(officer)
    return client


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_office_rehearses_draws_up_and_another_publishes(office, programme, signer):
    many(programme, 3)
    submit(programme, isee=3_100_000)
    page = text_of(office.get("/ufficio/graduatorie/"))
    assert "Prima graduatoria" in page
    assert "da formare" in page
    assert "aperta" in page, "the second one"
    rehearsal = text_of(office.get(HERE + "?prova=1"))
    assert "3 domande ammesse" in rehearsal
    assert "ISEE entro il limite" in rehearsal
    assert not Ranking.objects.exists(), "a rehearsal writes nothing"
    drawn = office.post(HERE + "forma/", follow=True)
    assert "ora non cambia più" in text_of(drawn)
    assert "un'altra persona" in text_of(drawn).replace("&#x27;", "'")
    office.post(HERE + "forma/")
    assert Ranking.objects.count() == 1, "a second click"
    office.post(HERE + "pubblica/")
    assert not Decision.objects.exists()
    assert "sono gli stessi" in text_of(office.get(HERE + "?verifica=1"))
    office.force_login(signer)
    office.post(HERE + "pubblica/")
    assert Decision.objects.count() == 4
    assert "fondi assegnati" in text_of(office.get(HERE))


def test_a_ranking_is_sent_back_with_a_reason(office, programme, signer):
    many(programme, 1)
    office.post(HERE + "forma/")
    office.force_login(signer)
    assert office.post(HERE + "rinvia/", {"reason": ""}).status_code == 422
    office.post(HERE + "rinvia/", {"reason": "Manca una verifica"})
    page = text_of(office.get(HERE))
    assert "Manca una verifica" in page
    assert "Forma la graduatoria" in page


def test_a_ranking_whose_families_may_still_answer_is_not_drawn_up(office, programme):
    unknown = submit(programme, isee=None)
    assert "nessuno lo ha chiesto" in text_of(office.get(HERE + "?prova=1"))
    answer = office.post(HERE + "forma/", follow=True)
    assert f"Alla domanda n. {unknown.number} manca un dato" in text_of(answer)
    assert not Ranking.objects.exists()


def test_only_who_may_sees_and_acts(client, programme, set_now):
    set_now(CLOSED)
    other = make_programme()
    assert client.get(HERE).status_code == 302
    client.force_login(make_user(("case_officer", "programme", other.pk)))
    assert client.get(HERE).status_code == 404
    assert client.post(HERE + "forma/").status_code == 404
    assert "Prima graduatoria" not in text_of(client.get("/ufficio/graduatorie/"))
    client.force_login(make_user(("auditor", "all", None)))
    assert client.get(HERE).status_code == 200
    assert client.post(HERE + "forma/").status_code == 403
    client.force_login(make_user(("case_officer", "all", None)))
    for address in ("/ufficio/graduatorie/fondo-limitato/prima/", HERE.replace("prima", "terza")):
        assert client.get(address).status_code == 404
    assert client.post(HERE + "pubblica/").status_code == 404, "nothing was drawn up"


def test_nothing_is_public_before_publication(client, programme, officer, signer):
    many(programme, 2)
    ranking = draw_ranking(programme=programme, cut_off="prima", at=CLOSED, by=officer)
    assert client.get(PUBLIC).status_code == 404
    assert "nessuna graduatoria" in text_of(client.get("/graduatorie/"))
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    assert client.get(PUBLIC).status_code == 200


def test_the_public_page_has_codes_and_no_names(client, programme, officer, signer):
    applications = [*many(programme, 3), submit(programme, isee=3_100_000)]
    ranking = draw_ranking(programme=programme, cut_off="prima", at=CLOSED, by=officer)
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    page = client.get(PUBLIC).content.decode()
    rows = list(csv.reader(io.StringIO(client.get(PUBLIC + "?export=csv").content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["Posto", "Codice", "Punti", "Esito"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", ""]
    assert [row[2] for row in rows[1:]] == ["60", "60", "60", ""]
    for place in Place.objects.all():
        assert place.code in page
    told = page + str(rows)
    for application in applications:
        assert application.applicant.family_name not in told
        assert application.applicant.fiscal_code not in told
        assert f"/{application.pk}/" not in told
    assert "Fascia ISEE" in page
    (code,) = Place.objects.filter(position=2).values_list("code", flat=True)
    found = text_of(client.get(PUBLIC + f"?codice={code.lower()}"))
    assert found.count(code) == 1
    assert "sessionid" not in client.get(PUBLIC).cookies


@pytest.mark.parametrize("count", [3, 9])
def test_pages_cost_the_same_whatever_the_rows(office, programme, signer, django_assert_max_num_queries, count):
    many(programme, count)
    office.post(HERE + "forma/")
    office.force_login(signer)
    for address in ("/ufficio/graduatorie/", HERE):
        with django_assert_max_num_queries(12):
            office.get(address)
    office.post(HERE + "pubblica/")
    office.logout()
    with django_assert_max_num_queries(8):
        office.get(PUBLIC)


def test_the_family_finds_its_code_and_its_points(client, programme, officer, signer, set_now):
    (application,) = many(programme, 1)
    user = make_user(("citizen", "all", None))
    application.applicant.user = user
    application.applicant.save()
    set_now(SECOND)
    client.force_login(user)
    address = f"/cittadino/domanda/{application.pk}/"
    ranking = draw_ranking(programme=programme, cut_off="prima", at=CLOSED, by=officer)
    code = ranking.places.get().code
    assert code not in text_of(client.get(address)), "not before publication"
    publish_ranking(ranking=ranking, at=CLOSED, by=signer)
    page = text_of(client.get(address))
    assert code in page
    assert "Figli minorenni: 5 punti ciascuno, al massimo 20: 5 punti" in page
