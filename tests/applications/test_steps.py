"""The steps of an application: half-filled ones are kept, evidence is given three ways, the receipt opens at once."""

import io
from types import SimpleNamespace

import pytest
from codicefiscale import codicefiscale
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pypdf import PdfReader

from piutempo.applications.models import Application, Attachment, Bookmark, Evidence, Status
from piutempo.applications.selectors import get_declared
from piutempo.applications.services.declaring import open_draft
from piutempo.applications.services.receiving import SUBJECT
from piutempo.correspondence.models import Letter
from piutempo.people.models import Role
from piutempo.people.selectors import list_mismatches
from piutempo.procedures.models import Procedure
from piutempo.records.models import Event, RegisterEntry, StoredFile
from tests.applications.factories import OPEN_AT, make_person, make_programme, make_submitted, make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
LUCA = str(codicefiscale.encode("Rossi", "Luca", "M", "02/02/2019", "F205"))
MEMBER = {
    "action": "add",
    "request_key": "k",
    "fiscal_code": LUCA,
    "given_name": "Luca",
    "family_name": "Rossi",
    "relation": "child",
    "cohabiting": "yes",
}
HOSTILE = [
    "👩‍👧‍👦" * 50,
    "x" * 10_000,
    "a\0b",
    "'; DROP TABLE people_person; --",
    "<script>alert(1)</script>",
    "[1]",
    "\u202eabc",
]


@pytest.fixture
def citizen(client, monkeypatch):
    """A signed-in citizen with a draft of a programme that asks for an ISEE and a child under 14."""
    monkeypatch.setattr(
        "piutempo.people.middleware.timezone", SimpleNamespace(now=lambda: OPEN_AT, localdate=timezone.localdate)
    )
    user = make_user((Role.CITIZEN, "all", None))
    person = make_person(user=user, email="maria@example.org")
    client.force_login(user)
    programme = make_programme()
    draft = open_draft(programme=programme, applicant=person, desk=None, at=OPEN_AT, by=user)
    root = f"/cittadino/domanda/{draft.pk}/"
    return SimpleNamespace(client=client, person=person, programme=programme, draft=draft, root=root, user=user)


def post(citizen, step, data, **more):
    return citizen.client.post(citizen.root + step, data, **more)


def read(citizen, step):
    return citizen.client.get(citizen.root + step).content.decode()


def fill(citizen):
    post(citizen, "nucleo/", MEMBER)
    post(citizen, "situazione/", {"isee_cents": "18.500,00"})


def give(citizen, code, action, **data):
    prefix = {"upload": "upload", "declare": "declare", "holder": "holder"}.get(action, "")
    named = {f"{prefix}-{code}-{name}" if prefix else name: value for name, value in data.items()}
    key = {f"{prefix}-{code}-request_key": "k"} if prefix else {}
    return post(citizen, "prove/", {"code": code, "action": action, **key, **named})


def upload(name="isee.pdf", content=PDF):
    return SimpleUploadedFile(name, content)


# -- leaving and resuming -------------------------------------------------------------------------------------------


def test_a_half_filled_step_is_kept_and_taken_up_where_it_was_left(citizen):
    fill(citizen)
    answer = post(
        citizen, "situazione/", {"action": "leave", "isee_cents": "diciotto", "benefit_0_code": "bonus nido",
                                 "benefit_0_month_cents": "tanto"}, follow=True
    )  # fmt: skip
    assert "La bozza è salvata" in answer.content.decode()
    assert f'href="{citizen.root}situazione/"' in answer.content.decode()
    citizen.draft.refresh_from_db()
    assert get_declared(citizen.draft)["isee_cents"] == 18_500_00, "what was well formed before stays"
    text = read(citizen, "situazione/")
    assert 'value="diciotto"' in text
    assert 'value="bonus nido"' in text
    assert 'value="tanto"' in text


def test_what_is_well_formed_is_stored_though_the_rest_is_not(citizen):
    post(citizen, "situazione/", {"action": "leave", "isee_cents": "9.000,00", "benefit_0_month_cents": "120,00"})
    citizen.draft.refresh_from_db()
    facts = get_declared(citizen.draft)
    assert facts["isee_cents"] == 9_000_00
    assert facts["other_benefits"] == []
    assert 'value="120,00"' in read(citizen, "situazione/"), "the row without a name waits"


def test_a_half_typed_member_waits_too(citizen):
    post(citizen, "nucleo/", MEMBER | {"action": "leave", "fiscal_code": "RSSLCU", "relation": ""})
    text = read(citizen, "nucleo/")
    assert 'value="RSSLCU"' in text
    assert 'value="Luca"' in text
    assert Bookmark.objects.get().step == "household"


def test_the_first_step_keeps_contacts_and_a_wrong_municipality_waits(citizen):
    data = {"request_key": "k", "municipality": "Atlantide", "address": "Via Roma 1", "phone": "02", "email": "no"}
    assert post(citizen, "chi/", data).status_code == 422
    post(citizen, "chi/", data | {"action": "leave"})
    citizen.person.refresh_from_db()
    assert (citizen.person.address, citizen.person.email) == ("Via Roma 1", "maria@example.org")
    assert 'value="Atlantide"' in read(citizen, "chi/")


def test_every_step_says_where_we_are_to_a_screen_reader(citizen):
    fill(citizen)
    for number, step in enumerate(("chi/", "nucleo/", "situazione/", "prove/", "riepilogo/"), start=1):
        text = read(citizen, step)
        assert f"Passo {number} di 6: " in text
        assert text.count('aria-current="step"') == 1


# -- the household --------------------------------------------------------------------------------------------------


def test_a_mismatch_warns_is_recorded_and_never_blocks(citizen):
    answer = post(citizen, "nucleo/", MEMBER | {"birth_date": "03/02/2019", "gender": "F"}, follow=True)
    text = answer.content.decode()
    assert "La data di nascita non corrisponde" in text
    assert "Il sesso non corrisponde" in text
    assert "6 anni" in text, "the age follows from the codice fiscale"
    (notices,) = list_mismatches(citizen.draft.household.members.values_list("person_id", flat=True)).values()
    assert {n.value for n in notices} == {"birth_date", "gender"}
    post(citizen, "nucleo/", MEMBER)
    assert Event.objects.filter(name="people.mismatch_found").count() == 1, "nothing typed takes nothing back"
    post(citizen, "nucleo/", MEMBER | {"birth_date": "02/02/2019", "gender": "M"})
    assert not list_mismatches(citizen.draft.household.members.values_list("person_id", flat=True))


# -- evidence -------------------------------------------------------------------------------------------------------


def test_only_criteria_that_the_family_relies_on_are_proved(citizen):
    fill(citizen)
    text = read(citizen, "prove/")
    assert "ISEE entro il limite" in text
    assert "Un figlio con meno di 14 anni" in text
    assert "Un convivente non autosufficiente" not in text


def test_evidence_three_ways_and_back(citizen):
    fill(citizen)
    assert give(citizen, "isee", "upload", documents=[upload(), upload("../foto.png", PNG)]).status_code == 302
    assert sorted(Attachment.objects.values_list("file__name", flat=True)) == ["foto.png", "isee.pdf"]
    give(citizen, "isee", "upload", documents=upload())
    assert Attachment.objects.count() == 2, "the same file again changes nothing"
    assert give(citizen, "isee", "declare").status_code == 422
    give(citizen, "isee", "declare", confirms="on")
    note = Evidence.objects.get(code="isee").note
    assert "L'ISEE del nucleo non supera" in note
    assert "articoli 46 e 47 del DPR 445/2000" in note
    give(citizen, "isee", "holder", office="INPS", document="attestazione ISEE", when="gennaio 2025")
    assert Evidence.objects.get(code="isee").note == "INPS: attestazione ISEE (gennaio 2025)"
    give(citizen, "isee", "back")
    assert Evidence.objects.get(code="isee").way == "upload"
    for attachment in Attachment.objects.all():
        assert citizen.client.get(f"{citizen.root}file/{attachment.pk}/").status_code == 200
        for _click in range(2):
            post(citizen, "prove/", {"code": "isee", "action": "remove", "file": attachment.pk})
        assert citizen.client.get(f"{citizen.root}file/{attachment.pk}/").status_code == 404
    assert not Evidence.objects.exists()
    assert StoredFile.objects.count() == 2


def test_a_file_is_what_its_bytes_say(citizen):
    fill(citizen)
    for name, content in (
        ("a.pdf", b"MZ\x90"),
        ("b.png", b"<svg onload=x>"),
        ("c.pdf", b""),
        ("d.pdf", PDF + b"0" * 5_000_001),
    ):
        answer = give(citizen, "isee", "upload", documents=upload(name, content))
        assert answer.status_code == 422
    assert not StoredFile.objects.exists()


def test_a_picture_is_served_so_that_nothing_runs(citizen):
    fill(citizen)
    give(citizen, "isee", "upload", documents=upload("<b>.png", PNG + b"<script>alert(1)</script>"))
    attachment = Attachment.objects.get()
    answer = citizen.client.get(f"{citizen.root}file/{attachment.pk}/")
    assert answer["Content-Type"] == "image/png"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "<b>" not in read(citizen, "prove/")


def test_somebody_elses_file_does_not_exist(citizen):
    fill(citizen)
    give(citizen, "isee", "upload", documents=upload())
    other = make_submitted(citizen.programme)
    theirs = Attachment.objects.get()
    Attachment.objects.filter(pk=theirs.pk).update(application=other)
    assert citizen.client.get(f"{citizen.root}file/{theirs.pk}/").status_code == 404
    assert citizen.client.get(f"/cittadino/domanda/{other.pk}/file/{theirs.pk}/").status_code == 404
    assert post(citizen, "prove/", {"code": "isee", "action": "remove", "file": theirs.pk}).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"code": "isee"},
        {"code": "nope", "action": "upload"},
        {"code": "isee", "action": "x"},
        {"code": "isee", "action": "remove", "file": "9" * 30},
    ],
)
def test_a_forged_evidence_form_finds_nothing(citizen, data):
    fill(citizen)
    assert post(citizen, "prove/", data).status_code == 404


# -- submission -----------------------------------------------------------------------------------------------------


def submit(citizen):
    return post(citizen, "riepilogo/", {"request_key": "k", "confirms": "on"}, follow=True)


def pdf_text(answer):
    assert answer.status_code == 200
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())


def test_the_receipt_is_protocolled_and_opens_at_once(citizen):
    fill(citizen)
    give(citizen, "isee", "upload", documents=upload())
    answer = submit(citizen)
    text = answer.content.decode()
    entry = RegisterEntry.objects.get(subject=SUBJECT, direction="in")
    assert answer.redirect_chain[-1][0] == f"{citizen.root}ricevuta/"
    assert str(entry) in text
    assert entry.sha256 in text
    procedure = Procedure.objects.get(subject=SUBJECT, subject_id=citizen.draft.pk)
    assert f"{procedure.due_on:%d/%m/%Y}" in text
    receipt = pdf_text(citizen.client.get(f"{citizen.root}ricevuta.pdf"))
    assert str(entry) in receipt
    assert entry.sha256 in receipt.replace(" ", "")
    assert "ISEE entro il limite: un file allegato" in receipt
    assert Letter.objects.get(kind="applications.receipt").state == "queued"
    paper = pdf_text(citizen.client.get(f"{citizen.root}domanda.pdf"))
    assert LUCA in paper
    assert "18.500,00" in paper
    assert "isee.pdf" in paper
    assert not Bookmark.objects.exists()
    for step in ("chi/", "nucleo/", "situazione/", "prove/", "riepilogo/"):
        assert citizen.client.get(citizen.root + step).url == citizen.root, "what is submitted is not changed"
    assert post(citizen, "prove/", {"code": "isee", "action": "back"}).url == citizen.root


def test_the_receipts_hash_changes_with_the_evidence(citizen):
    fill(citizen)
    submit(citizen)
    bare = RegisterEntry.objects.get(subject=SUBJECT, direction="in").sha256
    assert bare != Application.objects.get(pk=citizen.draft.pk).facts_hash
    assert len(bare) == 64


def test_submitting_takes_few_queries(citizen, django_assert_max_num_queries):
    fill(citizen)
    give(citizen, "isee", "declare", confirms="on")
    with django_assert_max_num_queries(45):
        post(citizen, "riepilogo/", {"request_key": "k", "confirms": "on"})


def test_withdrawing_closes_the_procedure_and_writes_a_letter(citizen):
    fill(citizen)
    submit(citizen)
    for _click in range(2):
        post(citizen, "", {"request_key": "k", "reason": "ho trovato altro"})
    assert Application.objects.get(pk=citizen.draft.pk).status == Status.WITHDRAWN
    assert Procedure.objects.get(subject=SUBJECT).outcome == "withdrawn"
    letter = Letter.objects.get(kind="applications.withdrawal")
    assert letter.entry is not None


# -- hostile input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_no_step_breaks_on_hostile_texts(citizen, text):
    fill(citizen)
    steps = {
        "chi/": ["municipality", "address", "phone", "email"],
        "nucleo/": ["fiscal_code", "given_name", "family_name", "birth_date", "gender", "relation", "cohabiting"],
        "situazione/": ["isee_cents", "province", "benefit_0_code", "benefit_0_month_cents", "benefit_19_code",
                        "benefit_999999999999_code", f"member_{citizen.person.pk}_non_self_sufficient", "member_0_x"],
        "riepilogo/": ["confirms_", "request_key"],
    }  # fmt: skip
    for step, names in steps.items():
        for action in ("add", "leave", "row", "remove"):
            for name in names:
                data = (MEMBER if step == "nucleo/" else {"request_key": "k"}) | {"action": action, name: text}
                assert post(citizen, step, data).status_code in {200, 302, 422}, (step, action, name)
        shown = read(citizen, step)
        assert "<script>alert(1)</script>" not in shown
    for action in ("upload", "declare", "holder"):
        data = dict.fromkeys(("office", "document", "when", "confirms_"), text)
        assert give(citizen, "isee", action, **data).status_code in {302, 422}
    assert citizen.client.get(citizen.root + "riepilogo/").status_code == 200
    assert Application.objects.get(pk=citizen.draft.pk).status == Status.DRAFT


def test_somebody_elses_person_id_is_not_taken_from_the_form(citizen):
    stranger = make_person()
    fill(citizen)
    post(citizen, "situazione/", {f"member_{stranger.pk}_non_self_sufficient": "yes"})
    citizen.draft.refresh_from_db()
    assert all(m["person_id"] != stranger.pk for m in get_declared(citizen.draft)["members"])
