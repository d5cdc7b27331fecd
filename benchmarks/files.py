"""A file of 100,000 titles: confirmed through the service, against a bare insert of the rows it writes."""

from django.conf import settings
from django.db import connection

from benchmarks import world as make
from benchmarks.measure import tell, watch
from piutempo.kernel.codes import title_code
from piutempo.vouchers.models import Redemption, Voucher
from piutempo.vouchers.services.files import confirm_file, preview_file

VOUCHERS, TITLES = 5_000, 20


def main() -> None:
    """Measure and tell."""
    scene = make.build(sites=1)
    make.add_awards(scene, VOUCHERS)
    make.issue_all(scene)
    day = f"{make.served_on():%d/%m/%Y}"
    cared = scene.member.person.fiscal_code
    lines = ["codice;servizio;quantita;data;codice_fiscale_assistito"]
    for code in Voucher.objects.order_by("id").values_list("code", flat=True):
        lines += [
            f"{title_code(code, index, settings.CODE_KEY)};{scene.service};1;{day};{cared}"
            for index in range(1, TITLES + 1)
        ]
    content = "\n".join(lines).encode()
    with watch() as previewing:
        file = preview_file(
            site=scene.sites[0], programme=scene.programme, name="mese.csv", content=content, at=make.AT, by=None
        )
    with watch() as clock:
        result = confirm_file(file=file, at=make.AT, by=None)
    again = confirm_file(file=file, at=make.AT, by=None)
    with connection.cursor() as cursor:
        for table in ("vouchers_redemption", "ledger_transfer"):
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        with watch() as bare:
            cursor.execute("INSERT INTO bare_vouchers_redemption SELECT * FROM vouchers_redemption")
            cursor.execute("INSERT INTO bare_ledger_transfer SELECT * FROM ledger_transfer WHERE kind = 'spend'")
    tell(
        "batch redemption of a 100,000-title file", value=clock.seconds, unit="s", limit=bare.seconds,
        target="<= 2 x a bare insert of the same rows (1.5)", preview_s=round(previewing.seconds, 1),
        accepted=result.accepted, second_time=again.accepted if not again.is_repeat else 0,
        redemptions=Redemption.objects.count(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
