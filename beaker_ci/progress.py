"""How far a job is, by the last progress bar in its log.

Logs are hostile: every expression here runs over a bounded text, and none can backtrack far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

LONGEST_LABEL = 60
"""Characters of a label that are kept."""

MOST_UPDATES = 1000
"""Last lines, or states of lines that were overwritten, that are looked at."""

_LONGEST_LINE = 8192  # of a line; bars without line ends follow each other after carriage returns
_LONGEST_UPDATE = 400

_ESCAPE = re.compile(r"(?:\x1b\[|\x9b)[0-?]{0,32}[ -/]{0,4}[@-~]?|\x1b")
_ENDS = re.compile(r"[\r\n\x08\x0b\x0c]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

# A number does not begin or end within a word, a path, a version or a date.
_BEFORE = r"(?<![\w./-])"
_AFTER = r"(?![\w/-]|\.\w)"
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,12}(?:\.[0-9]{1,6})?)"
_SCALED = rf"{_NUMBER} ?(?:[kKMGTP]?(?:i?B)?(?!\w))?"
_PAIR = rf"({_SCALED})\s{{0,3}}(?:/|\bof\b|\bout of\b)\s{{0,3}}({_SCALED})"
_PERCENT = r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%"
_TIME = r"(?:[0-9]{1,3} days?, )?[0-9]{1,3}:[0-9]{2}(?::[0-9]{2})?"

_COUNTED = re.compile(  # tqdm with a total
    rf"(?<![\d.]){_PERCENT}(?:\|[^|]{{0,200}}\|)?\s{{0,3}}{_PAIR}\s?"
    rf"\[{_TIME}<({_TIME}|\?)([^\]]{{0,120}})"
)
_UNCOUNTED = re.compile(  # tqdm without one
    rf"{_BEFORE}({_NUMBER}[kKMGTP]?)([A-Za-z]{{0,20}}) \[{_TIME}, ([^\]]{{0,120}}/[^\]]{{0,120}})"
)
_BAR = re.compile(
    r"\|[█▉▊▋▌▍▎▏░▒▓#0-9= ]{4,200}\|"
    r"|[━╸╺─█▉▊▋▌▍▎▏░▒▓■□▰▱]{4,200}[ ░─━]{0,200}"
    r"|\[[█▉▊▋▌▍▎▏░▒▓■□▰▱#=>.*\- ]{4,200}\]"
    r"|(?<=\s)-{20,200}(?= [0-9])"
)
_PAIR_RIGHT = re.compile(rf"{_BEFORE}{_PAIR}{_AFTER}")
_PAIR_LEFT = re.compile(rf"{_BEFORE}{_PAIR}\s{{0,3}}\Z")
_PERCENT_RIGHT = re.compile(rf"{_BEFORE}{_PERCENT}")
_PERCENT_LEFT = re.compile(rf"{_BEFORE}{_PERCENT}\s{{0,3}}\Z")
_LEFT_OVER = re.compile(rf"\b(?:eta|in):? {{0,2}}({_TIME}|[0-9]{{1,6}}s)|({_TIME})", re.IGNORECASE)
_KERAS_TIME = re.compile(r"\A\s{0,3}([0-9]{1,6})s [0-9.]{1,8}[mu]?s/step")
_TRANSFER = re.compile(r"[0-9] ?[kKMGTP]?i?B(?:/s)?(?!\w)|[0-9][kKMG] .{0,20}B/s")
_PREPARING = re.compile(
    r"\W{0,3}(?:download|fetch|receiv|resolv|unpack|extract|install|pull|load|collect|upload)",
    re.IGNORECASE,
)

_WORD = (
    r"(global[_ ]?steps?|(?:train(?:ing)? )?(?:steps?|epochs?|iter(?:ation)?s?|batch(?:es)?)"
    r"|rounds?|trials?|folds?|episodes?|samples?|examples?|images?|files?|items?"
    r"|processed|processing|completed|finished|evaluated|progress)"
)
_WORDED = re.compile(
    rf"(?<![\w./-]){_WORD}\b['\"]?[\s:=#]{{0,4}}['\"]?(?:\[[0-9]{{1,6}}\]|[0-9]{{1,6}} (?=\[))?"
    rf"[\[(]?\s{{0,6}}{_PAIR}{_AFTER}",
    re.IGNORECASE,
)
_NOUN = re.compile(
    rf"{_BEFORE}{_PAIR}\s(steps|epochs|iterations|iters|batches|examples|samples)\b"
    r"(?! (?:failed|passed|were|had|with))",
    re.IGNORECASE,
)
_BRACKETED = re.compile(rf"(?:\A|[\s\]])\[\s{{0,6}}{_PAIR}\s{{0,3}}(?:\({_PERCENT}\))?\](?!\()")
_AGAIN = re.compile(
    r"\b(?:retry|retries|retrying|attempt|try|rank|node|worker)\W{0,3}\Z", re.IGNORECASE
)
_SAID = re.compile(
    rf"(?<![\d.,]){_PERCENT} (?:done|complete|completed|finished|processed)\b"
    rf"|\bprogress\b['\"]?[\s:=]{{1,4}}{_PERCENT}",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\[ {0,2}([0-9]{1,3})%\]")  # pytest, CMake
_STAMP = re.compile(r"\A[\[(]?[0-9]{2,4}[-/:.][0-9]{2}[0-9:/.,TZ+ -]{0,30}[\])]?[\s|-]{0,4}")

_SCALES = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}


@dataclass(frozen=True)
class Progress:
    """How far something is.

    Attributes:
        done: In its own units; None where only a share is told.
        total: In the same units; None where it is not known.
        fraction: From 0 to 1; None where the total is not known.
        label: What it is that goes on, at most :data:`LONGEST_LABEL` characters; may be empty.
            Untrusted.
        remaining: Seconds that it says are left; None where it says nothing.
    """

    done: float | None
    total: float | None
    fraction: float | None
    label: str = ""
    remaining: float | None = None


def find_progress(lines: Sequence[str]) -> Progress | None:
    """The last progress bar in a log; one of a download only where there is no other.

    It knows the bars of tqdm, rich, Keras, click, pip, uv and wget, "step 3 of 10", "Epoch 3/10",
    "[3/10]", "45% done", and the percentages of pytest and CMake.

    Args:
        lines: The last lines of a log, the oldest first. Untrusted, of any form. Remove
            credentials before: what is cut from a line may be half of one.
    """
    lesser: Progress | None = None
    for update in islice(_updates(lines), MOST_UPDATES):
        found = _read(update)
        if found is None:
            continue
        progress, is_lesser = found
        if not is_lesser:
            return progress
        lesser = lesser or progress
    return lesser


def _updates(lines: Sequence[str]) -> Iterator[str]:
    """What was on the screen one after the other, the last first."""
    for line in reversed(lines[-MOST_UPDATES:]):
        plain = _ESCAPE.sub("", line[-_LONGEST_LINE:])
        for update in reversed(_ENDS.split(plain)):
            if update and not update.isspace():
                yield _CONTROL.sub(" ", update[:_LONGEST_UPDATE])


def _read(update: str) -> tuple[Progress, bool] | None:
    """A progress, and whether it is only that of a download or of some other preparation."""
    for read in (_counted, _uncounted, _drawn):
        found = read(update)
        if found is not None:
            progress, unit = found
            preparing = _PREPARING.match(progress.label) is not None
            return progress, preparing or _TRANSFER.search(unit) is not None
    for read_words in (_worded, _said):
        told = read_words(update)
        if told is not None:
            return told, _PREPARING.match(_STAMP.sub("", update)) is not None
    return None


def _counted(update: str) -> tuple[Progress, str] | None:
    found = _COUNTED.search(update)
    if found is None:
        return None
    percent, done, total, left, rest = found.groups()
    progress = _pair(done, total, update[: found.start()], _seconds(left))
    progress = progress or _share(percent, update[: found.start()])
    return (progress, rest) if progress else None


def _uncounted(update: str) -> tuple[Progress, str] | None:
    found = _UNCOUNTED.search(update)
    if found is None:
        return None
    label = _label(update[: found.start()])
    return Progress(_amount(found[1]), None, None, label), f"{found[3]} {found[1]}{found[2]}"


def _drawn(update: str) -> tuple[Progress, str] | None:
    """A bar of characters, with numbers on either side."""
    bar = _BAR.search(update)
    if bar is None:
        return None
    head, tail = update[: bar.start()], update[bar.end() : bar.end() + 160]
    left = _left_over(tail)
    for pairs, percents, text in (
        (_PAIR_RIGHT, _PERCENT_RIGHT, tail),
        (_PAIR_LEFT, _PERCENT_LEFT, head),
    ):
        # What follows the figures (a loss, for one) is not looked at for other figures.
        pair, percent = pairs.search(text), percents.search(text)
        label = head if text is tail else head[: (pair or percent or bar).start()]
        progress = _pair(pair[1], pair[2], label, left) if pair else None
        if progress is None and percent:
            progress = _share(percent[1], label, left)
        if progress is not None:
            return progress, f"{head[-40:]} {tail[:80]}"
    return None


def _worded(update: str) -> Progress | None:
    """The last of the counts in a line, of steps before epochs; one around it is its label."""
    worded = sorted(_WORDED.finditer(update), key=_narrowness)
    if worded:
        *around, inner = worded
        labels = [f"{each[1]} {each[2]}/{each[3]}" for each in around[:1]]
        return _pair(inner[2], inner[3], ", ".join([*labels, inner[1]]))
    noun = _NOUN.search(update)
    if noun:
        return _pair(noun[1], noun[2], noun[3])
    boxed = _BRACKETED.search(update)
    if boxed and not _AGAIN.search(update[: boxed.start()]):
        return _pair(boxed[1], boxed[2], "")
    return None


def _narrowness(counted: re.Match[str]) -> bool:
    return "epoch" not in counted[1].lower()


def _said(update: str) -> Progress | None:
    said = _SAID.search(update) or _BOXED.search(update)
    share = next((group for group in said.groups() if group), None) if said else None
    return _share(share, "") if share else None


def _pair(done: str, total: str, label: str, remaining: float | None = None) -> Progress | None:
    """So many of so many; None where these are no such numbers."""
    whole = _amount(total)
    part = _amount(done, like=total)
    if whole == 0 or part > whole:
        return None
    return Progress(part, whole, part / whole, _label(label), remaining)


def _share(percent: str, label: str, remaining: float | None = None) -> Progress | None:
    """So many of a hundred; None where it is more."""
    share = round(float(percent) / 100, 5)
    return Progress(None, None, share, _label(label), remaining) if share <= 1 else None


def _amount(text: str, like: str = "") -> float:
    """A number with its scale; the bytes of another where it has none: ``45.0/100.0 MB``."""
    number = re.findall(_NUMBER, text)[0]
    scale = text[len(number) :].strip()
    if not scale and like.endswith("B"):
        scale = like.strip("0123456789., ")
    return float(number.replace(",", "")) * _SCALES.get(scale[:1].lower(), 1.0)


def _left_over(tail: str) -> float | None:
    keras = _KERAS_TIME.match(tail)
    if keras:
        return float(keras[1])
    times = list(_LEFT_OVER.finditer(tail))
    # Where there are two, the first is what has passed.
    return _seconds(times[-1][1] or times[-1][2]) if times else None


def _seconds(text: str) -> float | None:
    """``12s``, ``01:12``, ``1:02:03``, ``1 day, 2:03:04``; None for anything else."""
    if text.endswith("s"):
        return float(text[:-1])
    days, _, clock = text.rpartition(",")
    if ":" not in clock:
        return None
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86400 * float(days.split()[0]) if days else seconds


def _label(text: str) -> str:
    """The words before a bar, without the time of a log line."""
    words = " ".join(_STAMP.sub("", text.strip()).split()).strip(" :|-[(•")
    return words if len(words) <= LONGEST_LABEL else words[: LONGEST_LABEL - 1] + "…"
