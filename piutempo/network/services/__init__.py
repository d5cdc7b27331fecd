"""Writes of the network: desks, providers, sites, accreditation."""

from piutempo.network.services.accreditation import (
    Accreditation,
    accredit_site,
    accredit_sites,
    end_accreditation,
)
from piutempo.network.services.places import (
    DeskInput,
    NetworkRefused,
    ProviderInput,
    SiteInput,
    open_desk,
    open_desks,
    register_provider,
    register_providers,
    register_site,
    register_sites,
    update_provider,
)

__all__ = [
    "Accreditation",
    "DeskInput",
    "NetworkRefused",
    "ProviderInput",
    "SiteInput",
    "accredit_site",
    "accredit_sites",
    "end_accreditation",
    "open_desk",
    "open_desks",
    "register_provider",
    "register_providers",
    "register_site",
    "register_sites",
    "update_provider",
]
