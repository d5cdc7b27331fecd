"""Addresses of the accounts and of the providers' statements."""

from django.urls import path

from piutempo.settlements.views import benefit, claims, ledger, payments, provider, statements

app_name = "settlements"
urlpatterns = [
    path("contabilita/", statements.accounting, name="accounting"),
    path("contabilita/rendiconti/", statements.statements, name="statements"),
    path("contabilita/rendiconti/predisponi/", statements.prepare, name="prepare"),
    path("contabilita/rendiconti/approva/", statements.approve, name="approve"),
    path("contabilita/rendiconti/<int:statement_id>/", statements.statement, name="statement"),
    path("contabilita/utilizzi/<int:redemption_id>/", statements.redemption, name="redemption"),
    path("contabilita/distinte/", payments.batches, name="batches"),
    path("contabilita/distinte/nuova/<int:programme_id>/", payments.new_batch, name="new_batch"),
    path("contabilita/distinte/<int:batch_id>/", payments.batch, name="batch"),
    path("contabilita/distinte/<int:batch_id>/paga/", payments.pay, name="pay"),
    path("contabilita/pagamenti/<int:payment_id>/recupera/", payments.recover, name="recover"),
    path("contabilita/crediti/", claims.claims, name="claims"),
    path("contabilita/crediti/<int:claim_id>/", claims.claim, name="claim"),
    path("ufficio/domande/<int:application_id>/beneficio/", benefit.office_benefit, name="benefit"),
    path("cittadino/domanda/<int:application_id>/beneficio/", benefit.own_benefit, name="own_benefit"),
    path("contabilita/saldi/", ledger.balances, name="balances"),
    path("contabilita/movimenti/", ledger.transfers, name="transfers"),
    path("contabilita/movimenti/<int:transfer_id>/", ledger.transfer, name="transfer"),
    path("operatore/rendiconti/", provider.own_statements, name="provider"),
    path("operatore/rendiconti/<int:statement_id>/", provider.own_statement, name="own_statement"),
]
