"""Views → the text of comments, checks, summaries and logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from beaker_ci.report import causes, compared, differences, fit, safe, texts
from beaker_ci.report.charts import mermaid_chart
from beaker_ci.report.compared_lines import comparison_lines
from beaker_ci.report.marker import marker_line
from beaker_ci.report.metrics import format_metric
from beaker_ci.report.views import (
    CheckOutput,
    Ending,
    Excerpt,
    MergedView,
    ReplyView,
    RunView,
    Table,
    TreeLine,
)

if TYPE_CHECKING:
    from jinja2 import Environment

_MARKS = {"allow": "✓", "wait": "…", "refuse": "✗"}
_RULE = "\n\n---\n\n"
_LOG_LINE = 400
_ROWS = 100
_LITTLE = 0.01  # GPU-hours: below it there is nothing to see


def run_comment(view: RunView) -> str:
    """The one live comment of a run.

    Raises:
        ValueError: If ``view.marker`` cannot be a marker.
    """
    body = f"{marker_line('run', view.marker)}\n{_render('run.md.j2', view)}\n"
    return fit.fit(body, fit.COMMENT_LIMIT, texts.CUT)


def reply_comment(views: Sequence[ReplyView], marker: str) -> str:
    """One comment that answers everything of one asking comment that became no run.

    Args:
        views: The answers in the order of the questions, at least one.
        marker: The key by which the comment is found again.

    Raises:
        ValueError: If there is no answer, or ``marker`` cannot be a marker.
    """
    if not views:
        raise ValueError("a reply without an answer")
    line = marker_line("reply", marker)
    return f"{line}\n{_joined(views, fit.COMMENT_LIMIT - len(line) - 2)}\n"


def merged_comment(view: MergedView) -> str:
    """What a merged pull request is told of the metrics that its commit on the branch moved.

    Raises:
        ValueError: If ``view.marker`` cannot be a marker.
    """
    moved = replace(view, compared=differences.of_moved(view.compared))
    text = _render("merged.md.j2", moved, others=compared.others(view.compared))
    body = f"{marker_line('merged', view.marker)}\n{text}\n"
    return fit.fit(body, fit.COMMENT_LIMIT, texts.CUT)


def run_check(view: RunView) -> CheckOutput:
    """The check run's output block: title, summary with the link, and the receipt."""
    return CheckOutput(
        title=fit.line(texts.title(view), fit.TITLE_LIMIT),
        summary=fit.fit(_render("check_summary.md.j2", view), fit.CHECK_LIMIT, texts.CUT),
        text=fit.fit(_render("check_text.md.j2", view), fit.CHECK_LIMIT, texts.CUT),
    )


def step_summary(parts: Sequence[RunView | ReplyView]) -> str:
    """What the workflow run's page shows of this step; empty without parts."""
    return f"{_joined(parts, fit.SUMMARY_LIMIT)}\n" if parts else ""


def log_lines(parts: Sequence[RunView | ReplyView], token: str) -> str:
    """The same as plain text for the runner's log, where no workflow command in it is obeyed.

    Args:
        parts: What to tell.
        token: A fresh random word of letters, digits, ``-`` and ``_``, at least 16 of them.

    Raises:
        ValueError: If the token is no such word, or is known to the text.
    """
    if len(token) < 16 or not token.replace("-", "").replace("_", "").isalnum():
        raise ValueError("the token that ends untrusted text is too easy")
    told = "\n".join(_render(_template(part, "log"), part) for part in parts)
    if token in told:
        raise ValueError("the token that ends untrusted text occurs in it")
    return f"::stop-commands::{token}\n{told}\n::{token}::\n"


def tree(lines: Sequence[TreeLine]) -> str:
    """The rules of a decision as a fenced block: a mark, the rule indented, its evidence."""
    names = []
    for line in lines:
        indent = "  " * min(max(line.depth, 0), 8)
        names.append(f"{indent}{_MARKS.get(line.outcome, '?')} {safe.plain(line.rule, 40)}")
    width = max(map(len, names), default=0)
    rows = [
        f"{name:<{width}}  {safe.plain(line.evidence)}" if line.evidence else name
        for name, line in zip(names, lines, strict=True)
    ]
    return safe.fence("\n".join(rows), "text", lines=200, chars=20_000)


def _joined(parts: Sequence[RunView | ReplyView], limit: int) -> str:
    """As many parts as fit, and a word about the others."""
    blocks: list[str] = []
    used = 0
    for part in parts:
        blocks.append(_render(_template(part, "md"), part))
        used += fit.size(blocks[-1])
        if used > limit:
            break
    room = limit - 200  # for the line about those that are left out
    text, left = fit.join(blocks, room, _RULE)
    left += len(parts) - len(blocks)
    text = fit.fit(text, room, texts.CUT)
    return f"{text}{_RULE}{texts.left_out(left)}" if left else text


def _template(part: RunView | ReplyView, kind: str) -> str:
    return f"run.{kind}.j2" if isinstance(part, RunView) else f"reply.{kind}.j2"


def _render(template: str, view: RunView | ReplyView | MergedView, **more: object) -> str:
    values = _values(view) | more
    return _environment().get_template(template).render(values, view=view).strip("\n")


def _values(view: RunView | ReplyView | MergedView) -> dict[str, object]:
    """What a template may use besides the view."""
    if isinstance(view, RunView):
        return _values_of_run(view)
    if isinstance(view, MergedView):
        return {
            "icon": compared.icon(view.compared),
            "headline": compared.in_short(view.compared),
            "beside": compared.words(view.compared, view.sha),
        }
    sha = view.compared.head_sha if view.compared else ""
    return {"icon": texts.icon(view.reason), "beside": compared.words(view.compared, sha)}


def _values_of_run(view: RunView) -> dict[str, object]:
    verdict, told, gate = texts.verdict(view), causes.words(view), texts.gate(view)
    headline = verdict.headline
    return {
        "verdict": verdict,
        "told": told,
        "gate": gate,
        "moved": "" if gate else compared.beside(view),
        "outcome": headline[:1].lower() + headline[1:],
        "beside": compared.words(view.compared, view.sha),
        "folds_log": bool(view.conclusion == "success" or told.title or gate),
        "chart": _chart(view),
        "hardware": texts.hardware(view),
        "price": texts.price(view.gpu_hours),
        "cost": texts.cost(view),
        "bar": texts.bar(view),
        "pace": texts.pace(view),
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from beaker_ci.report.compiled import beside_the_code

    environment = Environment(  # noqa: S701 - it is Markdown; every value goes through a filter
        loader=PackageLoader("beaker_ci.report"),
        optimized=False,  # else what a filter made of a constant would be kept with the template
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.bytecode_cache = beside_the_code(environment)
    environment.filters |= FILTERS
    return environment


def warm_up() -> None:
    """Loads the templates ahead; a first report is then no slower than a second."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def _chart(view: RunView) -> str:
    labels, hours = [label for label, _ in view.spent], [spent for _, spent in view.spent]
    return (
        mermaid_chart("GPU-hours by run", labels, hours) if max(hours, default=0) > _LITTLE else ""
    )


def _ours(text: str) -> str:
    """Markdown and words made by us alone."""
    return text


def _table(table: Table) -> str:
    """Rows as a Markdown table; the first text of a row may be a link."""
    head = " | ".join(safe.inline(column, 60) for column in table.columns)
    lines = [f"| {head} |", f"|{' :-- |' * len(table.columns)}"]
    links = (*table.links, *[""] * len(table.rows))
    for row, address in zip(table.rows[:_ROWS], links, strict=False):
        first = safe.code_link(address, row[0]) if address else safe.inline(row[0], 100)
        cells = [first, *(safe.inline(cell, 200) for cell in row[1:])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def table_lines(table: Table) -> str:
    """Rows as lines of plain text, in columns."""
    told = [[safe.plain(cell, 60) for cell in row] for row in (table.columns, *table.rows[:_ROWS])]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    padded = ((cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in told)
    return "\n".join(f"  {'  '.join(cells)}".rstrip() for cells in padded)


def last_lines(excerpt: Ending | Excerpt) -> list[str]:
    """The end of a log as plain lines, cut only after all that was read of it is redacted."""
    lines = safe.clean_lines(excerpt.log)
    return lines[max(len(lines) - excerpt.log_lines, 0) :]


def _tail(excerpt: Ending | Excerpt) -> str:
    """The end of a log as a fenced block; what is too long loses its beginning."""
    kept: list[str] = []
    room = excerpt.log_characters
    for line in reversed(last_lines(excerpt)):
        shown = safe.shortened(line, _LOG_LINE)
        room -= len(shown) + 1
        if room < 0:
            break
        kept.append(shown)
    return safe.fence("\n".join(reversed(kept)), "text", lines=len(kept) + 1)


FILTERS = {
    "inline": safe.inline,
    "prose": safe.prose,
    "code": safe.code,
    "fence": safe.fence,
    "link": safe.link,
    "code_link": safe.code_link,
    "plain": safe.plain,
    "metric": format_metric,
    "table": _table,
    "rows": table_lines,
    "tail": _tail,
    "last_lines": last_lines,
    "tree": tree,
    "said": causes.said,
    "where": causes.where,
    "around": causes.around,
    "also_seen": causes.also_seen,
    "failed_tests": causes.failed_tests,
    "against": compared.against,
    "differences": differences.table,
    "further": differences.further,
    "compared_lines": comparison_lines,
    "ours": _ours,
}
"""All that a template may let out a value through, and what it goes through line by line."""
