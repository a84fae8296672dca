"""Faults, hooks, limits, conditional requests, pages: what happens around an operation."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import requests
from github import GithubException, GithubRetry, RateLimitExceededException
from github_lab import Lab

from beaker_ci.sandbox.github import Fault

pytest_plugins = ["github_fixtures"]
COMMENTS = r"/issues/\d+/comments$"
RETRY = GithubRetry(
    total=3,
    backoff_factor=0,
    status_forcelist=[429, *range(500, 600)],
    allowed_methods={"GET", "PATCH"},
)


def test_an_answer_lost_after_the_write(lab: Lab) -> None:
    lab.github.faults.bad_gateway("POST", COMMENTS, after=True)
    with pytest.raises(GithubException) as error:
        lab.issue().create_comment("once")
    assert error.value.status == 502
    assert lab.github.take_comment(lab.pull).body == "once"
    lab.issue().create_comment("twice")
    assert lab.github.take_comment(lab.pull).body == "twice"
    assert lab.github.leftovers() == []


@pytest.mark.parametrize("written", [False, True])
def test_a_dropped_connection(lab: Lab, written: bool) -> None:
    lab.github.faults.add(Fault("POST", COMMENTS, drop=True, after=written))
    with pytest.raises(requests.ConnectionError):
        lab.issue().create_comment("maybe")
    assert [comment.body for comment in lab.github.comments(lab.pull)] == ["maybe"] * written
    assert lab.github.exchanges[-1].status == 0


def test_an_answer_cut_short(lab: Lab) -> None:
    lab.github.faults.add(Fault("GET", r"/pulls/", cut=20))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _ = lab.pull_request().head


def test_an_answer_that_comes_too_late(lab: Lab) -> None:
    lab.github.faults.add(Fault("POST", COMMENTS, after=True, delay=1.3))
    with pytest.raises(requests.ReadTimeout):
        lab.issue(timeout=1).create_comment("late")
    assert lab.github.take_comment(lab.pull).body == "late"


def test_weather_meets_what_no_fault_does(lab: Lab) -> None:
    seen: list[str] = []

    def weather(method: str, path: str) -> Fault | None:
        seen.append(f"{method} {path}")
        return Fault(status=500) if len(seen) == 1 else None

    lab.github.faults.add(Fault("GET", r"/pulls/", status=503))
    lab.github.faults.weather(weather)
    for status in (503, 500):
        with pytest.raises(GithubException) as error:
            _ = lab.pull_request().head
        assert error.value.status == status
    lab.github.faults.clear()
    assert lab.pull_request().head.sha == lab.github.head(lab.pull)
    assert len(seen) == 1


def test_faults_that_a_client_outlives(lab: Lab) -> None:
    lab.github.faults.bad_gateway("GET", r"/pulls/", times=2)
    pull = lab.repo(retry=RETRY).get_pull(lab.pull)
    assert pull.head.sha == lab.github.head(lab.pull)
    assert [exchange.status for exchange in lab.github.exchanges] == [502, 502, 200]
    assert lab.github.leftovers() == []


def test_the_nth_request_only(lab: Lab) -> None:
    lab.github.faults.add(Fault("POST", COMMENTS, nth=2, status=500, body={"message": "no"}))
    lab.issue().create_comment("1")
    with pytest.raises(GithubException, match="no"):
        lab.issue().create_comment("2")
    lab.issue().create_comment("3")
    assert [comment.body for comment in lab.github.comments(lab.pull)] == ["1", "3"]
    lab.github.faults.add(Fault(status=503, times=None))
    lab.github.faults.clear()
    assert lab.pull_request().state == "open"


@pytest.mark.parametrize(("retry_after", "header"), [(7, "7"), (None, None)])
def test_secondary_limits(lab: Lab, retry_after: int | None, header: str | None) -> None:
    lab.github.faults.secondary_limit("POST", retry_after=retry_after)
    with pytest.raises(RateLimitExceededException) as error:
        lab.issue().create_comment("x")
    assert (error.value.status, (error.value.headers or {}).get("retry-after")) == (403, header)


def test_a_head_that_moves_between_two_calls(lab: Lab) -> None:
    before = lab.github.head(lab.pull)
    lab.github.faults.before(
        "GET", r"/pulls/", lambda: lab.github.push(lab.pull, {"late.txt": "x"}), nth=2
    )
    assert lab.pull_request().head.sha == before
    after = lab.pull_request().head.sha
    assert after == lab.github.head(lab.pull) != before
    assert lab.pull_request().head.sha == after


def test_a_hook_after_the_effect(lab: Lab) -> None:
    seen: list[int] = []
    lab.github.faults.after(
        "POST", COMMENTS, lambda: seen.append(len(lab.github.comments(lab.pull))), nth=None
    )
    lab.issue().create_comment("1")
    lab.issue().create_comment("2")
    assert seen == [1, 2]


def test_latency_and_delays_take_their_time(lab: Lab) -> None:
    lab.github.latency = 0.03
    lab.github.faults.add(Fault(path="rate_limit", delay=0.03))
    start = time.monotonic()
    lab.client().get_rate_limit()
    assert time.monotonic() - start >= 0.06
    assert lab.github.exchanges[0].duration >= 0.06


def test_answers_do_not_wait_for_the_network_stack(lab: Lab) -> None:
    issue = lab.issue()
    durations = []
    for _ in range(10):
        start = time.monotonic()
        issue.create_comment("x")
        durations.append(time.monotonic() - start)
    assert min(durations) < 0.03


def test_conditional_requests_are_free(lab: Lab) -> None:
    token, other = lab.github.add_token(), lab.github.add_token()
    url = f"/repos/octo/widget/issues/{lab.pull}"
    first = lab.request(url, token)
    etag = {"If-None-Match": first.headers["ETag"]}
    second = lab.request(url, token, **etag)
    assert (second.status, second.body) == (304, b"")
    remaining = "X-RateLimit-Remaining"
    assert first.headers[remaining] == second.headers[remaining] == "999"
    assert lab.request(url, other, **etag).status == 200  # An ETag belongs to one token.
    lab.github.comment(lab.pull, "writer", "new")
    changed = lab.request(url, token, **etag)
    assert (changed.status, changed.headers[remaining]) == (200, "997")
    assert lab.github.violations == []


def test_the_primary_limit(lab: Lab) -> None:
    token = lab.github.add_token()
    lab.github.set_remaining(token, 1)
    assert lab.request("/repos/octo/widget", token).headers["X-RateLimit-Remaining"] == "0"
    with pytest.raises(RateLimitExceededException, match="API rate limit exceeded"):
        lab.issue(lab.github.add_token()).create_comment("x")  # Workflow tokens share theirs.
    refused = lab.request("/repos/octo/widget", token)
    assert (refused.status, refused.headers["X-RateLimit-Used"]) == (403, "1000")
    assert lab.request("/rate_limit", token).json["rate"]["remaining"] == 0
    lab.github.clock.advance(3600)
    assert lab.request("/repos/octo/widget", token).status == 200
    assert lab.request("/repos/octo/widget").headers["X-RateLimit-Limit"] == "60"


def test_pages(lab: Lab) -> None:
    for number in range(101):
        lab.github.comment(lab.pull, "writer", str(number))
    url = f"/repos/octo/widget/issues/{lab.pull}/comments"
    assert len(lab.request(url).json) == 30
    whole = lab.request(f"{url}?per_page=500")
    assert len(whole.json) == 100
    assert whole.headers["Link"] == (
        f'<{lab.github.api_url}{url}?per_page=500&page=2>; rel="next", '
        f'<{lab.github.api_url}{url}?per_page=500&page=2>; rel="last"'
    )
    assert lab.request(f"{url}?page=9").json == []
    issue = lab.issue()
    assert [int(comment.body) for comment in issue.get_comments()] == list(range(101))
    assert lab.github.violations == []


def test_many_clients_at_once(lab: Lab) -> None:
    def write(number: int) -> None:
        lab.issue().create_comment(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    comments = lab.github.comments(lab.pull)
    assert sorted(int(comment.body) for comment in comments) == list(range(8))
    assert len({comment.id for comment in comments}) == 8


def test_a_wrong_answer_is_caught_by_the_contract(lab: Lab) -> None:
    token = lab.github.add_token()
    url = f"/repos/octo/widget/pulls/{lab.pull}"
    right = lab.request(url, token).json
    assert lab.github.violations == []
    fault = Fault("GET", r"/pulls/\d+$", status=200, body={**right, "number": "one"})
    lab.github.faults.add(fault)
    lab.github.faults.add(replace(fault, body={"id": 1}))
    lab.github.faults.add(replace(fault, status=206))
    for _ in range(3):
        lab.request(url, token)
    lines = lab.github.take_violations()
    assert any("['number']" in line and "integer" in line for line in lines)
    assert any('"head" is a required property' in line for line in lines)
    assert f"GET {url}: status 206 is not in the contract" in lines


def test_a_wrong_request_is_caught_by_the_contract(lab: Lab) -> None:
    comments = f"/repos/octo/widget/issues/{lab.pull}/comments"
    requester = lab.client().requester
    assert requester.requestJson("GET", comments, {"sort": "id"})[0] == 200
    assert requester.requestJson("POST", comments, input={"body": "x", "colour": 1})[0] == 422
    assert requester.requestJson("POST", comments, input={"body": 7})[0] == 422
    assert lab.github.take_violations() == [
        f"GET {comments}: query parameter 'sort' is not in the contract",
        f"POST {comments}: body key 'colour' is not in the contract",
        f"POST {comments}: body['body']: 7 is not of type \"string\"",
    ]
    assert lab.github.comments(lab.pull) == []
