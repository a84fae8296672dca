"""Views → Markdown: comments, check outputs, step summaries, logs and outputs of the action."""

from __future__ import annotations

from beaker_ci.report.causes import notes
from beaker_ci.report.charts import mermaid_chart
from beaker_ci.report.compared import in_short
from beaker_ci.report.compared_json import comparison_json
from beaker_ci.report.compared_lines import comparison_notes, comparison_table
from beaker_ci.report.differences import notes as comparison_hints
from beaker_ci.report.hiding import Redactor, hide_lines
from beaker_ci.report.marker import find_marker, marker_line
from beaker_ci.report.metrics import flatten_metrics, tell_metric
from beaker_ci.report.outputs import outputs_file
from beaker_ci.report.render import (
    last_lines,
    log_lines,
    merged_comment,
    reply_comment,
    run_check,
    run_comment,
    step_summary,
    table_lines,
    warm_up,
)
from beaker_ci.report.safe import clean_lines, plain, url, visible
from beaker_ci.report.views import (
    Cause,
    CheckOutput,
    Compared,
    Ending,
    MergedView,
    Note,
    ReplyView,
    RunView,
    TreeLine,
)

__all__ = [
    "Cause",
    "CheckOutput",
    "Compared",
    "Ending",
    "MergedView",
    "Note",
    "Redactor",
    "ReplyView",
    "RunView",
    "TreeLine",
    "clean_lines",
    "comparison_hints",
    "comparison_json",
    "comparison_notes",
    "comparison_table",
    "find_marker",
    "flatten_metrics",
    "hide_lines",
    "in_short",
    "last_lines",
    "log_lines",
    "marker_line",
    "merged_comment",
    "mermaid_chart",
    "notes",
    "outputs_file",
    "plain",
    "reply_comment",
    "run_check",
    "run_comment",
    "step_summary",
    "table_lines",
    "tell_metric",
    "url",
    "visible",
    "warm_up",
]
