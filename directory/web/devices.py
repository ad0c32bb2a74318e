"""What kind of browser asks, in words a person recognises: `Firefox on Windows`."""

from __future__ import annotations

import re

BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"(Headless)?Chrome/|CriOS/"),
    ("Safari", r"Safari/"),
)
SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("Mac", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)


def label(user_agent: str) -> str:
    """The browser and system; nothing of what is sent gets through."""
    text = user_agent[:500]
    browser = next((name for name, mark in BROWSERS if re.search(mark, text)), "Unknown browser")
    system = next((name for name, mark in SYSTEMS if re.search(mark, text)), "")
    return f"{browser} on {system}" if system else browser
