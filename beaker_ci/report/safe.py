"""Filters that turn untrusted text into Markdown in which nothing of it is alive.

Each of them first cleans (control, ANSI, bidi and invisible characters), then hides credentials,
then cuts, and only then escapes: no step can undo the one before. The result is made for GitHub,
which goes over the rendered text once more and turns names, numbers and hashes into links. A
backslash or an entity does not stop that second pass; an invisible word joiner does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from urllib.parse import quote, urlsplit

from beaker_ci.report.redact import redact

NOTHING = "–"
"""Stands where a text is empty, so that the markup around it never is."""

_JOINER = "\u2060"  # takes no room, forbids a line break, and ends a word for GitHub's filters

_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor moves
    # titles and links
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,2000}(?:\x07|\x1b\\|\x9c)?"
    # short ones that terminals know, and a stray escape character: what follows that is text
    r"|\x1b(?:[()*+\-./][0-~]|#[3-8]|%[@G8]| [FGLMN]|[6-9=>DEHMNOZcno|}~])?"
)
# C0 and C1 controls but tab and newline, lone surrogates, format characters (bidi controls and
# zero-width ones among them), and what else Unicode lets a font leave out.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890"
    r"\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_LIVE = re.compile(r"[\\`*_\[\]<>&|~$]")
# A command, a heading, a list, a rule, a table.
_LIVE_START = re.compile(r"\A(?:/|[#+=:-]|[0-9]{1,9}[.)](?=\s|\Z))")
_REFERENCES = re.compile(
    r"@(?=\S)"  # mentions, teams, owner/repo@sha, e-mail addresses
    r"|#(?=\d)"  # issues, owner/repo#12
    r"|(?<=[A-Za-z])-(?=\d)"  # GH-12, CVE-…, and prefixes that a repository links itself
    r"|(?<=GHSA)-"
    r"|:(?=/|[\w+-]{1,60}:)"  # https://, :tada:
    r"|www(?=\.)"
    r"|[0-9a-f]{6}(?=[0-9a-f])",  # commit hashes have at least seven digits
    re.IGNORECASE | re.ASCII,
)
_CODE_SPAN = re.compile(r"`([^`]+)`")
_FENCE_RUNS = re.compile(r"`+|~+")
_URL_SAFE = "%/:?#=&+,~@!"


def clean(text: object) -> str:
    """Plain text: lines end in ``\\n``; no control, ANSI, bidi or invisible character, no token."""
    return redact(visible(text))


def clean_lines(lines: Sequence[str]) -> list[str]:
    """The lines of a log, each cleaned and still one line, without the tokens in all of them.

    A private key goes over many lines: no line can be judged alone, and none be left out before.
    """
    whole = "\n".join(visible(line).replace("\n", " ").rstrip() for line in lines)
    return redact(whole).split("\n") if lines else []


def plain(text: object, limit: int = 300) -> str:
    """One line of plain text for a log, at most ``limit`` characters. Not safe as Markdown."""
    return _folded(text, limit) or NOTHING


def inline(text: object, limit: int = 300) -> str:
    """Untrusted text for a paragraph, a list item or a table cell, as one line without any markup.

    Args:
        text: What to show.
        limit: The most characters shown; what is over ends in an ellipsis.
    """
    return _neutral(_folded(text, limit)) or NOTHING


def prose(text: object, limit: int = 2000) -> str:
    """Like :func:`inline`, for sentences: what stands between two single backticks becomes code."""
    pieces = _CODE_SPAN.split(_folded(text, limit))  # text, code, text, code, …, text
    shown = [_span(piece) if at % 2 else _neutral(piece) for at, piece in enumerate(pieces)]
    return "".join(shown) or NOTHING


def code(text: object, limit: int = 300) -> str:
    """Untrusted text as an inline code span, safe in a table cell too."""
    return _span(_folded(text, limit)) or NOTHING


def fence(text: object, lang: str = "", lines: int = 60, chars: int = 6000) -> str:
    """Untrusted text as a fenced block that nothing within it can close.

    Args:
        text: What to show. Beginning and end are kept when it is too long.
        lang: The language for highlighting, a word of ours.
        lines: The most lines shown.
        chars: The most characters shown.
    """
    body = _without_middle(clean(text).strip("\n"), lines, chars)
    longest = max((len(run) for run in _FENCE_RUNS.findall(body)), default=0)
    bar = "`" * max(3, longest + 1)
    return f"{bar}{lang}\n{body}\n{bar}"


def url(address: object) -> str:
    """The address, fit to be a link's target; empty unless it is plain http or https.

    An address with white space, a control character or credentials is no link.
    """
    text = str(address)
    if len(text) > 2000 or text != clean(text) or any(character.isspace() for character in text):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    return quote(text, safe=_URL_SAFE) if parts.netloc.isascii() else ""


def link(address: object, text: object) -> str:
    """A link; its text alone where the address is not fit to be one."""
    return _link(address, inline(text))


def code_link(address: object, text: object) -> str:
    """Like :func:`link`, its text as code."""
    return _link(address, code(text))


def number(value: float) -> str:
    """A count or an amount with at most two decimals, rounded up: no price is shown too low."""
    if not math.isfinite(value):
        return "an unknown number of"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    rounded = Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_CEILING)
    return f"{rounded:,f}".rstrip("0").rstrip(".")


def shortened(line: str, limit: int) -> str:
    """The line, or its beginning and an ellipsis: at most ``limit`` characters."""
    return line if len(line) <= limit else line[: limit - 1] + "…"


def visible(text: object) -> str:
    """Lines that end in ``\\n``, and no control, ANSI, bidi or invisible character in them."""
    plain = _LINE_ENDS.sub("\n", str(text))
    return _INVISIBLE.sub("", _ANSI.sub("", plain))


def _folded(text: object, limit: int) -> str:
    return shortened(" ".join(clean(text).split()), limit)


def _link(address: object, shown: str) -> str:
    target = url(address)
    return f"[{shown}]({target})" if target else shown


def _span(folded: str) -> str:
    if "|" in folded:
        # A table would split the cell there, and the escape for it would show everywhere else.
        return f"<code>{_neutral(folded)}</code>"
    if not folded:
        return ""
    longest = max((len(run) for run in re.findall("`+", folded)), default=0)
    bar = "`" * (longest + 1)
    pad = " " if folded[0] in "` " or folded[-1] in "` " else ""
    return f"{bar}{pad}{folded}{pad}{bar}"


def _neutral(folded: str) -> str:
    joined = _REFERENCES.sub(lambda found: found.group() + _JOINER, folded)
    escaped = _LIVE.sub(_escape, joined)
    return _LIVE_START.sub(_escape_start, escaped)


def _escape(live: re.Match[str]) -> str:
    # GitHub's own advice for a dollar that must not begin a formula.
    return "<span>$</span>" if live.group() == "$" else "\\" + live.group()


def _escape_start(live: re.Match[str]) -> str:
    if live.group() == "/":
        return _JOINER + "/"  # a report must never read as a command itself
    return f"{live.group()[:-1]}\\{live.group()[-1]}"


def _without_middle(text: str, lines: int, chars: int) -> str:
    rows = text.split("\n")
    if len(rows) > lines:
        head, tail = lines * 2 // 3, lines - lines * 2 // 3
        left_out = f"… {number(len(rows) - lines)} lines left out …"
        text = "\n".join([*rows[:head], left_out, *rows[len(rows) - tail :]])
    if len(text) > chars:
        head, tail = chars * 2 // 3, chars - chars * 2 // 3
        left_out = f"… {number(len(text) - chars)} characters left out …"
        text = f"{text[:head]}\n{left_out}\n{text[len(text) - tail :]}"
    return text
