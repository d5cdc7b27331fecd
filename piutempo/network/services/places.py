"""Providers and their sites; what every place's writes share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Model

from piutempo.kernel.identifiers import normal_iban, normal_vat_number
from piutempo.network.models import Provider, Site
from piutempo.network.rules import Refusal
from piutempo.people.models import Municipality, User
from piutempo.programmes.rules.terms import Terms
from piutempo.records.services import record_event


class NetworkRefused(Exception):
    """A desk, provider, site or accreditation cannot be written. ``code`` is stable; ``details`` fill the sentence."""

    def __init__(self, code: Refusal, **details: object) -> None:
        super().__init__(code.value, details)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class ProviderInput:
    """A provider to register in bulk."""

    name: str
    vat_number: str
    iban: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class SiteInput:
    """A site to register in bulk."""

    provider_id: int
    code: str
    name: str
    municipality_id: str
    unit_type: str = ""
    address: str = ""
    phone: str = ""


def _checked_provider(item: ProviderInput) -> Provider:
    try:
        vat_number = normal_vat_number(item.vat_number)
    except ValueError:
        raise NetworkRefused(Refusal.VAT_NUMBER, value=item.vat_number) from None
    try:
        iban = normal_iban(item.iban) if item.iban.strip() else ""
    except ValueError:
        raise NetworkRefused(Refusal.IBAN, value=item.iban) from None
    return Provider(
        name=item.name.strip(), vat_number=vat_number, iban=iban, email=item.email.strip(), phone=item.phone.strip()
    )


@transaction.atomic
def register_provider(
    *,
    name: str,
    vat_number: str,
    iban: str = "",
    email: str = "",
    phone: str = "",
    at: datetime,
    by: User | None = None,
) -> Provider:
    """
    Return the provider with this partita IVA, registered now unless already known (its data then stay as they are).

    :raises NetworkRefused: ``VAT_NUMBER``, ``IBAN``
    """
    provider = _checked_provider(ProviderInput(name, vat_number, iban, email, phone))
    if not insert(provider):
        return Provider.objects.get(vat_number=provider.vat_number)
    record("network.provider_registered", "network.provider", provider.pk, at, by)
    return provider


@transaction.atomic
def update_provider(
    *, provider: Provider, iban: str, email: str, phone: str, at: datetime, by: User | None = None
) -> Provider:
    """
    Write how a provider is paid and reached. The event names what changed; the same data again write nothing.

    Statements in a batch keep the IBAN that the batch was made with.

    :raises NetworkRefused: ``IBAN``
    """
    locked = Provider.objects.select_for_update().get(pk=provider.pk)
    asked = _checked_provider(ProviderInput(locked.name, locked.vat_number, iban, email, phone))
    changed = [name for name in ("iban", "email", "phone") if getattr(locked, name) != getattr(asked, name)]
    if changed:
        for name in changed:
            setattr(locked, name, getattr(asked, name))
        locked.save(update_fields=changed)
        record("network.provider_updated", "network.provider", locked.pk, at, by, {"changed": changed})
    return locked


def register_providers(inputs: Sequence[ProviderInput]) -> list[Provider]:
    """
    Register many new providers in one query, in the order of the inputs.

    :raises NetworkRefused: ``VAT_NUMBER``, ``IBAN`` at the first wrong one; nothing is then written
    """
    return Provider.objects.bulk_create([_checked_provider(i) for i in inputs], batch_size=500)


@transaction.atomic
def register_site(
    *,
    provider: Provider,
    code: str,
    name: str,
    municipality: Municipality,
    unit_type: str = "",
    address: str = "",
    phone: str = "",
    terms: Terms | None = None,
    at: datetime,
    by: User | None = None,
) -> Site:
    """
    Register a site of a provider; the very same site registered again (a second click) is the one there is.

    With ``terms``, its type of unit must be one that the programme names.

    :raises NetworkRefused: ``SITE_CODE`` (the code is taken), ``UNIT_TYPE``
    """
    if terms is not None and terms.providers.unit_types and unit_type not in terms.providers.unit_types:
        raise NetworkRefused(Refusal.UNIT_TYPE, value=unit_type)
    site = Site(
        provider=provider,
        code=code,
        name=name,
        municipality=municipality,
        unit_type=unit_type,
        address=address,
        phone=phone,
    )
    if not insert(site):
        known = Site.objects.get(code=code)
        if data_of(known) == data_of(site):
            return known
        raise NetworkRefused(Refusal.SITE_CODE, value=code)
    record("network.site_registered", "network.site", site.pk, at, by)
    return site


def register_sites(inputs: Sequence[SiteInput]) -> list[Site]:
    """Register many new sites in one query, in the order of the inputs; a code that is taken fails them all."""
    rows = [
        Site(
            provider_id=i.provider_id,
            code=i.code,
            name=i.name,
            municipality_id=i.municipality_id,
            unit_type=i.unit_type,
            address=i.address,
            phone=i.phone,
        )
        for i in inputs
    ]
    return Site.objects.bulk_create(rows, batch_size=500)


def insert(row: Model) -> bool:
    """Write a new row; False when its code is taken, also by somebody writing at the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def data_of(row: Model) -> dict[str, object]:
    """Return what a row says, without its own id."""
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}


def record(
    name: str, subject: str, subject_id: int, at: datetime, by: User | None, data: dict[str, object] | None = None
) -> None:
    """Record an event about a place."""
    record_event(name=name, subject=subject, subject_id=subject_id, at=at, by_id=by.pk if by else None, data=data)
