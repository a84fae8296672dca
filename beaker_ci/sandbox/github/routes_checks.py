"""Operations on check runs and commit statuses, with the rules that no schema holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from beaker_ci.sandbox.github import render, render_code
from beaker_ci.sandbox.github.model import App, CheckRun, Status
from beaker_ci.sandbox.github.routes_git import SHA, resolve
from beaker_ci.sandbox.github.routing import (
    ApiError,
    Request,
    Response,
    Route,
    invalid,
    listing,
    not_found,
    page,
)
from beaker_ci.sandbox.github.state import latest

if TYPE_CHECKING:
    from beaker_ci.sandbox.github.state import State

MAX_DESCRIPTION = 140
MAX_STATUSES = 1000
MAX_RUNS_OF_ONE_NAME = 1000


def create_check_run(state: State, request: Request) -> Response:
    """``POST …/check-runs``."""
    app = _app(request)
    body = request.body
    head = str(body["head_sha"])
    if not SHA.fullmatch(head) or state.git.show(head) is None:
        raise ApiError(422, f"No commit found for SHA: {head}")
    _check_rules(body)
    run = _changed(state, state.add_check_run(head, body["name"], app), body)
    namesakes = [
        other
        for other in state.check_runs.values()
        if (other.head_sha, other.name, other.app) == (run.head_sha, run.name, run.app)
    ]
    for old in namesakes[:-MAX_RUNS_OF_ONE_NAME]:
        del state.check_runs[old.id]
    return Response(201, render_code.check_run(state, run))


def update_check_run(state: State, request: Request) -> Any:
    """``PATCH …/check-runs/{check_run_id}``: by the app that made it, whatever the run."""
    app = _app(request)
    run = _find(state, request)
    if run.app != app:
        raise ApiError(
            403, f"Invalid app_id `{app.id}` - check run can only be modified by its creator"
        )
    _check_rules(request.body)
    return render_code.check_run(state, _changed(state, run, request.body))


def _app(request: Request) -> App:
    if request.token.app is None:
        raise ApiError(403, "You must authenticate via a GitHub App.")
    return request.token.app


def _check_rules(body: dict[str, Any]) -> None:
    if body.get("status") == "completed" and not body.get("conclusion"):
        raise invalid("CheckRun", "conclusion", "is required when status is completed", "invalid")
    if body.get("conclusion") == "stale":
        raise invalid("CheckRun", "conclusion", "stale is set by GitHub only", "invalid")
    for annotation in (body.get("output") or {}).get("annotations", ()):
        if len(annotation["message"].encode()) > 65_536 or len(annotation.get("title", "")) > 255:
            raise invalid("Annotation", "message", "is too long", "invalid")
        columns = "start_column" in annotation or "end_column" in annotation
        if columns and annotation["start_line"] != annotation["end_line"]:
            raise invalid("Annotation", "start_column", "needs one line", "invalid")


def _changed(state: State, run: CheckRun, body: dict[str, Any]) -> CheckRun:
    """Sets what the body holds; annotations add up; a conclusion completes."""
    changes: dict[str, Any] = {
        key: body[key]
        for key in ("name", "status", "conclusion", "external_id", "details_url")
        if key in body
    }
    for key in ("started_at", "completed_at"):
        if key in body:
            changes[key] = datetime.fromisoformat(body[key]).astimezone(UTC)
    if body.get("conclusion"):
        changes["status"] = "completed"
        changes.setdefault("completed_at", run.completed_at or state.now)
    elif "status" in body:
        changes["conclusion"] = changes["completed_at"] = None
    if run.started_at is None:
        changes.setdefault("started_at", state.now)
    output = body.get("output") or {}
    changes |= {key: output[key] for key in ("title", "summary", "text") if key in output}
    changes["annotations"] = (*run.annotations, *output.get("annotations", ()))
    run = replace(run, **changes)
    state.check_runs[run.id] = run
    state.unseen.add(run)
    return run


def _find(state: State, request: Request) -> CheckRun:
    run = state.check_runs.get(request.number("check_run_id"))
    if run is None:
        raise not_found()
    return run


def get_check_run(state: State, request: Request) -> Any:
    """``GET …/check-runs/{check_run_id}``."""
    return render_code.check_run(state, _find(state, request))


def list_annotations(state: State, request: Request) -> Response:
    """``GET …/check-runs/{check_run_id}/annotations``."""
    run = _find(state, request)
    optional = ("start_column", "end_column", "title", "raw_details")
    href = f"{render.repository_url(state)}/git/blobs/{run.head_sha}"
    return listing(
        state,
        request,
        run.annotations,
        lambda note: {**dict.fromkeys(optional), "blob_href": href, **note},
    )


def list_check_runs(state: State, request: Request) -> Response:
    """``GET …/commits/{ref}/check-runs``: newest first; ``filter=latest`` keeps one per name."""
    sha = resolve(state, request, request.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {request.params['ref']}")
    query = request.query
    found = [
        run
        for run in state.check_runs_of(sha)
        if query.get("check_name") in (None, run.name)
        and query.get("status") in (None, run.status)
        and query.get("app_id") in (None, str(run.app.id))
    ]
    if query.get("filter", "latest") == "latest":
        found = latest(found)
    shown, headers = page(state, request, found)
    runs = [render_code.check_run(state, run) for run in shown]
    return Response(200, {"total_count": len(found), "check_runs": runs}, headers)


def create_status(state: State, request: Request) -> Response:
    """``POST …/statuses/{sha}``."""
    sha = request.params["sha"]
    body = request.body
    if state.git.show(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    context, description = body.get("context", "default"), body.get("description")
    if description and len(description) > MAX_DESCRIPTION:
        message = f"description is too long (maximum is {MAX_DESCRIPTION} characters)"
        raise invalid("Status", "description", message)
    same = [s for s in state.statuses.values() if (s.sha, s.context) == (sha, context)]
    if len(same) >= MAX_STATUSES:
        message = "This SHA and context has reached the maximum number of statuses."
        raise invalid("Status", "context", message)
    status = Status(
        id=state.next_id(),
        sha=sha,
        state=body["state"],
        context=context,
        description=description,
        target_url=body.get("target_url"),
        creator=request.token.account,
        created_at=state.now,
    )
    state.statuses[status.id] = status
    state.unseen.add(status)
    return Response(201, render_code.status(state, status))


def _statuses(state: State, request: Request) -> tuple[str, list[Status]]:
    sha = resolve(state, request, request.params["ref"])
    if sha is None:
        raise not_found()
    return sha, [s for s in reversed(state.statuses.values()) if s.sha == sha]


def list_statuses(state: State, request: Request) -> Response:
    """``GET …/commits/{ref}/statuses``: newest first."""
    _, found = _statuses(state, request)
    return listing(state, request, found, partial(render_code.status, state))


def get_combined_status(state: State, request: Request) -> Any:
    """``GET …/commits/{ref}/status``: the newest of each context, and their sum."""
    sha, found = _statuses(state, request)
    newest = list({status.context: status for status in reversed(found)}.values())
    states = {status.state for status in newest}
    combined = "failure" if states & {"failure", "error"} else "success"
    if combined == "success" and ("pending" in states or not states):
        combined = "pending"
    shown, headers = page(state, request, newest)
    statuses = [render_code.status(state, status) for status in shown]
    base = render.repository_url(state)
    body = {
        "state": combined,
        "sha": sha,
        "total_count": len(newest),
        "statuses": [{k: v for k, v in s.items() if k != "creator"} for s in statuses],
        "repository": render.repository(state),
        "commit_url": f"{base}/commits/{sha}",
        "url": f"{base}/commits/{sha}/status",
    }
    return Response(200, body, headers)


REPOSITORY = "/repos/{owner}/{repo}"
CHECKS, STATUSES = ("checks",), ("statuses",)
ROUTES = [
    Route("POST", REPOSITORY + "/check-runs", create_check_run, CHECKS),
    Route("GET", REPOSITORY + "/check-runs/{check_run_id}", get_check_run, CHECKS),
    Route("PATCH", REPOSITORY + "/check-runs/{check_run_id}", update_check_run, CHECKS),
    Route("GET", REPOSITORY + "/check-runs/{check_run_id}/annotations", list_annotations, CHECKS),
    Route("GET", REPOSITORY + "/commits/{ref}/check-runs", list_check_runs, CHECKS),
    Route("POST", REPOSITORY + "/statuses/{sha}", create_status, STATUSES),
    Route("GET", REPOSITORY + "/commits/{ref}/statuses", list_statuses, STATUSES),
    Route("GET", REPOSITORY + "/commits/{ref}/status", get_combined_status, STATUSES),
]
