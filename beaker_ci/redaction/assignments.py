"""Values with the name of a secret: ``KEY=value``, ``"key": "value"``, ``--key value``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

from beaker_ci.redaction.looks import looks_random, stands_for_a_value
from beaker_ci.redaction.values import HIDDEN

STEMS = (
    *("token", "secret", "passw", "passphrase", "passcode", "pwd", "credential", "creds", "auth"),
    *("_key", "-key", "apikey", "accesskey", "accountkey", "privatekey", "sharedkey", "signature"),
)
"""In small letters: a text without any of them has no such name."""

# Behind the name: what ends it, what stands before the value, and the quote that opens it.
_OPENS = (
    r"(?:\\{0,3}[\"'`]\]?)?"
    r"(?P<sign>[ \t]{0,3}(?:=>|:=|==?|:)[ \t]{0,3}"
    r"|[ \t]{0,3},[ \t]{0,3}\\{0,3}[\"']?value\\{0,3}[\"']?[ \t]{0,3}[:=][ \t]{0,3}|[ \t]{1,3})"
    r"(?:[bruf]{1,2}(?=\\{0,3}[\"']))?(?P<quote>(?:\\{0,3}[\"'`])?)"
)
_NAMED = re.compile(rf"(?i)(?:{'|'.join(STEMS)})[\w-]{{0,40}}{_OPENS}")
_BEFORE = re.compile(r"[\w.-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_STARTS = ("\n", "export ", "declare -x ", "+ ")
"""What stands before the name where a shell assigns or lists it."""

_BARE = re.compile(r"[^\s\"'`,;&<>()\[\]{}|\\=]+=*")
_TO_BLANK = re.compile(r"[^\s\"'`]+")
_TO_END = re.compile(r"[^\n]+")
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\.)*") for quote in "\"'`"}
_ESCAPED = re.compile(r"[^\"'`\\\n]*")

_JUDGED = 200
"""Characters of a value that are looked at."""

_PASSWORDS = {"password", "passwords", "passwd", "passphrase", "passcode", "pwd"}
_SECRETS = {
    *("token", "secret", "secrets", "credential", "credentials", "creds", "auth", "authorization"),
    *("apikey", "authtoken", "accesskey", "accesstoken", "secretkey", "signature"),
}
_SECRET_KEYS = {
    *("access", "account", "admin", "api", "auth", "client", "deploy", "encryption", "license"),
    *("master", "private", "secret", "service", "session", "shared", "signing", "ssh", "storage"),
    *("subscription",),
}
_OPEN_KEYS = {
    *("cache", "ci", "dedup", "foreign", "group", "hash", "partition", "primary", "public", "row"),
    *("sort",),
}
_SAID = {
    *(
        "not",
        "is",
        "are",
        "was",
        "must",
        "the",
        "a",
        "an",
        "to",
        "and",
        "or",
        "for",
        "set",
        "unset",
    ),
    *("missing", "invalid", "expired", "required", "empty", "undefined", "none", "null", "found"),
}


class _Assignment(NamedTuple):
    """A name with what stands behind it."""

    name: str
    sign: str
    quote: str
    value: str
    code: bool
    """It goes on like a call or an index, as in source code."""


def hide_named(text: str) -> str:
    """The text with :data:`~.values.HIDDEN` for what a secret's name stands before."""
    return _hide(text, _NAMED, _is_secret, lambda each: _TO_BLANK if each else _BARE)


class Names:
    """Hides the values of names that are known to be secrets', whatever they look like."""

    def __init__(self, names: Iterable[str]) -> None:
        self.folded = tuple(dict.fromkeys(name.casefold() for name in names if name))
        words = "|".join(re.escape(name) for name in sorted(self.folded, key=len, reverse=True))
        name = rf"(?i)(?<!\w)(?:{words})(?!\w)"
        self._name = re.compile(name) if words else None
        self._pattern = re.compile(name + _OPENS) if words else None

    def are_in(self, text: str) -> bool:
        """Whether a text has one of them, as a word of its own."""
        return self._name is not None and self._name.search(text) is not None

    def hide(self, text: str) -> str:
        """The text without their values."""
        if self._pattern is None:
            return text
        return _hide(text, self._pattern, _is_told, lambda each: _TO_END if each else _TO_BLANK)


def _hide(
    text: str,
    names: re.Pattern[str],
    is_secret: Callable[[_Assignment], bool],
    bare: Callable[[bool], re.Pattern[str]],
) -> str:
    shown: list[str] = []
    done = 0
    for found in names.finditer(text):
        start = found.end()
        if start < done:
            continue
        name = _name(text, found)
        quote, sign = found["quote"], found["sign"]
        first = sign == "=" and (not name.start or text.endswith(_STARTS, 0, name.start))
        whole = _QUOTED.get(quote, _ESCAPED) if quote else bare(first)
        # Judged by its beginning: however often a name is repeated, the work stays linear.
        value = whole.match(text, start, start + _JUDGED)
        if value is None or not value.group():
            continue
        code = not quote and text[value.end() : value.end() + 1] in ("(", "[")
        if is_secret(_Assignment(name.text, sign, quote, value.group(), code)):
            ended = whole.match(text, start)
            shown += text[done:start], HIDDEN
            done = ended.end() if ended else value.end()
    return "".join([*shown, text[done:]])


class _Name(NamedTuple):
    text: str
    start: int


def _name(text: str, found: re.Match[str]) -> _Name:
    """The whole name, of which a part was found."""
    before = _BEFORE.search(text, max(0, found.start() - 60), found.start())
    start = before.start() if before else found.start()
    return _Name(text[start : found.start("sign")].strip("\\\"'`]"), start)


def _is_secret(assignment: _Assignment) -> bool:
    name, value = assignment.name, assignment.value
    if assignment.code or stands_for_a_value(value):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    is_password = not _PASSWORDS.isdisjoint(words) and words not in (["pwd"], ["old", "pwd"])
    if not (is_password or _says_secret(name, words)):
        return False
    if not assignment.sign.strip() and not name.startswith("--"):
        # Words in a row, as in a .netrc: only for what cannot be a sentence.
        return is_password and not assignment.quote and looks_random(value)
    return not _is_written(assignment, words) if is_password else looks_random(value)


def _is_written(password: _Assignment, words: list[str]) -> bool:
    """Whether it is a word of a sentence, or a variable, rather than a password."""
    value = password.value
    if value.lower() in (password.name.lower(), *words):
        return True
    if password.quote:
        return False
    variable = _VARIABLE.fullmatch(value) and any(word in value.lower() for word in _PASSWORDS)
    return bool(variable) or (":" in password.sign and value.isalpha())


def _says_secret(name: str, words: list[str]) -> bool:
    if not _SECRETS.isdisjoint(words):
        return True
    pairs = list(pairwise(words))
    if any(second == "key" and first in _SECRET_KEYS for first, second in pairs):
        return True
    return name.isupper() and any(
        second == "key" and first not in _OPEN_KEYS for first, second in pairs[-1:]
    )


def _is_told(assignment: _Assignment) -> bool:
    if not assignment.sign.strip():
        return False
    said = ":" in assignment.sign and not assignment.quote
    return not (said and assignment.value.lower().rstrip(".,:;!") in _SAID)
