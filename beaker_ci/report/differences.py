"""The table of a comparison, and what it notes of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.metrics.model import LEVEL, MOST_SEEDS, Row, Word
from beaker_ci.report import fit, safe
from beaker_ci.report.figures import figures

if TYPE_CHECKING:
    from beaker_ci.metrics.model import Broken
    from beaker_ci.report.views import Compared

COLUMNS = ("Metric", "Base", "Head", "Difference", f"{100 * (1 - LEVEL):g} % interval", "Verdict")

SHOWN = 15
"""Rows that stand open; further ones are folded."""

MOVES = (Word.REGRESSED, Word.IMPROVED, Word.CHANGED)
"""What counts as a change, the worst first."""

_ROOM = 15_000
"""Bytes of the rows that are folded: what comes after them must fit, too."""

_BOUNDS = ("max_drop", "min", "max")

_NOTES = 10

_NO_INTERVAL = (
    "No interval: nothing is known of the noise, and any difference counts. Let the job write one "
    "value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`."
)
_NO_DIRECTION = (
    "Changed: nobody said which way is better. Say so by `higher_is_better` in the preset's "
    "`compare.metrics`."
)


def rows_of(compared: Compared) -> Sequence[Row]:
    """The rows in their order; none where nothing is compared."""
    return compared.comparison.rows if compared.comparison else ()


def is_table(compared: Compared) -> bool:
    """Whether there is anything to put beside each other: without a base there is not."""
    return bool(rows_of(compared)) and not compared.missing and not compared.waits


def of_moved(compared: Compared) -> Compared:
    """The same with those rows alone that moved or break a rule, and without a history."""
    comparison = compared.comparison
    if comparison is None:
        return compared
    broken = {each.metric for each in comparison.broken}
    rows = tuple(row for row in comparison.rows if row.word in MOVES or row.name in broken)
    return replace(compared, comparison=replace(comparison, rows=rows), history=())


def table(compared: Compared) -> str:
    """The first rows as a Markdown table."""
    return "\n".join([_HEAD, *(_line(row, compared) for row in rows_of(compared)[:SHOWN])])


def folded(compared: Compared) -> str:
    """What stands on the fold of the further rows; empty without any."""
    rows = rows_of(compared)[SHOWN:]
    if not rows:
        return ""
    moved = sum(row.word in MOVES for row in rows)
    metrics = f"{len(rows):,} more {'metric' if len(rows) == 1 else 'metrics'}"
    return f"{metrics}, {f'{moved:,}' if moved else 'none'} of them moved"


def further(compared: Compared) -> str:
    """The further rows as a table, as many as there is room for."""
    lines = [_line(row, compared) for row in rows_of(compared)[SHOWN:]]
    shown, left = fit.join([_HEAD, *lines], _ROOM, "\n")
    return f"{shown}\n\n_{left:,} more did not fit here._" if left else shown


_HEAD = f"| {' | '.join(COLUMNS)} |\n| :-- | --: | --: | --: | :-: | :-- |"


def _line(row: Row, compared: Compared) -> str:
    shown = figures(row)
    verdict = f"**{row.word}**" if row.word in MOVES else str(row.word)
    broken = "".join(f" · {each}" for each in _breaks(row, compared, "`"))
    noted = "; ".join(_remarks(row))
    line = (
        safe.inline(row.name, 100),
        shown.base,
        shown.head,
        shown.difference,
        shown.interval,
        f"{verdict}{broken}" + (f" <sub>{noted}</sub>" if noted else ""),
    )
    return f"| {' | '.join(line)} |"


def notes(compared: Compared) -> tuple[str, ...]:
    """What was assumed, what would tell more, and what is not in the table; sentences."""
    if not is_table(compared):
        return ()
    rows = rows_of(compared)
    told = list(dict.fromkeys(row.note for row in rows if row.note))[:_NOTES]
    if any(row.word in MOVES and not row.method and not row.note for row in rows):
        told.append(_NO_INTERVAL)
    if any(row.word == Word.CHANGED for row in rows):
        told.append(_NO_DIRECTION)
    left = compared.comparison.left_out if compared.comparison else 0
    many = "1 more metric is" if left == 1 else f"{left:,} more metrics are"
    return (*told, *([f"{many} not in the table."] if left else []))


def cells(row: Row, compared: Compared) -> tuple[str, ...]:
    """A row's cells without markup, and a note. The name is untrusted."""
    shown = figures(row)
    verdict = "; ".join([str(row.word), *_breaks(row, compared, "")])
    note = "; ".join(_remarks(row))
    return (row.name, shown.base, shown.head, shown.difference, shown.interval, verdict, note)


def _breaks(row: Row, compared: Compared, mark: str) -> list[str]:
    broken: Sequence[Broken] = compared.comparison.broken if compared.comparison else ()
    keys = {each.key for each in broken if each.metric == row.name}
    told = [f"breaks {mark}{key}{mark}" for key in _BOUNDS if key in keys]
    return [*told, *(["cannot be judged"] if "missing" in keys else [])]


def _remarks(row: Row) -> list[str]:
    """What else is to be known of a row, in words of our own."""
    if row.word == Word.NOT_COMPARED:
        return [_only(row)]
    excused = ["excused by noise"] if row.excused else []
    if row.word != Word.NO_EVIDENCE:
        return excused
    told = []
    if row.low is not None and row.high is not None and row.low * row.high > 0:
        told.append("may be chance among so many metrics")
    if detectable := figures(row).detectable:
        told.append(f"a change of {detectable} would show")
    if row.seeds_needed:
        told.append(f"needs {_more_seeds(row.seeds_needed)}")
    return told + excused


def _more_seeds(count: int) -> str:
    if count >= MOST_SEEDS:
        return "many more seeds"
    return f"about {count} more {'seed' if count == 1 else 'seeds'}"


def _only(row: Row) -> str:
    if row.head is None:
        return "neither has it" if row.base is None else "only the base has it"
    return "the base does not have it" if row.base is None else "not a finite number"
