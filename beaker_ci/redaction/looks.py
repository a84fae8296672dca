"""Whether a value looks random, as keys do, or like something that people wrote."""

from __future__ import annotations

import re

_RUNS = re.compile(r"[A-Za-z0-9]+")
# From a word to a number and back, and into the middle of a word: "Capitalised" counts nothing.
_CHANGES = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_WRITTEN = re.compile(
    r"[-+]?[0-9.,_]+(?:e[-+]?[0-9]+)?[%a-z/]{0,12}"  # amounts: 0.5, 1_000, 1e-05, 12MiB, 3.2it/s
    r"|0x[0-9a-f]+"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}.*"
    r"|[a-z][a-z0-9+.-]*://.*"
    r"|\.{0,2}~?/.*\.[a-z]{1,5}"  # a file
    r"|(?:/[\w.@-]*[a-z_-]{3}[\w.@-]*){2,}/?",  # a folder
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    r"\W*|\W*x{3,}\W*|\$\w+|\$?\{.*|\$\(.*|%\(?\w+.*|<.*|\[.*"
    r"|\W*(?:none|null|nil|nan|true|false|yes|no|on|off|unset|undefined|empty|missing|hidden|masked"
    r"|redacted|removed|secret|password|passwd|token|optional|required|str|string|bytes)\W*",
    re.IGNORECASE,
)


def stands_for_a_value(value: str) -> bool:
    """Whether it is a placeholder, a variable, or the word for nothing."""
    return _STANDS_FOR.fullmatch(value) is not None


def looks_random(value: str) -> bool:
    """Whether nobody would write this by hand: not a number, date, address, path, or words."""
    if len(value) < SHORTEST_KEY or _WRITTEN.fullmatch(value) or stands_for_a_value(value):
        return False
    if not re.search(r"[A-Za-z]", value):
        return False
    runs = _RUNS.findall(value)
    longest = max((len(run) for run in runs), default=0)
    if not re.search(r"[0-9]", value):
        return longest >= 24 and (value.islower() or len(_CHANGES.findall(value)) * 5 > longest)
    if len(_CHANGES.findall(value)) < 3:
        return longest >= 16
    # Versions and sizes in a name ("Qwen2.5-7B-1M") change often, in short runs.
    return longest >= 8 or len(value) >= 40


SHORTEST_KEY = 8
"""Characters below which nothing looks random."""
