"""Finds the explanation of a rule or an error in docs/rules: a page for each lint rule, and one for all errors."""

from __future__ import annotations

from pathlib import Path

_ERRORS = "errors.md"


def explain(rule: str) -> str | None:
    """Return the Markdown page of a rule or an error; None if the id is unknown."""
    return _texts().get("redeem" if rule.startswith("redeem-") else rule)


def titles() -> dict[str, str]:
    """Return the title of every rule and error by id: lint rules first, each kind in alphabetical order."""
    return {rule: text.partition("\n")[0].partition(": ")[2] for rule, text in _texts().items()}


def _texts() -> dict[str, str]:
    folder = _folder()
    pages = {
        page.stem: page.read_text(encoding="utf-8") for page in sorted(folder.glob("*.md")) if page.name != _ERRORS
    }
    _, *sections = (folder / _ERRORS).read_text(encoding="utf-8").split("\n### ")
    for section in sorted(sections):
        text = section.partition("\n## ")[0].strip()
        pages[text.partition(":")[0]] = f"# {text}\n"
    return pages


def _folder() -> Path:
    """Where the pages are: in the installed package, or in the source tree."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "rules", package.parents[1] / "docs" / "rules"):
        if (folder / _ERRORS).is_file():
            return folder
    raise FileNotFoundError("the pages of the rules are missing: the installation is incomplete")
