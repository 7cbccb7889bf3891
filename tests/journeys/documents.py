"""Random valid files with few ids and texts, so that two of them have much in common."""

from __future__ import annotations

from hypothesis import strategies as st

from promosync.config import Refused

from .world import LATER, LATEST, PAST, SOON, Json, configured, document

COUPON_IDS, CODE_IDS = ("spring", "summer", "vip"), ("alpha", "beta", "gamma", "delta")
BATCH_IDS = ("printed", "mailed")
_TEXTS = ("SAVE", "save", "MORE", "More", "LESS", "ZERO")
_DATES = (None, None, None, PAST, SOON, LATER, LATEST)
_LIMITS = (None, None, 3, 5, 8)
_METADATA: tuple[Json, ...] = ({}, {"a": "1"}, {"a": "2"}, {"a": "1", "b": "x=y&z [ü]"})


def _further(name: str) -> st.SearchStrategy[Json]:
    """Amounts in up to five further currencies, so that two maps share all of them, some or none."""
    return st.dictionaries(
        st.sampled_from(("gbp", "CAD", "chf", "jpy", "sek", "aud")),
        st.fixed_dictionaries({name: st.sampled_from((400, 450))}),
        max_size=5,
    )


_percentages = st.fixed_dictionaries({"percent_off": st.sampled_from((10, 20, 20.5))})
AMOUNTS = st.fixed_dictionaries(
    {
        "amount_off": st.sampled_from((500, 700)),
        "currency": st.sampled_from(("usd", "EUR")),
        "currency_options": _further("amount_off"),
    }
)
_DURATIONS: tuple[Json, ...] = ({"duration": "once"}, {"duration": "repeating", "duration_in_months": 2})
_coupons = st.tuples(
    st.one_of(_percentages, AMOUNTS),
    st.sampled_from(_DURATIONS),
    st.fixed_dictionaries(
        {
            "max_redemptions": st.sampled_from(_LIMITS),
            "redeem_by": st.sampled_from(_DATES),
            "name": st.sampled_from((None, "Sale", "Big sale")),
            "applies_to": st.sampled_from((None, ["pro"], ["team", "pro"])),
            "metadata": st.sampled_from(_METADATA),
        }
    ),
).map(lambda parts: {**parts[0], **parts[1], **parts[2]})
MINIMUMS = st.fixed_dictionaries(
    {
        "minimum_amount": st.just(1000),
        "minimum_amount_currency": st.just("usd"),
        "currency_options": _further("minimum_amount"),
    }
)
_whom = st.sampled_from((None, None, "ann", "bob", "acme"))
_ACME = {"acme": {"customer_account": "acct_acme"}}
_ADDRESSES = {"ann": {"customer_email": "ann@example.com"}, "bob": {"customer_email": "BOB@example.com"}, **_ACME}
_IDS = {"ann": {"customer": "cus_ann"}, "bob": {"customer": "cus_bob"}, **_ACME}
_codes = st.tuples(
    st.one_of(st.just({}), MINIMUMS),
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(_TEXTS),
            "active": st.sampled_from((True, True, True, False)),
            "max_redemptions": st.sampled_from(_LIMITS),
            "expires_at": st.sampled_from(_DATES),
            "first_time_transaction": st.booleans(),
            "metadata": st.sampled_from(_METADATA),
        }
    ),
).map(lambda parts: {**parts[0], **parts[1]})


Entries = dict[str, Json]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Json, Json]:
    """Two valid files. The second has some entries of the first as they were, or with one field of another."""
    (homes, codes), (new_homes, new_codes) = draw(_entries()), draw(_entries())
    _mix(draw, homes, new_homes)
    _mix(draw, codes, new_codes)
    new_codes = {id: entry for id, entry in new_codes.items() if entry["coupon"] in new_homes}
    return _valid(homes, codes), _valid(new_homes, new_codes)


@st.composite
def pairs_with_batches(draw: st.DrawFn) -> tuple[Json, Json]:
    """Two valid files as in :func:`pairs`, each with up to two batches, on any of its coupons."""
    before, after = draw(pairs())
    return _with_batches(draw, before), _with_batches(draw, after)


def _with_batches(draw: st.DrawFn, content: Json) -> Json:
    homes = [entry["id"] for entry in content["coupons"]]
    batches = [
        {
            "id": id,
            "coupon": draw(st.sampled_from(homes)),
            "generate": {"count": draw(st.integers(1, 3)), "pattern": f"{id[0].upper()}-########"},
            "active": draw(st.sampled_from((True, True, True, False))),
            "metadata": draw(st.sampled_from(_METADATA)),
        }
        for id in draw(st.lists(st.sampled_from(BATCH_IDS), unique=True))
    ]
    return {**content, "code_batches": batches}


def _mix(draw: st.DrawFn, old: Entries, new: Entries) -> None:
    for id, entry in old.items():
        how = draw(st.sampled_from(("as it was", "one field", "other")))
        if how == "as it was" or (how == "one field" and id not in new):
            new[id] = dict(entry)
        elif how == "one field":
            name = draw(st.sampled_from(_ALONE))
            new[id] = {**entry, **({name: new[id][name]} if name in entry and name in new[id] else {})}


_ALONE = (
    "code",
    "coupon",
    "active",
    "max_redemptions",
    "expires_at",
    "redeem_by",
    "name",
    "metadata",
    "applies_to",
    "currency_options",
)


@st.composite
def _entries(draw: st.DrawFn) -> tuple[Entries, Entries]:
    homes = {id: draw(_coupons) for id in draw(st.lists(st.sampled_from(COUPON_IDS), min_size=1, unique=True))}
    codes: Entries = {}
    # The same customer twice, once by id and once by address, is a conflict that only Stripe can find.
    people: dict[str | None, Json] = draw(st.sampled_from((_ADDRESSES, _IDS)))
    for id in draw(st.lists(st.sampled_from(CODE_IDS), min_size=1, unique=True)):
        codes[id] = {**draw(_codes), **people.get(draw(_whom), {}), "coupon": draw(st.sampled_from(sorted(homes)))}
    return homes, codes


def _valid(homes: Entries, codes: Entries) -> Json:
    """Return the file of some entries, repaired where they do not go together.

    Limits and dates beyond the coupon's are dropped, codes whose text is taken are off, and customers are all named
    in one way.
    """
    for entry in codes.values():
        home = homes[entry["coupon"]]
        for mine, its in (("max_redemptions", "max_redemptions"), ("expires_at", "redeem_by")):
            if home[its] is not None and entry[mine] is not None and entry[mine] > home[its]:
                entry[mine] = None
    if any("customer" in entry for entry in codes.values()):
        for entry in codes.values():
            address = entry.pop("customer_email", None)
            if address is not None:
                entry["customer"] = "cus_ann" if address.startswith("ann") else "cus_bob"
    while True:
        content = document(*([{"id": id, **_given(entry)} for id, entry in part.items()] for part in (homes, codes)))
        try:
            configured(content)
        except Refused as refused:
            taken = [problem for problem in refused.problems if problem.rule == "duplicate-code"]
            if not taken:
                raise
            for problem in taken:
                id = list(codes)[int(problem.path[1])]
                codes[id] = {**codes[id], "active": False}
        else:
            return content


def _given(entry: Json) -> Json:
    return {key: value for key, value in entry.items() if value is not None}
