"""Addresses of the vouchers, by who uses them."""

from django.urls import path

from piutempo.vouchers.views import citizen, desk, expiry, files, handover, issuance, keys, leaving, office, provider

app_name = "vouchers"
urlpatterns = [
    path("cittadino/buoni/", citizen.mine, name="citizen"),
    path("cittadino/buoni/pannello/", citizen.mine, name="citizen_panel"),
    path("cittadino/buoni/<int:voucher_id>/carnet.pdf", citizen.my_carnet, name="my_carnet"),
    path("cittadino/buoni/lettera/<int:award_id>.pdf", citizen.my_letter, name="my_letter"),
    path("cittadino/buoni/rinuncia/<int:application_id>/", citizen.renounce_months, name="renounce"),
    path("sportello/buoni/", desk.stock, name="desk"),
    path("sportello/buoni/ricevi/", desk.receive, name="receive"),
    path("sportello/buoni/consegna/", handover.hand, name="hand_over"),
    path("sportello/buoni/<int:voucher_id>/", desk.voucher, name="desk_voucher"),
    path("sportello/buoni/<int:voucher_id>/carnet.pdf", desk.carnet, name="carnet"),
    path("sportello/buoni/<int:voucher_id>/<slug:name>/", desk.act, name="desk_act"),
    path("sportello/buoni/lettera/<int:award_id>.pdf", desk.letter, name="letter"),
    path("sportello/giornata/", handover.tally, name="tally"),
    path("operatore/registra/", provider.redeem, name="redeem"),
    path("operatore/registra/fatto/", provider.redeemed, name="redeemed"),
    path("operatore/utilizzi/", provider.redemptions, name="redemptions"),
    path("operatore/utilizzi/<int:redemption_id>/storno/", provider.reverse_one, name="reverse"),
    path("operatore/file/", files.files, name="upload"),
    path("operatore/file/modello.<slug:kind>", files.template, name="file_template"),
    path("operatore/file/<int:file_id>/", files.file, name="file"),
    path("operatore/chiavi/", keys.keys, name="keys"),
    path("operatore/chiavi/<int:key_id>/revoca/", keys.revoke_key, name="revoke_key"),
    path("ufficio/emissione/", issuance.runs, name="issuance"),
    path("ufficio/emissione/prova/", issuance.rehearse, name="rehearse"),
    path("ufficio/emissione/avanzamento/", issuance.progress, name="progress"),
    path("ufficio/emissione/<int:run_id>/", issuance.run, name="run"),
    path("ufficio/proroghe/", expiry.extensions, name="extensions"),
    path("ufficio/proroghe/nuova/", expiry.new_extension, name="new_extension"),
    path("ufficio/proroghe/<int:extension_id>/", expiry.extension, name="extension"),
    path("ufficio/scadenze/", expiry.expiring, name="expiring"),
    path("ufficio/domande/<int:application_id>/revoca/", leaving.withdraw, name="withdraw"),
    path("ufficio/buoni/", office.search, name="office_vouchers"),
    path("ufficio/buoni/<int:voucher_id>/", office.voucher, name="office_voucher"),
]
