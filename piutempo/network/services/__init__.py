"""Writes of the network: desks, providers, sites, accreditation."""

from piutempo.network.services.accreditation import (
    Accreditation,
    accredit_site,
    accredit_sites,
    end_accreditation,
)
from piutempo.network.services.desks import (
    DeskInput,
    add_agreement,
    end_agreement,
    open_desk,
    open_desks,
    update_desk,
)
from piutempo.network.services.places import (
    NetworkRefused,
    ProviderInput,
    SiteInput,
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
    "add_agreement",
    "end_accreditation",
    "end_agreement",
    "open_desk",
    "open_desks",
    "register_provider",
    "register_providers",
    "register_site",
    "register_sites",
    "update_desk",
    "update_provider",
]
