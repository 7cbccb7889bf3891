"""The currencies that Stripe takes, and how many decimals an amount has in its API.

Source: https://docs.stripe.com/currencies and the list in Stripe's answer to an invalid currency. Not ISO 4217:
withdrawn currencies are still taken, and some minor units differ (MGA has none here, ISK and UGX have two).
"""

from __future__ import annotations

from decimal import Decimal

CURRENCIES = frozenset(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf
    chf clp cny cop crc cve czk djf dkk dop dzd eek egp etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl
    hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl ltl lvl mad mdl
    mga mkd mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar
    ron rsd rub rwf sar sbd scr sek sgd shp sle sll sos srd std svc szl thb tjs tnd top try ttd twd tzs uah ugx
    usd uyu uzs vef vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
    """.split()  # noqa: SIM905 (a list literal would take a line for each)
)
"""Lower-case codes."""

_DECIMALS = {
    0: "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
    3: "bhd jod kwd omr tnd",
}


def decimals(currency: str) -> int:
    """Return how many decimals an amount has: 0, 2 or 3."""
    return next((digits for digits, codes in _DECIMALS.items() if currency in codes.split()), 2)


def money(amount: int, currency: str) -> str:
    """Return an amount in minor units as people read it: ``1,500.00 USD``."""
    digits = decimals(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency.upper()}"
