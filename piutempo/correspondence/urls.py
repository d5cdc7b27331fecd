"""Addresses of correspondence."""

from django.urls import path

from piutempo.correspondence.views import batches, inbox, letters, register, templates

app_name = "correspondence"
urlpatterns = [
    path("ufficio/lettere/", letters.letters, name="letters"),
    path("ufficio/lettere/stampa/", letters.letters_zip, name="letters_zip"),
    path("ufficio/lettere/firma/", letters.sign_many, name="sign_many"),
    path("ufficio/lettere/spedite/", letters.posted, name="posted"),
    path("ufficio/lettere/avvisi/<int:message_id>/riprova/", letters.retry_notice, name="retry_notice"),
    path("ufficio/lettere/invii/", batches.batches, name="batches"),
    path("ufficio/lettere/invii/nuovo/", batches.notice, name="notice"),
    path("ufficio/lettere/invii/<int:batch_id>/", batches.batch, name="batch"),
    path("ufficio/lettere/<int:letter_id>/", letters.letter, name="letter"),
    path("ufficio/lettere/<int:letter_id>/pdf/", letters.letter_pdf, name="letter_pdf"),
    path("ufficio/lettere/<int:letter_id>/firma/<str:how>/", letters.sign, name="sign"),
    path("ufficio/lettere/<int:letter_id>/fai/<str:what>/", letters.handle, name="handle"),
    path("ufficio/modelli/", templates.templates, name="templates"),
    path("ufficio/modelli/<str:code>/", templates.template, name="template"),
    path("ufficio/modelli/<str:code>/anteprima/", templates.preview, name="preview"),
    path("ufficio/modelli/<str:code>/versioni/<int:number>/", templates.version, name="version"),
    path("ufficio/protocollo/", register.register, name="register"),
    path("ufficio/protocollo/giorno/", register.register_day, name="register_day"),
    path("ufficio/messaggi/", inbox.inbox, name="inbox"),
    path("ufficio/messaggi/<int:message_id>/", inbox.message, name="message"),
]
