"""Accounts and their roles, read."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from piutempo.people.models import Role, RoleGrant, Scope, User

#: Accounts of the demonstration: ``demo.`` and a name. Only they have a button on the personas' page.
PERSONA_PREFIX = "demo."


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One role in force."""

    role: Role
    scope: Scope
    scope_id: int | None


def grants_on(day: date) -> Q:
    """Return the condition of a grant in force on a day."""
    return Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gt=day))


def list_grants_on(user_id: int, day: date) -> list[GrantRow]:
    """Return an account's roles on a day. One query."""
    rows = RoleGrant.objects.filter(grants_on(day), user_id=user_id).order_by("id")
    return [GrantRow(Role(role), Scope(scope), i) for role, scope, i in rows.values_list("role", "scope", "scope_id")]


def list_accounts(day: date) -> QuerySet[User]:
    """Return every account with its roles in force (``current_grants``). Two queries."""
    grants = RoleGrant.objects.filter(grants_on(day)).order_by("id")
    return User.objects.prefetch_related(Prefetch("grants", queryset=grants, to_attr="current_grants")).order_by(
        "full_name", "id"
    )


def is_persona(user: User) -> bool:
    """Tell whether an account belongs to the demonstration."""
    return user.username.startswith(PERSONA_PREFIX)


def list_personas(day: date) -> list[User]:
    """Return the accounts of the demonstration, in the order they were made, with ``current_grants``. Two queries."""
    return list(list_accounts(day).filter(username__startswith=PERSONA_PREFIX, is_active=True).order_by("id"))


def get_account(user_id: int) -> User:
    """
    Return an account.

    :raises User.DoesNotExist: no such account
    """
    return User.objects.get(pk=user_id)


def list_grants_of(user: User) -> QuerySet[RoleGrant]:
    """Return all roles an account has or had, the latest first."""
    return user.grants.order_by("-valid_from", "-id")


def get_grant(grant_id: int) -> RoleGrant:
    """
    Return a grant with its account.

    :raises RoleGrant.DoesNotExist: no such grant
    """
    return RoleGrant.objects.select_related("user").get(pk=grant_id)
