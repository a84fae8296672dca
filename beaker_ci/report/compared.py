"""A comparison of two runs' metrics: the words that every report has of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beaker_ci.metrics.model import Word
from beaker_ci.report import differences, safe
from beaker_ci.report.charts import mermaid_chart
from beaker_ci.report.differences import MOVES

if TYPE_CHECKING:
    from beaker_ci.metrics.model import Broken, Comparison
    from beaker_ci.report.views import Compared, RunView

_NAMED = 2
"""Metrics that a headline names; more are counted."""

_NAME = 60
_SENTENCES = 10
_CHARTS = 5
_UNSURE = " (no interval)"


@dataclass(frozen=True)
class Words:
    """Words and parts of a comparison's block; each may be empty.

    Attributes:
        broken: A sentence for each rule that is broken. Names in it are untrusted.
        excused: A sentence for each bound that only noise breaks, or that a new metric has nothing
            to be held against. Names in it are untrusted.
        folded: What stands on the fold of the further rows.
        notes: What was assumed, and what is not in the table; sentences.
        history: Charts.
        has_base: Whether there is something that it is compared with.
        has_rows: Whether there is a table.
    """

    broken: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    folded: str = ""
    notes: tuple[str, ...] = ()
    history: str = ""
    has_base: bool = False
    has_rows: bool = False


def words(compared: Compared | None, sha: str) -> Words:
    """The words about a comparison.

    Args:
        compared: None for none.
        sha: The run's commit: on the default branch it may be in the history itself.
    """
    if compared is None:
        return Words()
    return Words(
        broken=_broken(compared),
        excused=_excused(compared),
        folded=differences.folded(compared),
        notes=differences.notes(compared),
        history=_histories(compared, sha),
        has_base=bool(against(compared)),
        has_rows=differences.is_table(compared),
    )


def gate_failed(view: RunView) -> bool:
    """Whether a run passed on Beaker, and its metrics do not pass their rules."""
    if view.compared is None or view.compared.passed or view.compared.waits:
        return False
    return _passed(view)


def is_undecided(view: RunView) -> bool:
    """Whether a run passed on Beaker, and its gate waits for the base's run."""
    return view.compared is not None and view.compared.waits and _passed(view)


def _passed(view: RunView) -> bool:
    ending = view.ending
    if ending is None or view.conclusion == "success":
        return ending is not None
    # The check's conclusion may be the gate's; of the run itself its exit code tells.
    return view.conclusion in (None, "failure") and ending.exit_code == 0 and not ending.cause


def beside(view: RunView) -> str:
    """What a headline says of the metrics of a run that passed; empty for any other."""
    return in_short(view.compared) if view.compared and _passed(view) else ""


def in_short(compared: Compared) -> str:
    """What came of it, for a headline; names, which are untrusted, stand between backticks.

    ```accuracy` dropped by 0.03, at most 0.01``, ```accuracy` regressed``, ``no metric moved``,
    ``nothing to compare with``, ``waits for the base's run``, ``not compared yet``. What is known
    by the values alone says so: ```accuracy` regressed (no interval)``.
    """
    if compared.waits:
        return "waits for the base's run" if compared.base_run_id else "not compared yet"
    broken = compared.comparison.broken if compared.comparison else ()
    if broken and not compared.passed:
        more = f", and {len(broken) - 1:,} more" if len(broken) > 1 else ""
        return f"{_said_shortly(broken[0])}{more}"
    if compared.missing or compared.comparison is None:
        return "nothing to compare with"
    rows = compared.comparison.rows
    if all(row.word == Word.NOT_COMPARED for row in rows):
        return "no metric could be compared" if rows else "no metric in common"
    return _moves(compared.comparison) or "no metric moved"


def _said_shortly(broken: Broken) -> str:
    """Without the interval in brackets at the sentence's end."""
    if broken.key == "missing":
        return f"{_quoted(broken.metric)} cannot be judged"
    said = broken.says.rstrip(". ")
    return said[: said.rindex(" (")] if said.endswith(")") and " (" in said else said


def icon(compared: Compared) -> str:
    """The emoji of a headline about metrics alone."""
    if not compared.passed:
        return "❌"
    return "⚠️" if regressed(compared) else "✅"


def regressed(compared: Compared | None) -> bool:
    """Whether any metric did."""
    return compared is not None and any(
        row.word == Word.REGRESSED for row in differences.rows_of(compared)
    )


def _moves(comparison: Comparison) -> str:
    told: dict[str, bool] = {}
    for word in MOVES:
        rows = [row for row in comparison.rows if row.word == word]
        if rows:
            named = " and ".join(_quoted(row.name) for row in rows[:_NAMED])
            which = named if len(rows) <= _NAMED else f"{len(rows):,} metrics"
            told[f"{which} {word}"] = any(row.method for row in rows)
    if told and not any(told.values()):
        return f"{', '.join(told)}{_UNSURE}"
    return ", ".join(f"{move}{'' if sure else _UNSURE}" for move, sure in told.items())


def _quoted(name: str) -> str:
    return f"`{safe.plain(name, _NAME).replace('`', chr(39))}`"


def _broken(compared: Compared) -> tuple[str, ...]:
    broken = compared.comparison.broken if compared.comparison else ()
    left = len(broken) - _SENTENCES
    more = (f"And {left:,} more of the rules are broken.",) if left > 0 else ()
    return (*(each.says for each in broken[:_SENTENCES]), *more)


def _excused(compared: Compared) -> tuple[str, ...]:
    told = tuple(sentence for row in differences.rows_of(compared) for sentence in row.excused)
    left = len(told) - _SENTENCES
    more = (f"And {left:,} more bounds, which only noise breaks.",) if left > 0 else ()
    return (*told[:_SENTENCES], *more)


def others(compared: Compared) -> str:
    """A line about the metrics that show no change; empty without any."""
    count = sum(row.word == Word.NO_EVIDENCE for row in differences.rows_of(compared))
    many = "1 other metric" if count == 1 else f"{count:,} other metrics"
    return f"No evidence of change in {many}." if count else ""


def against(compared: Compared) -> str:
    """``Against 1a2b3c4, the merge base, run 9f8e7d6c`` as Markdown; empty without a base."""
    base = [
        *_commit(compared.base_commit_url, compared.base_sha, compared.base_is),
        _run(compared.base_url, compared.base_run_id),
    ]
    told = ", ".join(filter(None, base))
    if not told:
        return ""
    if compared.waits:
        return f"Waits for the base's run: {told}. Nothing is decided before it has ended."
    head = [
        *_commit(compared.head_commit_url, compared.head_sha, compared.head_is),
        _run(compared.head_url, compared.head_run_id),
    ]
    of = ", ".join(filter(None, head))
    return f"{of} against {told}" if of else f"Against {told}"


def _commit(address: str, sha: str, where: str) -> list[str]:
    commit = safe.code_link(address, sha[:7]) if sha else ""
    return [commit, safe.prose(where, 200) if where else ""]


def _run(address: str, run_id: str) -> str:
    return f"run {safe.code_link(address, run_id)}" if run_id else ""


def _histories(compared: Compared, sha: str) -> str:
    """A chart for each metric with a history, this run's value last."""
    heads = {row.name: row.head for row in differences.rows_of(compared)}
    charts = []
    for name, labels, values in compared.history:
        known = zip(labels, values, strict=False)
        points = [(label, value) for label, value in known if not (sha and label == sha[:7])]
        head = heads.get(name)
        if head is None:
            continue
        points.append(("this run", head.value))
        told, drawn = [label for label, _ in points], [value for _, value in points]
        charts.append(mermaid_chart(name, told, drawn, kind="line", zoomed=True))
    return "\n\n".join(list(filter(None, charts))[:_CHARTS])
