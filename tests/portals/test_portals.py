"""Home pages for every role, the pages every public site has, and the administrator's accounts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from piutempo.people.models import Role, RoleGrant, Scope, User
from piutempo.people.services.accounts import SCOPES_OF, create_user, grant_role
from piutempo.portals.navigation import DOORS, PUBLIC

NOW = timezone.now()


def signed_in(client: Client, role: Role | None, name: str = "anna") -> User:
    user = create_user(username=name, full_name=f"{name.title()} Bianchi", at=NOW)
    if role:
        scope = Scope.ALL if Scope.ALL in SCOPES_OF[role] else min(SCOPES_OF[role])
        grant_role(user=user, role=role, scope=scope, scope_id=None if scope == Scope.ALL else 1, at=NOW)
    client.force_login(user)
    return user


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["home", "help", "contacts", "privacy", "accessibility", "health"])
def test_anybody_opens_the_public_pages(name: str, client: Client):
    assert client.get(reverse(f"portals:{name}")).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*Role, None])
def test_every_role_has_a_home_page_with_few_queries(
    role: Role | None,
    client: Client,
    django_assert_max_num_queries: Callable[..., Any],
    refuse_writes: Callable[[], Any],
):
    signed_in(client, role)
    with django_assert_max_num_queries(12), refuse_writes():
        answer = client.get("/area/")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert ("Che cosa ti aspetta" in html) == (role is not None)
    assert ("non ha ancora un ruolo" in html) == (role is None)


@pytest.mark.django_db
def test_who_is_not_signed_in_is_asked_to(client: Client):
    assert client.get("/area/")["Location"] == "/accedi/?next=/area/"


@pytest.mark.parametrize("door", [*PUBLIC, *DOORS], ids=lambda door: door.url_name)
def test_every_door_leads_somewhere(door: Any):
    assert reverse(door.url_name)


@pytest.mark.django_db
def test_an_account_with_two_roles_sees_both(client: Client):
    user = signed_in(client, Role.CASE_OFFICER)
    grant_role(user=user, role=Role.ADMINISTRATOR, at=NOW)
    html = client.get("/area/").content.decode()
    assert "Domande da decidere" in html and "Account attivi" in html


# The administrator


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/amministrazione/", "/amministrazione/nuovo/", "/amministrazione/1/"])
@pytest.mark.parametrize("role", [r for r in Role if r != Role.ADMINISTRATOR])
def test_only_the_administrator_enters(path: str, role: Role, client: Client):
    signed_in(client, role)
    answer = client.get(path)
    assert answer.status_code == 403
    assert "Torna alla tua area" in answer.content.decode()


@pytest.mark.django_db
def test_the_list_of_accounts_costs_the_same_for_many(
    client: Client, at: datetime, django_assert_max_num_queries: Callable[..., Any]
):
    signed_in(client, Role.ADMINISTRATOR)
    for i in range(40):
        grant_role(
            user=User.objects.create(username=f"u{i}", full_name=f"U {i}", created_at=at), role=Role.AUDITOR, at=at
        )
    with django_assert_max_num_queries(8):
        html = client.get("/amministrazione/").content.decode()
    assert "41" in html
    found = client.get("/amministrazione/?role=administrator").content.decode()
    assert "Anna Bianchi" in found and "U 1<" not in found


@pytest.mark.django_db
def test_create_an_account_and_give_and_take_a_role(client: Client):
    signed_in(client, Role.ADMINISTRATOR)
    fields = {"full_name": "Bruno Neri", "username": "bruno", "password": "tre gatti sul tetto", "request_key": "k"}
    answer = client.post("/amministrazione/nuovo/", fields)
    bruno = User.objects.get(username="bruno")
    assert answer["Location"] == f"/amministrazione/{bruno.pk}/"
    given = client.post(answer["Location"], {"role": "auditor", "scope": "all", "request_key": "k"})
    assert given.status_code == 302
    grant = RoleGrant.objects.get(user=bruno)
    assert grant.role == Role.AUDITOR
    page = client.get(answer["Location"]).content.decode()
    assert "revisore" in page and "ovunque" in page
    client.post(f"/amministrazione/ruoli/{grant.pk}/togli/")
    grant.refresh_from_db()
    assert grant.valid_until == timezone.localdate()
    client.post(f"/amministrazione/{bruno.pk}/stato/", {"active": "no"})
    bruno.refresh_from_db()
    assert not bruno.is_active


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "desk_operator", "scope": "desk"}, "Scrivi il codice"),
        ({"role": "desk_operator", "scope": "desk", "code": "ZZ"}, "Nessuno ha questo codice"),
        ({"role": "provider_operator", "scope": "all"}, "non può avere questo tipo di ambito"),
        ({"role": "auditor", "scope": "all", "last_day": "2001-01-01"}, "già passato"),
        ({"role": "", "scope": "all"}, "obbligatorio"),
    ],
)
def test_a_role_that_cannot_be_given_says_what_to_mend(fields: dict[str, str], words: str, client: Client):
    user = signed_in(client, Role.ADMINISTRATOR)
    answer = client.post(f"/amministrazione/{user.pk}/", {**fields, "request_key": "k"})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert RoleGrant.objects.count() == 1


@pytest.mark.django_db
def test_an_administrator_cannot_take_the_administration_from_themselves(client: Client):
    user = signed_in(client, Role.ADMINISTRATOR)
    grant = user.grants.get()
    answer = client.post(f"/amministrazione/ruoli/{grant.pk}/togli/", follow=True)
    assert "chiedilo a un altro amministratore" in answer.content.decode()
    assert client.get("/amministrazione/").status_code == 200


@pytest.mark.django_db
def test_what_does_not_exist_is_not_found(client: Client):
    signed_in(client, Role.ADMINISTRATOR)
    assert client.get("/amministrazione/999/").status_code == 404
    assert client.post("/amministrazione/ruoli/999/togli/").status_code == 404
