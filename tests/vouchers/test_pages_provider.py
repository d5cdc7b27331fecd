"""Pages of a provider: redeem in two steps, undo, upload a month."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from piutempo.network.models import Grant
from piutempo.people.models import Role, Scope
from piutempo.vouchers.models import ApiKey, Redemption, RedemptionFile, Reversal
from piutempo.vouchers.rules.file_rows import COLUMNS
from piutempo.vouchers.services import redeem
from piutempo.vouchers.services.keys import create_api_key
from tests.vouchers.factories import NOW, TODAY, build_family, code_of, codes_of, issued
from tests.vouchers.pages import enter, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def operator(client, world):
    return enter(client, "olga", Role.PROVIDER_OPERATOR, Scope.SITE, world.site.pk)


def steps(world, codes, family, **more):
    """What the second step of the counter sends."""
    return {
        "step": "confirm", "site": world.site.pk, "codes": "\n".join(codes), "service": "nido", "quantity": "1",
        "served_on": "14/03/2011", "person": str(family.baby.pk), "holder": "", "request_key": "chiave-1", **more,
    }  # fmt: skip


def test_titles_are_checked_then_redeemed_and_a_second_click_adds_nothing(client, world, operator):
    family = build_family(world)
    voucher = issued(world, family)
    codes = codes_of(voucher, 1, 2)
    page = client.post(reverse("vouchers:redeem"), {"site": world.site.pk, "codes": "\n".join(codes)})
    assert "Maria Rossi" in text_of(page) and "20,00" in text_of(page)
    for _click in range(2):
        answer = client.post(reverse("vouchers:redeem"), steps(world, codes, family), follow=True)
        assert "Registrati 20,00" in text_of(answer)
    assert Redemption.objects.get().amount_cents == 2_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"served_on": "20/03/2011"}, "nel futuro"),
        ({"served_on": "ieri"}, "giorno/mese/anno"),
        ({"quantity": "0"}, "1"),
        ({"person": ""}, "indica la persona assistita"),
        ({"holder": "RSSMRA80A01H501X"}, "codice fiscale non è corretto"),
    ],
)
def test_a_wrong_second_step_is_told_and_nothing_is_spent(client, world, operator, change, sentence):
    family = build_family(world)
    answer = client.post(reverse("vouchers:redeem"), steps(world, codes_of(issued(world, family), 1), family, **change))
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert not Redemption.objects.exists()


def test_an_amount_with_three_decimals_is_refused_and_two_are_taken(client, world, operator):
    family = build_family(world, product="saldo")
    voucher = issued(world, family)
    form = steps(world, [code_of(voucher)], family, service="pulizie", person="")
    answer = client.post(reverse("vouchers:redeem"), {**form, "amount": "10,005"})
    assert answer.status_code == 422 and "al massimo due decimali" in text_of(answer)
    answer = client.post(reverse("vouchers:redeem"), {**form, "amount": "10,05"}, follow=True)
    assert "Registrati 10,05" in text_of(answer)


def test_a_mistyped_code_and_an_already_spent_title_say_why(client, world, operator):
    family = build_family(world)
    codes = codes_of(issued(world, family), 1)
    answer = client.post(reverse("vouchers:redeem"), {"site": world.site.pk, "codes": "AAAA-BBBB"})
    assert answer.status_code == 422 and "Il codice non è scritto bene" in text_of(answer)
    client.post(reverse("vouchers:redeem"), steps(world, codes, family))
    answer = client.post(reverse("vouchers:redeem"), steps(world, codes, family, request_key="altra"))
    assert answer.status_code == 422 and "già stato speso il 14/03/2011" in text_of(answer)


def test_a_service_accredited_when_it_was_given_is_offered_after_the_accreditation_ended(client, world, operator):
    family = build_family(world)
    voucher = issued(world, family)
    Grant.objects.filter(service="nido").update(valid_until=TODAY - timedelta(days=3))
    page = client.post(reverse("vouchers:redeem"), {"site": world.site.pk, "codes": code_of(voucher)})
    assert '<option value="nido">' in text_of(page)
    answer = client.post(
        reverse("vouchers:redeem"), steps(world, codes_of(voucher, 1), family, served_on="05/03/2011"), follow=True
    )
    assert "Registrati 10,00" in text_of(answer)


def test_somebody_elses_site_cannot_be_chosen_and_their_redemption_is_not_found(client, world, operator):
    family = build_family(world, product="spesa")
    voucher = issued(world, family)
    other = redeem(
        site=world.shop,
        codes=codes_of(voucher, 1),
        service="beni",
        quantity=1,
        served_on=TODAY,
        at=NOW,
        by=None,
        key="k",
    )
    answer = client.post(reverse("vouchers:redeem"), {"site": world.shop.pk, "codes": code_of(voucher, 2)})
    assert answer.status_code == 422
    assert client.get(reverse("vouchers:reverse", args=[other.pk])).status_code == 404
    assert "Maria" not in text_of(client.get(reverse("vouchers:redemptions")))


def test_a_redemption_is_undone_once_with_a_reason(client, world, operator):
    family = build_family(world)
    client.post(reverse("vouchers:redeem"), steps(world, codes_of(issued(world, family), 1), family))
    address = reverse("vouchers:reverse", args=[Redemption.objects.get().pk])
    assert client.post(address, {"reason": "", "request_key": "a"}).status_code == 422
    answer = client.post(address, {"reason": "Titolo sbagliato", "request_key": "a"}, follow=True)
    assert "Utilizzo stornato" in text_of(answer)
    assert client.post(address, {"reason": "Titolo sbagliato", "request_key": "a"}).status_code in {302, 404}
    assert Reversal.objects.count() == 1


def csv_of(*lines, encoding="utf-8"):
    text = ";".join(COLUMNS) + "\r\n" + "".join(";".join(line) + "\r\n" for line in lines)
    return SimpleUploadedFile("marzo.csv", text.encode(encoding))


def line_for(voucher, family, index=1, day="10/03/2011"):
    return (code_of(voucher, index), "nido", "1", day, "2", "", family.baby.person.fiscal_code, "")


def upload(client, world, file):
    data = {"site": world.site.pk, "programme": world.programme.pk, "file": file}
    return client.post(reverse("vouchers:upload"), data, follow=True)


def test_a_file_is_previewed_with_an_error_per_row_and_its_good_rows_registered_once(client, world, operator):
    family = build_family(world)
    voucher = issued(world, family)
    lines = [
        line_for(voucher, family),
        line_for(voucher, family, 5, "31/02/2011"),
        line_for(voucher, family, 9, "20/03/2011"),
    ]
    page = upload(client, world, csv_of(*lines))
    text = text_of(page)
    assert "La data «31/02/2011» non si capisce" in text and "nel futuro" in text
    assert "Registra la riga corretta" in text
    assert not Redemption.objects.exists()
    address = reverse("vouchers:file", args=[RedemptionFile.objects.get().pk])
    assert client.post(address, {"request_key": "x"}).status_code == 422
    assert "Righe registrate: 1. Rifiutate: 2." in text_of(
        client.post(address, {"request_key": "x", "good": "yes"}, follow=True)
    )
    assert "non è stato aggiunto nulla" in text_of(
        client.post(address, {"request_key": "x", "good": "yes"}, follow=True)
    )
    assert "era già stato confermato" in text_of(upload(client, world, csv_of(*lines)))
    assert Redemption.objects.count() == 1 and RedemptionFile.objects.count() == 1


def test_a_file_without_errors_is_confirmed(client, world, operator):
    family = build_family(world)
    voucher = issued(world, family)
    assert "Conferma e registra una riga" in text_of(upload(client, world, csv_of(line_for(voucher, family))))
    address = reverse("vouchers:file", args=[RedemptionFile.objects.get().pk])
    assert "Righe registrate: 1" in text_of(client.post(address, {"request_key": "x"}, follow=True))


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (SimpleUploadedFile("a.csv", b"x" * 50 * 1024 * 1024), "dividilo in più file"),
        (SimpleUploadedFile("a.csv", "codice;servizio;quantita;data\r\n".encode("utf-16")), "Non riusciamo a leggere"),
        (SimpleUploadedFile("a.csv", b"codice;servizio\r\nA;b\r\n"), "Mancano le colonne: quantita, data"),
        (SimpleUploadedFile("a.csv", b""), "vuoto"),
        (SimpleUploadedFile("a.pdf", b"%PDF"), "di tipo .csv o .xlsx"),
        (SimpleUploadedFile("a.xlsx", b"PK\x03\x04rotto"), "XLSX"),
    ],
    ids=["50 MB", "UTF-16", "columns", "empty", "pdf", "broken"],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(client, world, operator, file, sentence):
    file.seek(0)
    answer = upload(client, world, file)
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert not RedemptionFile.objects.exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_has_the_columns_that_the_program_reads(client, world, operator, kind):
    from piutempo.vouchers.services.reading import FileRefused, read_file

    body = client.get(reverse("vouchers:file_template", args=[kind])).content
    with pytest.raises(FileRefused, match="EMPTY"):
        read_file(f"a.{kind}", body)


def test_another_providers_file_is_not_found(client, world, operator):
    family = build_family(world)
    upload(client, world, csv_of(line_for(issued(world, family), family)))
    address = reverse("vouchers:file", args=[RedemptionFile.objects.get().pk])
    enter(client, "piero", Role.PROVIDER_OPERATOR, Scope.SITE, world.shop.pk)
    assert client.get(address).status_code == 404
    assert client.post(address, {"request_key": "x"}).status_code == 404


@pytest.mark.parametrize("name", ["redeem", "redemptions", "upload"])
def test_only_a_provider_opens_its_pages(client, world, name):
    enter(client, "carla", Role.CASE_OFFICER)
    assert client.get(reverse(f"vouchers:{name}")).status_code == 403
    client.logout()
    assert client.get(reverse(f"vouchers:{name}")).status_code == 302


def test_lists_cost_the_same_queries_whatever_their_rows(client, world, operator):
    family = build_family(world)
    voucher = issued(world, family)
    counts = {}
    for index in (1, 3, 5, 7):
        upload(client, world, csv_of(line_for(voucher, family, index)))
        redeem(
            site=world.site, codes=codes_of(voucher, index + 12), service="nido", quantity=1, served_on=TODAY, at=NOW,
            by=None, key=f"k{index}", person_cared_id=family.baby.pk,
        )  # fmt: skip
        for name in ("redemptions", "upload"):
            counts.setdefault(name, []).append(queries_of(client, reverse(f"vouchers:{name}")))
    for name, found in counts.items():
        assert found[-1] == found[0] <= 12, (name, found)


def test_a_key_is_shown_once_opens_the_api_and_is_revoked(client, world, operator):
    page = reverse("vouchers:keys")
    sent = {"site": world.site.pk, "name": "gestionale <b>", "request_key": "k1"}
    answer = client.post(page, sent)
    secret = re.search(r"<code[^>]*>(pt_[\w-]+)</code>", answer.content.decode())[1]
    assert "no-store" in answer["Cache-Control"]
    client.post(page, sent)
    assert ApiKey.objects.count() == 1, "a second click makes no second key"
    assert secret not in text_of(client.get(page)) and "gestionale &lt;b&gt;" in text_of(client.get(page))
    voucher = issued(world, build_family(world))
    asked = f"/api/v1/vouchers/{code_of(voucher, 1)}"
    assert Client().get(asked, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    client.post(reverse("vouchers:revoke_key", args=[ApiKey.objects.get().pk]), {"request_key": "k2"})
    assert Client().get(asked, headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert queries_of(client, page) <= 12


def test_another_operators_keys_do_not_exist(client, world, operator):
    key, _secret = create_api_key(site=world.site, name="x", at=NOW, by=None)
    enter(client, "altro", Role.PROVIDER_OPERATOR, Scope.SITE, 999_999)
    assert client.post(reverse("vouchers:revoke_key", args=[key.pk]), {"request_key": "k"}).status_code == 404
    assert (
        client.post(reverse("vouchers:keys"), {"site": world.site.pk, "name": "x", "request_key": "k"}).status_code
        == 422
    )
    assert (
        not ApiKey.objects.exclude(pk=key.pk).exists() and not ApiKey.objects.filter(revoked_at__isnull=False).exists()
    )
