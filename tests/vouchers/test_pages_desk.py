"""Pages of a desk: stock, arrival, handover, custody, the day's tally."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from piutempo.awards.models import Award
from piutempo.network.services import open_desk
from piutempo.people.models import Role, Scope
from piutempo.vouchers.models import CustodyMove, Voucher
from piutempo.vouchers.services import HandoverItem, hand_over
from tests.vouchers.factories import NOW, build_family, issued
from tests.vouchers.pages import enter, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def operator(client, world):
    return enter(client, "dora", Role.DESK_OPERATOR, Scope.DESK, world.desk.pk)


def other_desk(world, **fields):
    return open_desk(
        programme=world.programme, code="D2", name="Sportello di Lodi", body="Comuni",
        municipality=world.desk.municipality, at=datetime(2010, 1, 4, 9, tzinfo=UTC),
        valid_from=date(2010, 1, 1), **fields,
    )  # fmt: skip


def handing(voucher, **more):
    """What the handover form sends for the holder."""
    return {
        "buono": voucher.pk, "collector": str(voucher.holder_id), "document_type": "passaporto",
        "document_number": "YA123", "proxy_name": "", "mandate_on": "", "request_key": "k1", **more,
    }  # fmt: skip


def test_the_letter_is_printed_also_where_the_carnets_came_without_being_addressed(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    Award.objects.filter(pk=voucher.award_id).update(desk_id=None)
    address = reverse("vouchers:letter", args=[voucher.award_id])
    assert address in client.get(reverse("vouchers:desk_voucher", args=[voucher.pk])).content.decode()
    assert client.get(address)["Content-Type"] == "application/pdf"
    Voucher.objects.filter(pk=voucher.pk).update(desk=other_desk(world))
    assert client.get(address).status_code == 404


def test_a_month_is_received_once(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    data = {"desk": world.desk.pk, "month": "2011-03", "request_key": "a"}
    assert "Carnet ricevuti: 1" in text_of(client.post(reverse("vouchers:receive"), data, follow=True))
    client.post(reverse("vouchers:receive"), data, follow=True)
    answer = client.post(reverse("vouchers:receive"), {**data, "request_key": "b"})
    assert answer.status_code == 422 and "Nessun carnet da ricevere" in text_of(answer)
    assert CustodyMove.objects.filter(voucher=voucher).count() == 1


def test_a_range_of_serials_is_received_and_another_desks_stock_is_never_taken(client, world, operator):
    _first, second = (issued(world, build_family(world), handed=False) for _ in range(2))
    Voucher.objects.filter(pk=second.pk).update(desk=other_desk(world))
    data = {"desk": world.desk.pk, "first_serial": "1", "last_serial": "1000", "request_key": "a"}
    assert "Carnet ricevuti: 1" in text_of(client.post(reverse("vouchers:receive"), data, follow=True))
    second.refresh_from_db()
    assert second.desk_id != world.desk.pk
    assert client.post(reverse("vouchers:receive"), {"desk": world.desk.pk, "request_key": "c"}).status_code == 422


def test_a_carnet_is_handed_to_its_holder_once(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    page = client.get(reverse("vouchers:hand_over"), {"buono": voucher.pk})
    assert "Carta d&#x27;identità" in text_of(page) or "Carta d'identità" in text_of(page)
    for _click in range(2):
        answer = client.post(reverse("vouchers:hand_over"), handing(voucher), follow=True)
        assert answer.status_code == 200
    voucher.refresh_from_db()
    assert voucher.handed == (1 << 25) - 1
    assert CustodyMove.objects.count() == 1
    late = client.post(reverse("vouchers:hand_over"), handing(voucher, request_key="k2"))
    assert late.status_code == 422 and "sono già stati consegnati" in text_of(late)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"document_number": ""}, "obbligatorio"),
        ({"collector": "delega", "proxy_name": "", "mandate_on": ""}, "Scrivi chi ritira con la delega"),
        ({"collector": "delega", "proxy_name": "Ada Bo", "mandate_on": "20/03/2011"}, "delega è nel futuro"),
        ({"collector": "delega", "proxy_name": "Ada Bo", "mandate_on": "31/02/2011"}, "giorno/mese/anno"),
        ({"first_serial": "900", "last_serial": "901"}, "non è del carnet"),
    ],
)
def test_a_wrong_handover_is_told_and_nothing_moves(client, world, operator, more, sentence):
    voucher = issued(world, build_family(world), handed=False)
    answer = client.post(reverse("vouchers:hand_over"), handing(voucher, **more))
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert not CustodyMove.objects.exists()


def test_a_familys_carnets_go_together_to_somebody_with_a_mandate(client, world, operator):
    family = build_family(world)
    first = issued(world, family, handed=False)
    second = issued(world, build_family(world), handed=False)
    data = handing(first, buono=[first.pk, second.pk], collector="delega", proxy_name="Ada Bo", mandate_on="2011-03-01")
    answer = client.post(reverse("vouchers:hand_over"), data, follow=True)
    assert "Buoni consegnati: 2" in text_of(answer)
    assert set(CustodyMove.objects.values_list("proxy_name", flat=True)) == {"Ada Bo"}


def test_part_of_a_carnet_is_handed_by_serials(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    low = voucher.first_serial
    client.post(reverse("vouchers:hand_over"), handing(voucher, first_serial=low, last_serial=low + 4))
    voucher.refresh_from_db()
    assert voucher.handed == 0b11111
    assert "consegnato in parte" in text_of(client.get(reverse("vouchers:desk_voucher", args=[voucher.pk])))


def act(client, voucher, name, **more):
    data = {"reason": "Persi in autobus", "request_key": f"{name}-{more}", **more}
    return client.post(reverse("vouchers:desk_act", args=[voucher.pk, name]), data, follow=True)


def test_lost_titles_are_void_and_the_carnet_is_replaced(client, world, operator):
    voucher = issued(world, build_family(world))
    assert (
        client.post(
            reverse("vouchers:desk_act", args=[voucher.pk, "smarriti"]), {"reason": "", "request_key": "z"}
        ).status_code
        == 422
    )
    assert "Titoli annullati" in text_of(
        act(client, voucher, "smarriti", first_serial=voucher.first_serial + 20, last_serial=voucher.first_serial + 24)
    )
    assert "Carnet sostituito" in text_of(act(client, voucher, "sostituisci"))
    assert Voucher.objects.get(replaces=voucher).value_cents == 25_000
    page = text_of(client.get(reverse("vouchers:desk_voucher", args=[voucher.pk])))
    assert "smarriti" in page and "Sostituito da" in page


def test_block_unblock_take_back_and_return(client, world, operator):
    voucher = issued(world, build_family(world))
    assert "Titoli bloccati" in text_of(act(client, voucher, "blocca"))
    assert "Titoli sbloccati" in text_of(act(client, voucher, "sblocca"))
    assert "di nuovo in giacenza" in text_of(act(client, voucher, "ritira"))
    assert "Carnet reso" in text_of(act(client, voucher, "rendi"))
    assert client.get(reverse("vouchers:desk_voucher", args=[voucher.pk])).status_code == 404


def test_a_desk_without_delivery_gets_a_sentence_and_no_form(client, world):
    desk = other_desk(world, delivers=False)
    voucher = issued(world, build_family(world), handed=False)
    Voucher.objects.filter(pk=voucher.pk).update(desk=desk)
    enter(client, "dino", Role.DESK_OPERATOR, Scope.DESK, desk.pk)
    assert "non ha la consegna dei buoni nella sua convenzione" in text_of(client.get(reverse("vouchers:desk")))
    page = client.get(reverse("vouchers:hand_over"), {"buono": voucher.pk})
    assert "non ha la consegna" in text_of(page) and "Conferma la consegna" not in text_of(page)
    client.post(reverse("vouchers:hand_over"), handing(voucher))
    assert not CustodyMove.objects.exists()


def test_papers_are_printed(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    for address in (reverse("vouchers:carnet", args=[voucher.pk]), reverse("vouchers:letter", args=[voucher.award_id])):
        answer = client.get(address)
        assert answer.content.startswith(b"%PDF") and answer["Content-Type"] == "application/pdf"


def test_another_desks_voucher_is_not_found_on_any_page(client, world):
    voucher = issued(world, build_family(world), handed=False)
    desk = other_desk(world, delivers=True)
    enter(client, "dino", Role.DESK_OPERATOR, Scope.DESK, desk.pk)
    assert "Maria" not in text_of(client.get(reverse("vouchers:desk")))
    for name, args in (
        ("desk_voucher", [voucher.pk]),
        ("carnet", [voucher.pk]),
        ("desk_act", [voucher.pk, "blocca"]),
        ("letter", [voucher.award_id]),
    ):
        assert client.get(reverse(f"vouchers:{name}", args=args)).status_code == 404, name
    assert client.get(reverse("vouchers:hand_over"), {"buono": voucher.pk}).status_code == 404
    assert client.post(reverse("vouchers:hand_over"), handing(voucher)).status_code == 404
    assert not CustodyMove.objects.exists()


def test_the_tally_sums_the_day_and_refuses_a_day_to_come(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    hand_over(desk=world.desk, items=[HandoverItem(voucher.pk, "passaporto", "YA1")], at=NOW, by=None)
    page = text_of(client.get(reverse("vouchers:tally")))
    assert "consegnati alla famiglia" in page and "250,00" in page and "passaporto YA1" in page
    assert "Nessun movimento" in text_of(client.get(reverse("vouchers:tally"), {"giorno": "2011-03-13"}))
    future = client.get(reverse("vouchers:tally"), {"giorno": "2011-03-20"})
    assert future.status_code == 422 and "non è ancora arrivato" in text_of(future)
    assert "250,00" in client.get(reverse("vouchers:tally"), {"r-export": "csv"}).content.decode("utf-8-sig")


def test_the_stock_is_filtered(client, world, operator):
    voucher = issued(world, build_family(world), handed=False)
    address = reverse("vouchers:desk")
    assert "Maria Rossi" in text_of(
        client.get(address, {"q": voucher.holder.family_name, "mese": "2011-03", "stato": "stock"})
    )
    assert "Nessuna riga corrisponde" in text_of(client.get(address, {"stato": "handed"}))
    assert "Nessuna riga corrisponde" in text_of(client.get(address, {"mese": "2011-04"}))


@pytest.mark.parametrize("name", ["desk", "receive", "hand_over", "tally"])
def test_only_a_desk_opens_its_pages(client, world, name):
    enter(client, "olga", Role.PROVIDER_OPERATOR, Scope.SITE, world.site.pk)
    assert client.get(reverse(f"vouchers:{name}")).status_code == 403
    client.logout()
    assert client.get(reverse(f"vouchers:{name}")).status_code == 302


def test_lists_cost_the_same_queries_whatever_their_rows(client, world, operator):
    counts = {}
    for _round in range(3):
        for _n in range(2):
            voucher = issued(world, build_family(world), handed=False)
            hand_over(desk=world.desk, items=[HandoverItem(voucher.pk, "passaporto", "YA1")], at=NOW, by=None)
        for name in ("desk", "tally"):
            counts.setdefault(name, []).append(queries_of(client, reverse(f"vouchers:{name}")))
    for name, found in counts.items():
        assert found[-1] == found[0] <= 12, (name, found)
