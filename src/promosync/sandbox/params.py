"""The types of Stripe's parameters: each reads a form value, or refuses it in Stripe's words."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from . import currencies
from .errors import StripeError, missing_parameter, unknown_parameter
from .form import Form

LARGEST = 2**53


@dataclass(frozen=True, kw_only=True)
class Param(ABC):
    """A type of parameter; `clear` says that "" may be sent to empty it."""

    required: bool = False
    clear: bool = False

    def inside(self, _form: Mapping[str, Form], /) -> Mapping[str, Param] | None:
        """The types of the names that are known inside a value; None where any name may be there."""
        return None

    @abstractmethod
    def read(self, value: Form, path: str) -> Any:
        """The typed value, None where "" empties it; `path` is the parameter's name as Stripe writes it: `a[b]`."""


Spec = Mapping[str, Param]


def bind(spec: Spec, form: Mapping[str, Form]) -> dict[str, Any]:
    """The typed parameters that were sent; unknown names are refused before any value is read."""
    stray = _first_unknown(spec, form, "")
    if stray is not None:
        raise unknown_parameter(stray)
    return _read_all(spec, form, "")


def _first_unknown(spec: Spec, form: Mapping[str, Form], prefix: str) -> str | None:
    for name, value in form.items():
        path = _join(prefix, name)
        if name not in spec:
            return path
        if isinstance(value, dict) and (inside := spec[name].inside(value)) is not None:
            stray = _first_unknown(inside, value, path)
            if stray is not None:
                return stray
    return None


def _read_all(spec: Spec, form: Mapping[str, Form], prefix: str) -> dict[str, Any]:
    read = {}
    for name, param in spec.items():
        path = _join(prefix, name)
        if name in form:
            read[name] = param.read(form[name], path)
        elif param.required:
            raise missing_parameter(path)
    return read


def _join(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


class _Scalar(Param):
    """A type whose value is one text; `noun` is what refusals call it."""

    noun: ClassVar[str] = "string"

    def read(self, value: Form, path: str) -> Any:
        if isinstance(value, dict):
            raise StripeError(f"Invalid {self.noun}: {path}", param=path)
        if value != "":
            return self.parse(value, path)
        if self.clear:
            return None
        raise StripeError(
            f"You cannot set '{path}' to an empty string. We interpret empty strings as null in requests. "
            f"You may set '{path}' to null to delete the property.",
            param=path,
            code="parameter_invalid_empty",
        )

    @abstractmethod
    def parse(self, value: str, path: str) -> Any:
        """The value of a text that is not empty."""


@dataclass(frozen=True, kw_only=True)
class Text(_Scalar):
    longest: int = 5000

    def parse(self, value: str, path: str) -> str:
        if len(value) > self.longest:
            shown = f"{value[:4]}...{value[-4:]}"
            raise StripeError(f"Invalid string: {shown}; must be at most {self.longest} characters", param=path)
        return value


@dataclass(frozen=True, kw_only=True)
class Integer(_Scalar):
    noun = "integer"
    least: int | None = None

    def parse(self, value: str, path: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", value) or abs(int(value)) > LARGEST:
            raise StripeError(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
        number = int(value)
        if self.least is not None and number < self.least:
            raise StripeError(
                f"This value must be greater than or equal to {self.least} (it currently is '{number}').",
                param=path,
                code="parameter_invalid_integer",
            )
        return number


class Percent(_Scalar):
    """A decimal; its bounds are checked where it is used, because Stripe does so after other checks."""

    noun = "decimal"

    def parse(self, value: str, path: str) -> Decimal:
        if not re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,20})?", value):
            raise StripeError(f"Invalid decimal: {value}", param=path)
        return Decimal(value)


class Boolean(_Scalar):
    noun = "boolean"

    def parse(self, value: str, path: str) -> bool:
        if value not in ("true", "false"):
            raise StripeError(f"Invalid boolean: {value}", param=path)
        return value == "true"


@dataclass(frozen=True, kw_only=True)
class Choice(_Scalar):
    choices: tuple[str, ...]

    def parse(self, value: str, path: str) -> str:
        if value not in self.choices:
            *most, last = self.choices
            listed = f"one of {', '.join(most)}, or {last}" if len(most) > 1 else " or ".join(self.choices)
            raise StripeError(f"Invalid {path}: must be {listed}", param=path)
        return value


class Currency(_Scalar):
    def parse(self, value: str, path: str) -> str:
        return currencies.check(value.lower(), path)


class _Nested(Param):
    """A type whose value is a map of names to values."""

    def read(self, value: Form, path: str) -> dict[str, Any] | None:
        if isinstance(value, dict):
            return self.parse(value, path)
        if value == "" and self.clear:
            return None
        raise StripeError("Invalid object", param=path)

    @abstractmethod
    def parse(self, value: dict[str, Form], path: str) -> dict[str, Any]:
        """The value of a map."""


@dataclass(frozen=True)
class Group(_Nested):
    """An object with the parameters `fields`."""

    fields: Spec

    def inside(self, _form: Mapping[str, Form], /) -> Spec:
        return self.fields

    def parse(self, value: dict[str, Form], path: str) -> dict[str, Any]:
        return _read_all(self.fields, value, path)


@dataclass(frozen=True)
class ByCurrency(_Nested):
    """A map from lower-case currencies to one amount each: `{"eur": {"amount_off": 900}}`.

    Only the shape is checked here. The keys are checked later (`check_keys`), because other refusals come first.
    """

    amount: str

    @property
    def _entry(self) -> Group:
        return Group({self.amount: Integer(required=True, least=1)})

    def inside(self, form: Mapping[str, Form], /) -> Spec:
        return dict.fromkeys(form, self._entry)

    def parse(self, value: dict[str, Form], path: str) -> dict[str, Any]:
        return {currency: self._entry.read(entry, f"{path}[{currency}]") for currency, entry in value.items()}


def check_keys(options: Mapping[str, Any], param: str) -> None:
    """Refuses a map of currencies with a key that is not one in lower case."""
    for currency in options:
        if currency != currency.lower():
            raise StripeError(
                f"Currencies must be lowercase when used as keys in a map. Use `{currency.lower()}` "
                f"instead of `{currency}`.",
                param=param,
            )
        currencies.check(currency, param)


@dataclass(frozen=True, kw_only=True)
class Metadata(_Nested):
    """A change of metadata: None clears all, a key with "" is removed, others are set."""

    clear: bool = True

    def parse(self, value: dict[str, Form], path: str) -> dict[str, str]:
        change: dict[str, str] = {}
        for key, text in value.items():
            place = f"{path}[{key}]"
            if isinstance(text, dict):
                raise StripeError("Metadata keys cannot contain square brackets.", param=place)
            if len(key) > 40:
                raise StripeError(
                    "Metadata keys can have up to 40 characters, but you passed in a key that is "
                    f"{len(key)} characters. Invalid key: {key}",
                    param=path,
                )
            if len(text) > 500:
                raise StripeError(
                    "Metadata values can have up to 500 characters, but you passed in a value that is "
                    f"{len(text)} characters. Invalid value: {text}",
                    param=place,
                )
            change[key] = text
        return change


def merge_metadata(old: Mapping[str, str], change: Mapping[str, str] | None) -> dict[str, str]:
    """The metadata after `change`; more than Stripe's 50 keys are refused."""
    if change is None:
        return {}
    merged = {key: text for key, text in {**old, **change}.items() if text != ""}
    if len(merged) > 50:
        raise StripeError(
            f"Metadata can have up to 50 keys, but this object would have {len(merged)}.", param="metadata"
        )
    return merged


@dataclass(frozen=True)
class List(Param):
    item: Param

    def inside(self, form: Mapping[str, Form], /) -> Spec:
        return dict.fromkeys(form, self.item)

    def read(self, value: Form, path: str) -> list[Any]:
        if value == "" and self.clear:
            return []
        if not isinstance(value, dict) or not all(index.isdecimal() for index in value):
            raise StripeError("Invalid array", param=path)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [self.item.read(element, f"{path}[{place}]") for place, (_, element) in enumerate(ordered)]


class Created(Param):
    """A moment, or bounds of it, as {operator: seconds} with SQL's operators."""

    operators: ClassVar[Mapping[str, str]] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

    def inside(self, _form: Mapping[str, Form], /) -> Spec:
        return dict.fromkeys(self.operators, Integer())

    def read(self, value: Form, path: str) -> dict[str, int]:
        if isinstance(value, str):
            return {"=": Integer().read(value, path)}
        return {self.operators[name]: Integer().read(bound, f"{path}[{name}]") for name, bound in value.items()}
