"""The search language: what it finds, and what it refuses to read."""

from __future__ import annotations

import pytest

from .direct import Direct


@pytest.fixture
def people() -> Direct:
    direct = Direct()
    for name, email in (("Ann", "Ann@example.com"), ("Bob", "bob@example.com"), ("Cy", "cy@example.org")):
        body = {"name": name, "email": email, "metadata[team]": name[0].lower(), "metadata[a'b]": "Q"}
        direct.ask("POST", "/v1/customers", body)
    direct.ask("POST", "/v1/customers", {"name": "Nobody"})
    return direct


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('email:"ANN@example.com"', ["Ann"]),
        ("email:'ann@example.com'", ["Ann"]),
        ('email:"ann@example.com" OR email:"bob@example.com"', ["Bob", "Ann"]),
        ('email~"example.com" AND name:"bob"', ["Bob"]),
        ('email~"example.com" name:"bob"', ["Bob"]),
        ('-email~"example.com"', ["Nobody", "Cy"]),
        ('metadata["team"]:"b"', ["Bob"]),
        ('-metadata["team"]:null', ["Cy", "Bob", "Ann"]),
        ("email:null", ["Nobody"]),
        ("created>1800000000", []),
        ("created<=1800000000", ["Nobody", "Cy", "Bob", "Ann"]),
        (r'name:"a\"b"', []),
    ],
)
def test_a_query_finds_whom_it_describes(people: Direct, query: str, names: list[str]) -> None:
    found = people.ask("GET", "/v1/customers/search", {"query": query})
    assert found["object"] == "search_result"
    assert [customer["name"] for customer in found["data"]] == names


def test_results_come_in_pages(people: Direct) -> None:
    query = {"query": "created>0", "limit": 3}
    first = people.ask("GET", "/v1/customers/search", query)
    assert (len(first["data"]), first["has_more"]) == (3, True)
    last = people.ask("GET", "/v1/customers/search", {**query, "page": first["next_page"]})
    assert ([one["name"] for one in last["data"]], last["has_more"], last["next_page"]) == (
        ["Ann"],
        False,
        None,
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "ann",
        'email:"a" AND',
        'email:"a" OR name:"b" AND name:"c"',
        'shoe_size:"44"',
        'email>"a"',
        "created:abc",
        "email:\"a' OR 1=1 --",
    ],
)
def test_what_is_no_query_is_refused(people: Direct, query: str) -> None:
    status, error = people.error("GET", "/v1/customers/search", {"query": query})
    assert (status, error["param"]) == (400, "query")


def test_products_are_searched_too() -> None:
    direct = Direct()
    direct.ask("POST", "/v1/products", {"name": "Red Shoes", "metadata[promosync_id]": "shoes"})
    direct.ask("POST", "/v1/products", {"name": "Hat", "active": "false"})
    for query, names in (
        ('name~"shoes"', ["Red Shoes"]),
        ("active:'false'", ["Hat"]),
        ('metadata["promosync_id"]:"shoes"', ["Red Shoes"]),
    ):
        found = direct.ask("GET", "/v1/products/search", {"query": query})["data"]
        assert [product["name"] for product in found] == names
