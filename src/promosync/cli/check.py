"""`promosync check`: would Stripe accept a code now, for which customer, and if not why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun
from promosync.cli.options import DEFAULT_FILE, Format, FormatOption, argument, option
from promosync.cli.run import FOUND, Run
from promosync.model.problems import Problem, ProblemsFound
from promosync.render.visible import visible

if TYPE_CHECKING:
    from promosync.model.configuration import Configuration
    from promosync.plan.checkout import Origin


def check(
    run: DebugRun,
    *,
    code: Annotated[str, argument("CODE", "The text of a promotion code; case does not matter.")],
    file: Annotated[
        str | None,
        argument(
            "FILE",
            f"The configuration, to find the entry that it comes from; {DEFAULT_FILE} if it is there.",
            show_default=False,
        ),
    ] = None,
    customer: Annotated[
        str | None, option("--customer ID", "The customer who would use it: the id of a customer or of an account.")
    ] = None,
    amount: Annotated[
        int | None, option("--amount N", "The amount of the order in minor units: 1999 is 19.99.", min=0)
    ] = None,
    currency: Annotated[str | None, option("--currency CODE", "The currency of the order.")] = None,
    first_time: Annotated[
        bool | None,
        option("--first-time/--returning", "Whether it is the customer's first payment.", show_default=False),
    ] = None,
    product: Annotated[
        str | None, option("--product ID", "The product that is bought: Stripe's id of it, or the file's.")
    ] = None,
    output: FormatOption = Format.TEXT,
    access: Access,
) -> int:
    """Tell whether Stripe would take a code now. Rule by rule; exit 2 if it would not. Nothing is used up."""
    from promosync.plan.checkout import Order, origin
    from promosync.plan.desired import product_id
    from promosync.render.check import check_json, check_text
    from promosync.workflows.check import ask

    configuration = _configuration(run, file)
    with opened(run, access) as stripe:
        if product is not None and configuration is not None:
            product = product_id(configuration, product, stripe.account.mode)
        order = Order(customer, amount, currency.lower() if currency else None, first_time, product)
        checked = ask(code, order, stripe, configuration)
    found = origin(checked.code, code, configuration)
    place = _place(run, found)
    if output is Format.JSON:
        run.emit(check_json(checked, found, place), indent=2)
    else:
        words = f"{place['file']}:{place['line']}:{place['column']} {place['path']}" if place else ""
        run.show(check_text(checked, found, words, run.out.width))
    return 0 if checked.valid else FOUND


def _configuration(run: Run, file: str | None) -> Configuration | None:
    """Read the file that was named, or the usual one; a file that was not named is skipped if it is not valid."""
    if file is None and not Path(DEFAULT_FILE).is_file():
        return None
    name = file or DEFAULT_FILE
    try:
        return run.load_entries(name).configuration
    except ProblemsFound:
        if file is not None:
            raise
        run.say(f"{visible(name)} is not valid, so the entry of the code is not shown: see promosync validate.")
        return None


def _place(run: Run, origin: Origin | None) -> dict[str, Any] | None:
    """Return the place of an entry in the file that was read."""
    if origin is None or origin.path is None or run.source is None:
        return None
    from promosync.model.problems import dotted

    line, column = run.source.place_of(Problem(origin.path, ""))
    return {"file": run.source.name, "line": line, "column": column, "path": dotted(origin.path)}
