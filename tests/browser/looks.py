"""Checks for every page in a browser, with any report."""

from __future__ import annotations

from pathlib import Path

from .chromium import Page

THEMES = ("light", "dark")

CONTRAST = """
(() => {
  const bright = value => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
  const channel = value => bright(value / 255);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest('svg')) continue;
    const [front, back] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(front, back) + .05) / (Math.min(front, back) + .05);
    if (ratio < 4.5) found.push([texts.currentNode.data.trim().slice(0, 40), ratio]);
  }
  return found;
})()
"""
CUT = """
[...document.querySelectorAll('td, th, tbody tr, .scroll, .line, .tile, .card, li')]
  .filter(one => !one.closest('thead') && one.scrollWidth > one.clientWidth + 1 && one.clientWidth)
  .map(one => one.innerText.slice(0, 60))
"""
OVERLAPS = """
[...document.querySelectorAll('.charts > .card, .tiles > .tile')].flatMap((one, at, all) => all.slice(at + 1)
  .filter(other => {
    const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
    return a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  }).map(other => one.innerText.slice(0, 20) + ' / ' + other.innerText.slice(0, 20)))
"""
HEADERS = """
[...document.querySelectorAll('thead')].flatMap(head => {
  if (!head.checkVisibility() || head.clientWidth <= 1) return [];
  const cells = [...head.rows[0].cells].map(cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return {name: cell.innerText, box: cell.getBoundingClientRect(), text: text.getBoundingClientRect()};
  });
  const inside = ({box, text}) => text.left >= box.left - .5 && text.right <= box.right + .5
    && text.top >= box.top - .5 && text.bottom <= box.bottom + .5 && text.width > 0;
  const before = (a, b) => a.right <= b.left + .5 || a.bottom <= b.top + .5;
  const apart = (a, b) => before(a.text, b.text) || before(b.text, a.text);
  return [
    ...cells.filter(cell => !inside(cell)).map(cell => `${cell.name} exceeds its cell`),
    ...cells.flatMap((one, at) => cells.slice(at + 1).filter(other => !apart(one, other))
      .map(other => `${one.name} overlaps ${other.name}`)),
  ];
})
"""
"""Measured in boxes: a header stays in its cell and keeps off the others."""


def looks_well(tab: Page, file: Path, width: int, theme: str) -> None:
    """Assert that a page is quiet, loads nothing, fits, and can be read."""
    tab.open(file, width, dark=theme == "dark")
    loud = tab.told("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    assert loud == []
    assert tab.told("Page.javascriptDialogOpening") == []
    asked = {event["request"]["url"] for event in tab.told("Network.requestWillBeSent")}
    assert {url for url in asked if not url.startswith("data:")} == {file.as_uri()}
    assert tab.ask("document.documentElement.scrollWidth") == width
    assert tab.ask(CUT) == []
    assert tab.ask(HEADERS) == []
    assert tab.ask(OVERLAPS) == []
    assert tab.ask(CONTRAST) == []
