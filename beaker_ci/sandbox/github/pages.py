"""Plain pages behind the addresses that the API hands out, so that printed links open."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from beaker_ci.sandbox.github.clock import stamp
from beaker_ci.sandbox.github.routing import Response

if TYPE_CHECKING:
    from beaker_ci.sandbox.github.model import CheckRun, Issue
    from beaker_ci.sandbox.github.state import State

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem}
article{border:1px solid #8884;border-radius:6px;margin:1rem 0;padding:.5rem 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere}small{color:#888}:target{border-color:#08f}"""


def render(state: State, path: str) -> Response:
    """The page at a path; 404 where there is none."""
    root = f"/{state.full_name}"
    for pattern, page in (
        (r"/?", _repository),
        (re.escape(root) + "/?", _repository),
        (re.escape(root) + r"/(?:pull|issues)/(\d+)", _issue),
        (re.escape(root) + r"/runs/(\d+)", _run),
        (re.escape(root) + r"/commit/([0-9a-f]{40})", _commit),
        (re.escape(root) + r"/blob/(.+)", _blob),
    ):
        match = re.fullmatch(pattern, path)
        body = page(state, *match.groups()) if match else None
        if body is not None:
            return _page(state, 200, body)
    return _page(state, 404, "<h1>Nothing here</h1>")


def _page(state: State, status: int, body: str) -> Response:
    home = f'<p><a href="/{escape(state.full_name)}">{escape(state.full_name)}</a></p>'
    title = f"<title>{escape(state.full_name)}</title><style>{STYLE}</style>"
    html = f'<!doctype html><meta charset="utf-8">{title}{home}{body}'
    return Response(status, html.encode(), HEADERS)


def _repository(state: State) -> str:
    rows = "".join(
        f'<li><a href="/{escape(state.full_name)}/{"pull" if i.pull else "issues"}/{i.number}">'
        f"#{i.number} {escape(i.title)}</a> <small>{i.state}</small></li>"
        for i in state.issues.values()
    )
    return f"<h1>{escape(state.name)}</h1><ul>{rows}</ul>"


def _issue(state: State, number: str) -> str | None:
    issue = state.issues.get(int(number))
    if issue is None:
        return None
    head = f"<h1>{escape(issue.title)} <small>#{issue.number} {issue.state}</small></h1>"
    opening = _article("", issue.author.login, stamp(issue.created_at), issue.body)
    comments = "".join(
        _article(
            f"issuecomment-{comment.id}",
            comment.author.login,
            stamp(comment.created_at),
            comment.body,
            " ".join(reaction.content for reaction in state.reactions_of(comment.id)),
        )
        for comment in state.comments_of(issue.number)
    )
    return head + opening + comments + _checks(state, issue)


def _article(anchor: str, who: str, when: str, body: str, foot: str = "") -> str:
    label = f"<b>{escape(who)}</b> <small>{escape(when)}</small>"
    tail = f"<small>{escape(foot)}</small>" if foot else ""
    return f'<article id="{escape(anchor)}">{label}<pre>{escape(body)}</pre>{tail}</article>'


def _checks(state: State, issue: Issue) -> str:
    if issue.pull is None:
        return ""
    runs = [run for run in state.check_runs.values() if run.head_sha == issue.pull.head]
    rows = "".join(
        f'<li><a href="/{escape(state.full_name)}/runs/{run.id}">{escape(run.name)}</a> '
        f"{escape(_verdict(run))}</li>"
        for run in runs
    )
    return f"<h2>Checks at {issue.pull.head[:12]}</h2><ul>{rows or '<li>none</li>'}</ul>"


def _verdict(run: CheckRun) -> str:
    return run.conclusion or run.status


def _run(state: State, number: str) -> str | None:
    run = state.check_runs.get(int(number))
    if run is None:
        return None
    texts = "".join(f"<pre>{escape(text)}</pre>" for text in (run.summary, run.text) if text)
    title = f"<h1>{escape(run.name)} <small>{escape(_verdict(run))}</small></h1>"
    return f"{title}<p>{escape(run.title or '')}</p><article>{texts}</article>"


def _commit(state: State, sha: str) -> str | None:
    commit = state.git.show(sha)
    if commit is None:
        return None
    parent = commit.parents[0] if commit.parents else None
    diff = state.git.git("diff", "--no-color", parent, sha) if parent else ""
    title = f"<h1>{escape(commit.message.partition(chr(10))[0])}</h1><p>{sha}</p>"
    return f"{title}<pre>{escape(diff)}</pre>"


def _blob(state: State, rest: str) -> str | None:
    ref, _, path = rest.partition("/")
    content = state.git.file(ref, path)
    if content is None:
        return None
    return f"<h1>{escape(path)}</h1><pre>{escape(content.decode(errors='replace'))}</pre>"
