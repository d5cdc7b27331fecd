"""Addresses of programmes."""

from django.urls import path

from piutempo.programmes.views import drafts, manager, public

app_name = "programmes"
DRAFT = "programma/<slug:code>/bozza/<int:number>/"
urlpatterns = [
    path("programmi/", public.programmes, name="public_list"),
    path("programmi/<slug:code>/", public.programme, name="public"),
    path("verifica/", public.self_checks, name="self_checks"),
    path("verifica/<slug:code>/", public.self_check, name="self_check"),
    path("programma/", manager.programmes, name="list"),
    path("programma/<slug:code>/", manager.versions, name="versions"),
    path("programma/<slug:code>/versioni/<int:number>/", manager.version, name="version"),
    path("programma/<slug:code>/versioni/<int:number>/toml/", manager.export, name="export"),
    path("programma/<slug:code>/confronto/", manager.comparison, name="comparison"),
    path("programma/<slug:code>/bozza/", drafts.create, name="create_draft"),
    path(DRAFT, drafts.draft, name="draft"),
    path(DRAFT + "voce/", drafts.place, name="draft_place"),
    path(DRAFT + "voce/aggiungi/", drafts.add_place, name="draft_place_add"),
    path(DRAFT + "voce/togli/", drafts.remove_place, name="draft_place_remove"),
    path(DRAFT + "testo/", drafts.text, name="draft_text"),
    path(DRAFT + "pubblica/", drafts.publish, name="draft_publish"),
    path(DRAFT + "elimina/", drafts.drop, name="draft_drop"),
]
