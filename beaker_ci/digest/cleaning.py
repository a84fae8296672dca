"""What a line says, without what stands around it: time, level, stream, bars, odd characters."""

from __future__ import annotations

import re
from typing import NamedTuple

from beaker_ci.digest.blocks import CUT, END

LONG = 4 * END
"""Bytes of a line beyond which only its two ends are read."""

SHOWN = 1000
"""Characters of a line that are kept."""

UNHIDDEN = 2500
"""Characters of a text that are held until secrets are hidden: half a secret has no shape."""

# Control, bidirectional and zero-width characters; the tab stays.
_ODD = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_BAR = re.compile(
    r"(?:\d{1,3}%\s{0,2}\|[^|\n]{0,200}\|\s{0,2}[\d.,?kKMGTB]{1,16}/[\d.,?kKMGTB]{1,16}"
    r"|\d{1,12}(?:it|ex|examples|rows|B|kB|MB|GB)?) ?"
    r"\[[\d:?]{4,10}(?:<[\d:? days,]{1,20})?,[^\]\n]{0,200}\]"
)
QUIET = re.compile(r"\b(?:DEBUG|INFO|WARN|WARNING|[Ww]arning)\b")
"""Levels below an error."""

_PROMPT = re.compile(r"\[y/N\]:?\s?|\[Y/n\]:?\s?")

_TIME = (
    r"(?:\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|\s?[+-]\d\d:?\d\d)?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\d\d[-/]\d\d(?:[-/]\d\d(?:\d\d)?)? \d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
)
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|EXCEPTION)"
_PLACE = r"\[[\w./-]{1,60}:\d{1,6}(?::\w{1,60})?\]"
# Who wrote the line. Group names say what of it is the stream's name.
_STREAM = re.compile(
    r"(?:\[?\(?[Rr](?:ank|ANK)[ _:-]?(?P<rank>\d{1,6})[\])]{0,2}:?"
    r"|(?P<replica>[Rr]eplica[ _-]?\d{1,4})[:|]"
    r"|\([\w.:<>-]{1,60}(?: [^()]{0,60})? ?pid=(?P<pid>\d{1,9})(?:, ?ip=[\d.:a-f]{1,40})?\)"
    r"| {0,3}(?P<label>\d{1,5})[:|])(?: |\t|$)"
    r"|\[(?P<role>default|trainer|worker|node|replica|gpu|local_rank|proc)[ _:-]?"
    r"(?P<number>\d{1,6})\](?:: ?| )"
    r"|\[rank: (?P<lightning>\d{1,6})\](?: |$)"
    r"|(?:app|heroku)\[(?P<dyno>[a-z]\w{0,40}\.\d{1,6})\]:(?: |$)"
    # journald; a message's first word would be capital
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [a-z0-9][\w.-]{0,80} "
    r"(?P<unit>[a-z][\w.@-]{0,80}\[\d{1,9}\]):(?: |$)"
    r"|\[\d{1,6},(?P<mpi>\d{1,6})\]<std(?:out|err)>: ?"
    r"|#(?P<step>\d{1,5}) (?:\d{1,7}\.\d{1,3} )?"
    r"|\[pod/(?P<pod>[\w.-]{1,100})/[\w.-]{1,60}\] "  # kubectl logs --prefix
    r"|(?P<service>[a-z0-9][a-z0-9_.-]{0,60}[_-]\d{1,4}) {1,40}\|(?: |$)"  # docker compose
)
_HEAD = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[EO](?: |\+|$)"  # GitLab
    r"|1[4-9]\d{8}\.\d{1,9}(?: |$)"  # seconds since 1970
    r"|\[ {0,7}\d{1,10}\.\d{3,9}\](?: |$)"  # seconds since the start, as dmesg has them
    rf"|(?:\[{_TIME}\]|{_TIME}|<{_TIME}>)(?: |\t|: ?|$)(?:std(?:out|err) [FP](?: |$))?"
    rf"(?:(?:- )?{_PLACE}(?:-{_LEVEL})? )?"
    r"|##\[error\]|::error(?: [^:\n]{0,200})?::"
    r"|[^\t\n]{1,100}\t[^\t\n]{1,100}\t(?=\d{4}-\d\d-\d\dT)"  # gh run view --log
    rf"|{_LEVEL} {_TIME} {_PLACE} ?"
    rf"|[IWEF]\d{{4}} \d\d:\d\d:\d\d\.\d{{1,9}} +\d{{1,9}} [\w./-]{{1,80}}:\d{{1,6}}\] "
)
# A logger's own beginning of a message, after the time.
_LOGGER = re.compile(
    rf"(?:- )?(?:[\w.:-]{{1,120}}[ \t](?:- |\t)?){{0,2}}\[?{_LEVEL}\]?"
    r"[ \t]{0,8}(?:- |\||:|\t)\s{0,4}"
    rf"|\[{_LEVEL}\](?:\s\[[^\]\n]{{1,120}}\])?:?\s"
    rf"|{_LEVEL}:[\w.-]{{1,80}}:"
    rf"|\| {_LEVEL} {{0,8}}\| [\w.<>-]{{1,120}}:[\w<>]{{1,80}}:\d{{1,7}} - "  # loguru
)
_GROUP = re.compile(r" {1,80}(?:\| |\|$|\+ |\+[-+]{2,}.{0,80}$)")


class Clean(NamedTuple):
    """A line's own words, and who said them."""

    text: str
    stream: str


def decode(raw: bytes) -> str:
    """One line as text: odd characters removed, the ends of a very long one only."""
    if len(raw) > LONG and CUT not in raw:
        raw = raw[:END] + CUT + raw[-END:]
    if CUT in raw:
        head, tail = raw.split(CUT, 1)[0], raw.rsplit(CUT, 1)[1][-END:]
        # What was cut in two is dropped: half a secret has no shape any more.
        before = re.sub(rb"\S{0,2048}\Z", b"", head[:END])
        after = re.sub(rb"\A\S{0,2048}", b"", tail)
        raw = before.rstrip() + " … ".encode() + after.lstrip() if after.strip() else before
    return _ODD.sub("", raw.decode("utf-8", "replace"))


def clean(text: str) -> Clean:
    """What a decoded line says, behind bars, prompts, time, level and the stream's prefix."""
    if "[" in text:
        for pattern in (_BAR, _PROMPT):
            ends = [found.end() for found in pattern.finditer(text)]
            if ends and text[ends[-1] :].strip():
                text = text[ends[-1] :]
    streams: list[str] = []
    for _ in range(4):
        stream = _STREAM.match(text)
        found = stream or _HEAD.match(text)
        if not found:
            break
        if stream:
            streams.append(_name(stream))
        text = text[found.end() :]
    return Clean(text.rstrip(), "/".join(streams))


def logged(prefix: str) -> bool:
    """Whether the whole of what stands before a message is a logger's."""
    found = _LOGGER.match(prefix)
    return found is not None and found.end() == len(prefix)


def unframe(text: str) -> str:
    """The text without the rulers that exception groups draw on the left."""
    group = _GROUP.match(text)
    return text[group.end() :] if group else text


def message(text: str) -> str:
    """The text without what a logger puts in front: name, level and separators."""
    found = _LOGGER.match(text)
    return text[found.end() :] if found and text[found.end() :].strip() else text


def shown(text: str, start: int = 0) -> str:
    """At most :data:`SHOWN` characters of the text, with what begins at ``start`` in it."""
    if len(text) <= SHOWN:
        return text
    start = start if start > SHOWN * 3 // 4 else 0
    return text[start : start + SHOWN]


def _name(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind in {"rank", "lightning", "mpi", "label"}:
        return f"rank{match[kind]}"
    if kind == "number":
        return f"{match['role']}{match['number']}"
    if kind == "pid":
        return f"pid{match['pid']}"
    return f"step{match['step']}" if kind == "step" else match[kind or 0]
