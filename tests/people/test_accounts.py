"""Who may do what: roles and their scopes, signing in, lock-out, idle sessions, personas."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import clear_url_caches

from piutempo.people.access import PiuRequest, Roles, role_required
from piutempo.people.messages import ACCOUNT_REFUSALS
from piutempo.people.models import Role, RoleGrant, Scope, User
from piutempo.people.services.accounts import (
    SCOPES_OF,
    AccountRefusal,
    AccountRefused,
    change_password,
    create_persona,
    create_user,
    grant_role,
    revoke_role,
    set_account_active,
)
from piutempo.records.models import Event

PASSWORD = "tre gatti sul tetto"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def anna(at: datetime) -> User:
    return create_user(username="Anna", full_name="Anna Bianchi", password=PASSWORD, at=at)


def roles_of(user: User, on: date) -> Roles:
    return Roles(user.pk, on)


# Roles and scopes


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_a_view_lets_in_only_the_roles_it_names(role: Role, anna: User, at: datetime):
    @role_required(role)
    def view(request: PiuRequest) -> HttpResponse:
        return HttpResponse("ok")

    def ask(user: Any, roles: Roles) -> HttpResponse:
        request: Any = RequestFactory().get("/pagina/?a=1")
        request.user, request.roles, request.htmx, request.now = user, roles, False, at
        return view(request)

    nobody = ask(AnonymousUser(), Roles(None, at.date()))
    assert nobody.status_code == 302 and nobody["Location"] == "/accedi/?next=/pagina/%3Fa%3D1"
    other = next(r for r in Role if r != role)
    grant_role(user=anna, role=other, scope=min(SCOPES_OF[other]), scope_id=_id_for(other), at=at)
    with pytest.raises(PermissionDenied):
        ask(anna, roles_of(anna, at.date()))
    grant_role(user=anna, role=role, scope=min(SCOPES_OF[role]), scope_id=_id_for(role), at=at)
    assert ask(anna, roles_of(anna, at.date())).content == b"ok"
    with pytest.raises(PermissionDenied):
        ask(anna, roles_of(anna, at.date() - timedelta(days=1)))


def _id_for(role: Role) -> int | None:
    return None if min(SCOPES_OF[role]) == Scope.ALL else 7


@pytest.mark.django_db
def test_scope_ids_tell_everywhere_nowhere_and_some(anna: User, at: datetime):
    on = at.date()
    grant_role(user=anna, role=Role.DESK_OPERATOR, scope=Scope.DESK, scope_id=3, at=at)
    grant_role(user=anna, role=Role.DESK_OPERATOR, scope=Scope.DESK, scope_id=5, at=at)
    grant_role(user=anna, role=Role.AUDITOR, at=at)
    roles = roles_of(anna, on)
    assert roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK) == {3, 5}
    assert roles.scope_ids(Role.DESK_OPERATOR, Scope.PROGRAMME) == set()
    assert roles.scope_ids(Role.CASE_OFFICER, Scope.PROGRAMME) == set()
    assert roles.scope_ids(Role.AUDITOR, Scope.PROGRAMME) is None
    assert roles.covers(Role.DESK_OPERATOR, Scope.DESK, 3) and not roles.covers(Role.DESK_OPERATOR, Scope.DESK, 4)
    assert roles.covers(Role.AUDITOR, Scope.PROGRAMME, 99)
    assert roles.held == {Role.DESK_OPERATOR, Role.AUDITOR} and roles.is_staff


@pytest.mark.django_db
def test_roles_cost_one_query_and_none_for_strangers(
    anna: User, at: datetime, django_assert_num_queries: Callable[..., Any]
):
    roles = roles_of(anna, at.date())
    with django_assert_num_queries(1):
        assert not roles.has(Role.CITIZEN) and not roles.is_staff and roles.held == set()
    with django_assert_num_queries(0):
        assert not Roles(None, at.date()).has(Role.CITIZEN)


@pytest.mark.django_db
def test_a_role_counts_from_its_first_day_to_the_day_before_its_end(anna: User, at: datetime):
    on = at.date()
    grant_role(
        user=anna,
        role=Role.CITIZEN,
        at=at,
        valid_from=on + timedelta(days=1),
        valid_until=on + timedelta(days=3),
    )
    seen = [roles_of(anna, on + timedelta(days=n)).has(Role.CITIZEN) for n in range(4)]
    assert seen == [False, True, True, False]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "scope", "scope_id", "reason"),
    [
        (Role.DESK_OPERATOR, Scope.DESK, None, AccountRefusal.SCOPE_MISSING),
        (Role.AUDITOR, Scope.ALL, 4, AccountRefusal.SCOPE_NOT_WANTED),
        (Role.PROVIDER_OPERATOR, Scope.ALL, None, AccountRefusal.SCOPE_WRONG),
        (Role.CITIZEN, Scope.DESK, 4, AccountRefusal.SCOPE_WRONG),
        (Role.ADMINISTRATOR, Scope.PROGRAMME, 4, AccountRefusal.SCOPE_WRONG),
    ],
)
def test_a_role_within_the_wrong_scope_is_refused(
    role: Role, scope: Scope, scope_id: int | None, reason: AccountRefusal, anna: User, at: datetime
):
    with pytest.raises(AccountRefused) as refused:
        grant_role(user=anna, role=role, scope=scope, scope_id=scope_id, at=at)
    assert refused.value.reason == reason
    assert not RoleGrant.objects.exists()


def test_every_refusal_has_a_sentence():
    assert set(ACCOUNT_REFUSALS) == set(AccountRefusal)


@pytest.mark.django_db
def test_granting_twice_adds_nothing_and_the_database_refuses_a_double(anna: User, at: datetime):
    first = grant_role(user=anna, role=Role.AUDITOR, at=at)
    assert grant_role(user=anna, role=Role.AUDITOR, at=at + timedelta(days=2)) == first
    assert RoleGrant.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(user=anna, role=Role.AUDITOR, valid_from=first.valid_from)


@pytest.mark.django_db
def test_a_revoked_role_ends_today_stays_written_and_may_come_back(anna: User, at: datetime):
    grant = grant_role(user=anna, role=Role.AUDITOR, at=at)
    revoke_role(grant=grant, at=at)
    assert not roles_of(anna, at.date()).has(Role.AUDITOR)
    assert RoleGrant.objects.count() == 1
    grant_role(user=anna, role=Role.AUDITOR, at=at)
    assert roles_of(anna, at.date()).has(Role.AUDITOR)
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names == [
        "people.account_created",
        "people.role_granted",
        "people.role_revoked",
        "people.role_granted",
    ]


@pytest.mark.django_db
def test_administrators_cannot_lock_themselves_out(anna: User, at: datetime):
    grant = grant_role(user=anna, role=Role.ADMINISTRATOR, at=at)
    with pytest.raises(AccountRefused):
        revoke_role(grant=grant, at=at, by=anna)
    with pytest.raises(AccountRefused):
        set_account_active(user=anna, is_active=False, at=at, by=anna)


# Accounts and passwords


@pytest.mark.django_db
def test_passwords_are_kept_with_argon2id(anna: User):
    assert anna.password.startswith("argon2$argon2id$")


@pytest.mark.django_db
def test_a_taken_name_or_a_weak_password_is_refused(anna: User, at: datetime):
    for fields, reason in [
        ({"username": "ANNA ", "password": PASSWORD}, AccountRefusal.USERNAME_TAKEN),
        ({"username": "bruno", "password": "corta"}, AccountRefusal.WEAK_PASSWORD),
    ]:
        with pytest.raises(AccountRefused) as refused:
            create_user(full_name="Bruno", at=at, **fields)
        assert refused.value.reason == reason
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_changing_the_password_asks_for_the_present_one(anna: User, at: datetime):
    with pytest.raises(AccountRefused) as refused:
        change_password(user=anna, old_password="no", new_password="quattro cani nel prato", at=at)
    assert refused.value.reason == AccountRefusal.WRONG_PASSWORD
    change_password(user=anna, old_password=PASSWORD, new_password="quattro cani nel prato", at=at)
    anna.refresh_from_db()
    assert anna.check_password("quattro cani nel prato")


# Signing in


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/accedi/", {"username": "Anna", "password": password, **more})


@pytest.mark.django_db
def test_signing_in_changes_the_session_key_and_goes_where_one_was_going(anna: User, client: Client):
    client.get("/accedi/")
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    answer = sign_in(client, next="/profilo/")
    assert answer["Location"] == "/profilo/"
    assert client.session.session_key != before
    assert "Anna Bianchi" in client.get("/profilo/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", ["https://altrove.example/", "//altrove.example", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(wanted: str, anna: User, client: Client):
    assert sign_in(client, next=wanted)["Location"] == "/area/"


@pytest.mark.django_db
def test_a_wrong_password_and_a_missing_account_answer_alike(anna: User, client: Client):
    wrong = sign_in(client, "sbagliata sbagliata")
    missing = client.post("/accedi/", {"username": "nessuno", "password": "sbagliata sbagliata"})
    for answer in (wrong, missing):
        assert answer.status_code == 422
        assert "Nome utente o password non corretti" in answer.content.decode()


@pytest.mark.django_db
def test_five_wrong_passwords_lock_even_the_right_one(anna: User, client: Client):
    for _ in range(4):
        assert sign_in(client, "sbagliata sbagliata").status_code == 422
    locked = sign_in(client, "sbagliata sbagliata")
    assert locked.status_code == 429
    assert "Accesso bloccato per mezz" in locked.content.decode()
    assert sign_in(client).status_code == 429
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_a_closed_account_cannot_enter_and_leaves_at_once(anna: User, client: Client, at: datetime):
    sign_in(client)
    assert client.get("/profilo/").status_code == 200
    set_account_active(user=anna, is_active=False, at=at)
    assert client.get("/profilo/").status_code == 302
    assert sign_in(client).status_code == 422


@pytest.mark.django_db
def test_signing_out_ends_the_session_and_needs_a_post(anna: User, client: Client):
    sign_in(client)
    assert client.get("/esci/").status_code == 405
    client.post("/esci/")
    assert client.get("/profilo/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 302), (Role.CITIZEN, 200)])
def test_thirty_idle_minutes_end_the_session_of_staff_only(
    role: Role, status: int, anna: User, client: Client, at: datetime
):
    grant_role(user=anna, role=role, at=at)
    sign_in(client)
    session = client.session
    session["seen_at"] -= 31 * 60
    session.save()
    answer = client.get("/profilo/")
    assert answer.status_code == status
    if status == 302:
        assert "30 minuti" in client.get("/accedi/").content.decode()


@pytest.mark.django_db
def test_changing_the_password_ends_the_other_sessions(anna: User, client: Client):
    other = Client()
    sign_in(client)
    sign_in(other)
    new = "quattro cani nel prato"
    answer = client.post("/profilo/", {"old_password": PASSWORD, "new_password": new, "repeated": new})
    assert answer.status_code == 302
    assert client.get("/profilo/").status_code == 200
    assert other.get("/profilo/").status_code == 302


@pytest.mark.django_db
def test_passwords_that_differ_are_told_at_their_field(anna: User, client: Client):
    sign_in(client)
    fields = {"old_password": PASSWORD, "new_password": "quattro cani nel prato", "repeated": "altro"}
    answer = client.post("/profilo/", fields)
    assert answer.status_code == 422 and "id_repeated_error" in answer.content.decode()


# Personas


LOOK = """
import django; django.setup()
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
for path in ("/demo/", "/demo/1/"):
    try: resolve(path); print("mounted")
    except Resolver404: print("absent")
try: reverse("people:demo"); print("named")
except NoReverseMatch: print("nameless")
"""


@pytest.mark.parametrize(
    ("mode", "said"), [("production", ["absent", "absent", "nameless"]), ("demo", ["mounted", "mounted", "named"])]
)
@pytest.mark.slow  # a second interpreter, because the mode is read once at the start
def test_the_personas_page_exists_in_the_demo_only(mode: str, said: list[str], tmp_path: Path):
    env = {
        **os.environ,
        "PIUTEMPO_MODE": mode,
        "PIUTEMPO_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "x" * 50,
        "CODE_KEY": "y" * 50,
        "SEAL_KEY": "z" * 50,
    }
    run = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.stdout.split() == said, run.stderr


@pytest.mark.django_db
def test_outside_the_demo_nobody_becomes_a_persona(client: Client, at: datetime):
    persona = create_persona(name="maria", full_name="Maria Rossi", role=Role.CITIZEN, at=at)
    assert client.get("/demo/").status_code == 404
    assert client.post(f"/demo/{persona.pk}/").status_code == 404
    assert sign_in(client, "", username="demo.maria").status_code == 422


@pytest.fixture
def demo(settings: Any) -> Iterator[None]:
    """The addresses as the demo mounts them."""

    def mount() -> None:
        for name in ("piutempo.people.urls", "config.urls"):
            importlib.reload(importlib.import_module(name))
        clear_url_caches()

    settings.IS_DEMO = True
    mount()
    yield
    settings.IS_DEMO = False
    mount()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_in_the_demo_one_click_makes_you_a_persona_and_nobody_else(client: Client, at: datetime, anna: User):
    persona = create_persona(name="maria", full_name="Maria Rossi", role=Role.CITIZEN, at=at)
    assert create_persona(name="maria", full_name="Maria Rossi", role=Role.CITIZEN, at=at) == persona
    page = client.get("/demo/").content.decode()
    assert "Maria Rossi" in page and "cittadino" in page and "Anna Bianchi" not in page
    assert client.post(f"/demo/{anna.pk}/").status_code == 404
    assert client.get(f"/demo/{persona.pk}/").status_code == 405
    assert client.post(f"/demo/{persona.pk}/")["Location"] == "/area/"
    assert client.session["_auth_user_id"] == str(persona.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(("is_demo", "status"), [(True, 302), (False, 422)])
def test_a_personas_password_opens_nothing_outside_the_demo(client, settings, at, is_demo, status):
    settings.IS_DEMO = is_demo
    persona = create_persona(name="ada", full_name="Ada Neri", role=Role.AUDITOR, at=at)
    persona.set_password(PASSWORD)
    persona.save()
    assert client.post("/accedi/", {"username": "demo.ada", "password": PASSWORD}).status_code == status
