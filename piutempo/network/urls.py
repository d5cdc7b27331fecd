"""Addresses of the network."""

from django.urls import path

from piutempo.network.views import desks, office, places, provider, public

app_name = "network"
urlpatterns = [
    path("dove-spendere/", public.where_to_spend, name="where_to_spend"),
    path("sportelli/", public.desks, name="desks"),
    path("operatore/sedi/", provider.my_sites, name="my_sites"),
    path("ufficio/rete/", office.office, name="office"),
    path("ufficio/rete/sportelli/nuovo/", places.new_desk, name="new_desk"),
    path("ufficio/rete/sportelli/<int:desk_id>/", desks.desk, name="desk"),
    path("ufficio/rete/sportelli/<int:desk_id>/convenzioni/", desks.agree, name="agree"),
    path("ufficio/rete/convenzioni/<int:agreement_id>/chiudi/", desks.end, name="end_agreement"),
    path("ufficio/rete/enti/", office.providers, name="providers"),
    path("ufficio/rete/enti/nuovo/", places.new_provider, name="new_provider"),
    path("ufficio/rete/enti/<int:provider_id>/", places.provider, name="provider"),
    path("ufficio/rete/sedi/", office.sites, name="sites"),
    path("ufficio/rete/sedi/nuova/", places.new_site, name="new_site"),
    path("ufficio/rete/sedi/<int:site_id>/", office.site, name="site"),
    path("ufficio/rete/sedi/<int:site_id>/accredita/<slug:code>/<str:network>/", office.accredit, name="accredit"),
    path("ufficio/rete/sedi/<int:site_id>/chiudi/<slug:code>/<str:network>/", office.end, name="end"),
]
