"""Pages of the accounting office and of providers: who sees what, four eyes, second clicks, few queries."""

from datetime import date

import pytest
from django.urls import reverse

from piutempo.kernel.periods import Month
from piutempo.ledger.models import Account, Kind, Transfer
from piutempo.ledger.selectors import get_account_totals
from piutempo.people.models import Role, RoleGrant, Scope
from piutempo.settlements.models import Payment, PaymentBatch, Recovery, Statement
from piutempo.settlements.selectors.trail import trace
from piutempo.settlements.services import approve_statements, create_batch, pay_batch, prepare_statements
from tests.settlements.factories import instant, make_user, make_world

DAY = date(2011, 3, 10)
AFTER = instant(date(2011, 4, 5))
pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = make_world()
    for cents in (1_000, 2_000, 3_000):
        world.redeem(world.site(), world.voucher(), cents, DAY)
    return world


def enter(client, name, role, scope=Scope.ALL, scope_id=None):
    user = make_user(name)
    RoleGrant.objects.create(user=user, role=role, scope=scope, scope_id=scope_id, valid_from=date(2010, 1, 1))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def prepare(world, by=None):
    prepare_statements(programme=world.programme, month=Month(2011, 3), at=AFTER, by=by)
    return list(Statement.objects.order_by("pk"))


def settle(world):
    statements = prepare(world)
    approve_statements(ids=[s.pk for s in statements], at=AFTER, by=None)
    return pay_batch(batch=create_batch(programme=world.programme, at=AFTER, by=None), at=AFTER, by=None)


def test_a_month_is_prepared_by_one_and_approved_by_another_in_the_pages(client, world):
    anna = enter(client, "anna", Role.ACCOUNTING_OFFICER, Scope.PROGRAMME, world.programme.pk)
    page = client.post(
        reverse("settlements:prepare"), {"programme": world.programme.pk, "month": "2011-03"}, follow=True
    )
    assert "Predisposti 3 rendiconti" in page.content.decode()
    ids = list(Statement.objects.values_list("pk", flat=True))
    page = client.get(reverse("settlements:approve"), {"rendiconto": ids})
    assert "li hai predisposti tu" in page.content.decode()
    assert client.post(reverse("settlements:approve"), {"rendiconto": ids}).status_code == 422
    assert get_account_totals([world.pot.pk])[Account.PAYABLE] == 0

    enter(client, "bruno", Role.ACCOUNTING_OFFICER, Scope.PROGRAMME, world.programme.pk)
    page = client.get(reverse("settlements:approve"), {"rendiconto": ids[:2]})
    assert "Stai per approvare 2 rendiconti" in page.content.decode()
    client.post(reverse("settlements:approve"), {"rendiconto": ids[:2]})
    client.post(reverse("settlements:approve"), {"tutti": "1"})
    assert set(Statement.objects.values_list("status", "prepared_by__username", "approved_by__username")) == {
        ("approved", anna.username, "bruno")
    }
    assert get_account_totals([world.pot.pk])[Account.PAYABLE] == 6_000


def test_a_batch_is_made_exported_paid_once_and_recovered_in_the_pages(client, world):
    approve_statements(ids=[s.pk for s in prepare(world)], at=AFTER, by=None)
    enter(client, "anna", Role.ACCOUNTING_OFFICER)
    client.post(reverse("settlements:new_batch", args=[world.programme.pk]))
    page = client.post(reverse("settlements:new_batch", args=[world.programme.pk]), follow=True)
    assert "Non ci sono rendiconti approvati" in page.content.decode()
    batch = PaymentBatch.objects.get()
    file = client.get(reverse("settlements:batch", args=[batch.pk]), {"export": "csv"}).content.decode("utf-8-sig")
    lines = file.splitlines()
    assert lines[0] == "Operatore;IBAN;Importo;Mese;Rendiconto n.;Recuperato"
    assert len(lines) == 4
    assert "IT60X0542811101000000123456;10,00;2011-03;" in file
    pay = reverse("settlements:pay", args=[batch.pk])
    assert "3 pagamenti" in client.get(pay).content.decode()
    client.post(pay)
    client.post(pay)
    assert get_account_totals([world.pot.pk])[Account.PAID] == 6_000
    payment = Payment.objects.get(amount_cents=3_000)
    recover = reverse("settlements:recover", args=[payment.pk])
    sent = {"amount": "12,50", "on": "2011-05-02", "reason": "errore", "request_key": "a"}
    for amount in ("10,005", "31,00", "-1", ""):
        assert client.post(recover, sent | {"amount": amount}).status_code == 422
    assert client.post(recover, sent | {"on": "2999-01-01"}).status_code == 422
    for _click in range(2):
        client.post(recover, sent)
    assert Recovery.objects.get().amount_cents == 1_250


def test_every_figure_leads_to_the_application(client, world):
    settle(world)
    enter(client, "revisore", Role.AUDITOR)
    page = client.get(reverse("settlements:balances")).content.decode()
    assert "60,00" in page
    assert f"fondo={world.pot.pk}&amp;conto=paid" in page
    page = client.get(reverse("settlements:transfers"), {"fondo": world.pot.pk, "conto": "paid"}).content.decode()
    assert "pagamento" in page
    spent = Transfer.objects.filter(kind=Kind.SPEND).first()
    page = client.get(reverse("settlements:transfer", args=[spent.pk])).content.decode()
    assert "Assegnazione" in page
    assert "Buono" in page
    assert "Rossi" not in page
    assert client.get(reverse("settlements:redemption", args=[spent.subject_id])).status_code == 200


def test_every_kind_of_transfer_can_be_traced(world):
    settle(world)
    assert all(trace(kind, -1) == [] for kind in Kind)
    for transfer in Transfer.objects.all():
        assert trace(Kind(transfer.kind), transfer.subject_id)


def test_an_auditor_reads_and_writes_nothing(client, world):
    statements = prepare(world)
    enter(client, "revisore", Role.AUDITOR, Scope.PROGRAMME, world.programme.pk)
    for name in ("accounting", "statements", "batches", "balances", "transfers"):
        assert client.get(reverse(f"settlements:{name}")).status_code == 200
    assert client.get(reverse("settlements:statement", args=[statements[0].pk])).status_code == 200
    assert client.get(reverse("settlements:prepare")).status_code == 403
    assert client.post(reverse("settlements:approve"), {"tutti": "1"}).status_code == 403
    assert client.post(reverse("settlements:new_batch", args=[world.programme.pk])).status_code == 403


def test_another_programme_is_not_found(client, world):
    batch = settle(world)
    other = make_world("altra")
    enter(client, "anna", Role.ACCOUNTING_OFFICER, Scope.PROGRAMME, other.programme.pk)
    spent = Transfer.objects.filter(kind=Kind.SPEND, pot=world.pot).first()
    for name, pk in (
        ("statement", Statement.objects.first().pk),
        ("batch", batch.pk),
        ("pay", batch.pk),
        ("recover", Payment.objects.first().pk),
        ("transfer", spent.pk),
        ("redemption", spent.subject_id),
    ):
        assert client.get(reverse(f"settlements:{name}", args=[pk])).status_code == 404, name
    assert client.post(reverse("settlements:new_batch", args=[world.programme.pk])).status_code == 404
    assert "Programma prova" not in client.get(reverse("settlements:accounting")).content.decode()
    page = client.post(reverse("settlements:prepare"), {"programme": world.programme.pk, "month": "2011-03"})
    assert page.status_code == 422


def test_nobody_else_enters(client, world):
    assert client.get(reverse("settlements:accounting")).status_code == 302
    enter(client, "cittadina", Role.CITIZEN)
    assert client.get(reverse("settlements:accounting")).status_code == 403
    assert client.get(reverse("settlements:provider")).status_code == 403


def test_a_provider_sees_the_statements_of_its_own_sites_only(client, world):
    site = world.sites[0]
    second = world.site(provider=site.provider)
    world.redeem(second, world.voucher(), 4_000, DAY)
    statements = {s.provider_id: s for s in prepare(world)}
    mine = statements[site.provider_id]
    theirs = statements[world.sites[1].provider_id]

    enter(client, "titolare", Role.PROVIDER_OPERATOR, Scope.BODY, site.provider_id)
    page = client.get(reverse("settlements:provider")).content.decode()
    assert "50,00" in page
    page = client.get(reverse("settlements:own_statement", args=[mine.pk])).content.decode()
    assert site.code in page
    assert second.code in page
    assert client.get(reverse("settlements:own_statement", args=[theirs.pk])).status_code == 404
    file = client.get(reverse("settlements:own_statement", args=[mine.pk]), {"export": "csv"}).content.decode()
    assert len(file.splitlines()) == 3

    enter(client, "operatrice", Role.PROVIDER_OPERATOR, Scope.SITE, second.pk)
    page = client.get(reverse("settlements:own_statement", args=[mine.pk])).content.decode()
    assert second.code in page
    assert site.code not in page
    assert "40,00" in page


def test_a_wrong_month_is_refused_with_a_sentence(client, world):
    enter(client, "anna", Role.ACCOUNTING_OFFICER)
    for month, said in (("2999-01", "non è ancora iniziato"), ("marzo", "per esempio 2011-03")):
        page = client.post(reverse("settlements:prepare"), {"programme": world.programme.pk, "month": month})
        assert page.status_code == 422
        assert said in page.content.decode()


@pytest.mark.parametrize("rows", [2, 12])
def test_lists_ask_the_same_few_queries_whatever_the_rows(client, world, rows, django_assert_max_num_queries):
    for _ in range(rows):
        world.redeem(world.sites[0], world.voucher(), 1_000, DAY)
        world.redeem(world.site(), world.voucher(), 1_000, DAY)
    batch = settle(world)
    user = enter(client, "anna", Role.ACCOUNTING_OFFICER)
    statement = Statement.objects.order_by("pk").first()
    pages = [
        (reverse("settlements:accounting")),
        (reverse("settlements:statements")),
        (reverse("settlements:statement", args=[statement.pk])),
        (reverse("settlements:batches")),
        (reverse("settlements:batch", args=[batch.pk])),
        (reverse("settlements:balances")),
        (reverse("settlements:transfers")),
    ]
    for page in pages:
        with django_assert_max_num_queries(12):
            assert client.get(page).status_code == 200
    RoleGrant.objects.create(
        user=user,
        role=Role.PROVIDER_OPERATOR,
        scope=Scope.BODY,
        scope_id=world.sites[0].provider_id,
        valid_from=date(2010, 1, 1),
    )
    for page in (reverse("settlements:provider"), reverse("settlements:own_statement", args=[statement.pk])):
        with django_assert_max_num_queries(12):
            assert client.get(page).status_code == 200
