"""GraphQL through PyGithub's requester, on the same state as REST."""

from __future__ import annotations

from typing import Any

import pytest
from github import GithubException
from github_lab import FILES, Lab

pytest_plugins = ["github_fixtures"]

EVERYTHING = """
query ($number: Int!, $config: String!) {
  rateLimit { remaining cost }
  repository(owner: "octo", name: "widget") {
    id databaseId isPrivate
    defaultBranchRef { name target { oid ... on Commit {
      file(path: $config) { type object { ... on Blob { text isBinary isTruncated byteSize oid } } }
      missing: file(path: "nope/nope.yml") { type }
      tree { oid entries { name path type } }
    } } }
    object(expression: "HEAD:src/widget.py") { oid ... on Blob { text } }
    pullRequest(number: $number) {
      number state headRefOid headRefName isCrossRepository headRepository { nameWithOwner }
      author { login }
      commits(last: 1) { totalCount nodes { commit { oid tree { entries { name path type } } } } }
    }
  }
}
"""


def ask(lab: Lab, query: str, token: str | None = None, **variables: Any) -> Any:
    return lab.client(token).requester.graphql_query(query, variables)[1]["data"]


def test_one_query_reads_all_that_a_command_needs(lab: Lab) -> None:
    data = ask(lab, EVERYTHING, number=lab.pull, config=".github/beaker-ci.yml")
    repository = data["repository"]
    head, main = lab.github.head(lab.pull), lab.repository.head("main")
    assert repository["databaseId"] == lab.github.repository_id
    branch = repository["defaultBranchRef"]
    assert (branch["name"], branch["target"]["oid"]) == ("main", main)
    assert branch["target"]["file"]["object"]["text"] == FILES[".github/beaker-ci.yml"]
    assert branch["target"]["missing"] is None
    assert [e["name"] for e in branch["target"]["tree"]["entries"]] == [
        ".github",
        "README.md",
        "src",
    ]
    assert repository["object"]["text"] == FILES["src/widget.py"]
    pull = repository["pullRequest"]
    assert (pull["headRefOid"], pull["state"], pull["isCrossRepository"]) == (head, "OPEN", False)
    assert pull["headRepository"] == {"nameWithOwner": "octo/widget"}
    assert pull["commits"]["nodes"][0]["commit"]["oid"] == head
    assert data["rateLimit"] == {"remaining": 1000, "cost": 1}
    assert lab.github.exchanges[-1].path == "/graphql"
    assert lab.github.leftovers() == []


def test_pull_requests_of_forks(lab: Lab) -> None:
    number = lab.github.open_pull_request("x", "stranger", fork="stranger", files={"x": "1"})
    query = """query ($n: Int!) { repository(owner: "octo", name: "widget") {
        pullRequest(number: $n) { isCrossRepository headRepository { nameWithOwner } } } }"""
    pull = ask(lab, query, n=number)["repository"]["pullRequest"]
    assert pull == {
        "isCrossRepository": True,
        "headRepository": {"nameWithOwner": "stranger/widget"},
    }
    lab.github.delete_fork("stranger")
    pull = ask(lab, query, n=number)["repository"]["pullRequest"]
    assert pull == {"isCrossRepository": True, "headRepository": None}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\0\1", {"text": None, "isBinary": True, "isTruncated": False, "byteSize": 2}),
        (b"x" * 600_000, {"isBinary": False, "isTruncated": True, "byteSize": 600_000}),
        (b"", {"text": "", "isBinary": False, "isTruncated": False, "byteSize": 0}),
    ],
)
def test_blobs(lab: Lab, content: bytes, expected: dict[str, Any]) -> None:
    lab.github.push("main", {"blob": content})
    query = """{ repository(owner: "octo", name: "widget") { object(expression: "main:blob") {
        ... on Blob { text isBinary isTruncated byteSize } } } }"""
    found = ask(lab, query)["repository"]["object"]
    assert {key: found[key] for key in expected} == expected


def test_an_unknown_field_is_an_error_and_a_violation(lab: Lab) -> None:
    with pytest.raises(GithubException, match="Cannot query field 'nope' on type 'Query'"):
        ask(lab, "{ nope }")
    assert lab.github.exchanges[-1].status == 200
    assert len(lab.github.take_violations()) == 1


def test_what_does_not_exist_is_null_with_an_error(lab: Lab) -> None:
    for query, message in (
        ('{ repository(owner: "a", name: "b") { id } }', "Could not resolve to a Repository"),
        (
            '{ repository(owner: "octo", name: "widget") { pullRequest(number: 99) { id } } }',
            "Could not resolve to a PullRequest with the number of 99",
        ),
        ('{ node(id: "IC_1") { id } }', "Could not resolve to a node"),
    ):
        with pytest.raises(GithubException, match=message):
            ask(lab, query)
    assert lab.github.leftovers() == []


def test_a_token_without_the_permission(private_lab: Lab) -> None:
    token = private_lab.github.add_token(permissions={"pull-requests": "read"})
    query = """{ repository(owner: "octo", name: "widget") { id
        object(expression: "HEAD:README.md") { oid } } }"""
    with pytest.raises(GithubException):
        ask(private_lab, query, token)
    stranger = private_lab.github.add_token("user", user="stranger")
    with pytest.raises(GithubException, match="Could not resolve to a Repository"):
        ask(private_lab, query, stranger)


def test_a_comment_can_be_minimized(lab: Lab) -> None:
    comment = lab.issue().create_comment("old news")
    lab.github.take_comment(lab.pull)
    data = ask(
        lab,
        """mutation ($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
            minimizedComment { isMinimized minimizedReason } } }""",
        id=comment.node_id,
    )
    minimized = data["minimizeComment"]["minimizedComment"]
    assert minimized == {"isMinimized": True, "minimizedReason": "outdated"}
    assert lab.github.take_comment(lab.pull).minimized == "OUTDATED"
    data = ask(
        lab, "query ($i: ID!) { node(id: $i) { ... on IssueComment { body } } }", i=comment.node_id
    )
    assert data["node"]["body"] == "old news"
    assert lab.github.leftovers() == []


TALK = """
query ($number: Int!, $after: String, $last: Int) {
  repository(owner: "octo", name: "widget") { pullRequest(number: $number) {
    oldest: comments(first: 2, after: $after) { totalCount ...window }
    newest: comments(last: $last) { ...window }
  } }
}
fragment window on IssueCommentConnection {
  pageInfo { hasNextPage hasPreviousPage endCursor }
  nodes { body viewerDidAuthor includesCreatedEdit
    reactionGroups { content users { totalCount } } }
}
"""


def test_comments_come_in_windows(lab: Lab) -> None:
    asked = [lab.github.comment(lab.pull, "writer", text)["comment"]["id"] for text in "abc"]
    for who in ("reader", "writer"):
        lab.github.react(asked[0], who, "eyes")
    lab.github.clock.advance(1)
    lab.github.edit_comment(asked[2], "C", "writer")
    token = lab.github.add_token("user", user="writer")

    pull = ask(lab, TALK, token, number=lab.pull, last=1)["repository"]["pullRequest"]
    window, newest = pull["oldest"], pull["newest"]
    after = window["pageInfo"]["endCursor"]
    again = ask(lab, TALK, token, number=lab.pull, after=after, last=9)

    assert [node["body"] for node in window["nodes"]] == ["a", "b"]
    assert (window["totalCount"], window["pageInfo"]["hasNextPage"]) == (3, True)
    groups = {g["content"]: g["users"]["totalCount"] for g in window["nodes"][0]["reactionGroups"]}
    assert (groups["EYES"], groups["ROCKET"], len(groups)) == (2, 0, 8)
    assert [(node["body"], node["includesCreatedEdit"]) for node in newest["nodes"]] == [
        ("C", True)
    ]
    assert newest["pageInfo"]["hasPreviousPage"]
    rest = again["repository"]["pullRequest"]
    assert [node["body"] for node in rest["oldest"]["nodes"]] == ["C"]
    assert [node["body"] for node in rest["newest"]["nodes"]] == ["a", "b", "C"]
    assert all(node["viewerDidAuthor"] for node in rest["newest"]["nodes"])
    assert lab.github.leftovers() == []


ROLLUP = """
query ($sha: GitObjectID!) {
  repository(owner: "octo", name: "widget") { object(oid: $sha) { ... on Commit {
    statusCheckRollup { contexts(first: 100) { totalCount nodes {
      __typename
      ... on CheckRun { name status conclusion externalId checkSuite { workflowRun { id } } }
      ... on StatusContext { context state targetUrl }
    } } }
  } } }
}
"""


def test_the_checks_of_a_commit(lab: Lab) -> None:
    head = lab.github.head(lab.pull)
    assert ask(lab, ROLLUP, sha=head)["repository"]["object"]["statusCheckRollup"] is None
    repo = lab.repo()
    for conclusion in ("success", "failure"):
        repo.create_check_run("tests", head, external_id="w1", conclusion=conclusion)
        lab.github.take_check("tests")
    repo.create_check_run("eval", head, status="in_progress")
    lab.github.take_check("eval")
    repo.get_commit(head).create_status("pending", "https://beaker.example", context="beaker")
    lab.github.take_status("beaker")

    contexts = ask(lab, ROLLUP, sha=head)["repository"]["object"]["statusCheckRollup"]["contexts"]

    suite = {"checkSuite": {"workflowRun": None}}
    running = {"name": "eval", "status": "IN_PROGRESS", "conclusion": None, "externalId": ""}
    failed = {"name": "tests", "status": "COMPLETED", "conclusion": "FAILURE", "externalId": "w1"}
    status = {"context": "beaker", "state": "PENDING", "targetUrl": "https://beaker.example"}
    assert contexts == {
        "totalCount": 3,
        "nodes": [
            {"__typename": "CheckRun", **running, **suite},
            {"__typename": "CheckRun", **failed, **suite},
            {"__typename": "StatusContext", **status},
        ],
    }
    assert lab.github.leftovers() == []


HISTORY = """
query ($path: String, $first: Int, $last: Int, $after: String) {
  repository(owner: "octo", name: "widget") { defaultBranchRef { target { ... on Commit {
    history(path: $path, first: $first, last: $last, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } nodes { oid message }
    }
  } } } }
}
"""


def test_the_history_of_a_path(lab: Lab) -> None:
    initial = lab.repository.head("main")
    first, *_ = (lab.github.push("main", {"x": text, "*": ""}, message=text) for text in "abc")

    def history(**wanted: Any) -> Any:
        repository = ask(lab, HISTORY, **wanted)["repository"]
        return repository["defaultBranchRef"]["target"]["history"]

    window = history(path="x", first=2)
    assert [node["message"] for node in window["nodes"]] == ["c", "b"]
    assert (window["totalCount"], window["pageInfo"]["hasNextPage"]) == (3, True)
    rest = history(path="x", first=2, after=window["pageInfo"]["endCursor"])
    assert [node["oid"] for node in rest["nodes"]] == [first]
    assert not rest["pageInfo"]["hasNextPage"]
    assert [node["oid"] for node in history(last=1)["nodes"]] == [initial]
    assert [node["message"] for node in history(path="*", first=9)["nodes"]] == ["a"]
    assert history(path="nope", first=1)["nodes"] == []
    assert lab.github.leftovers() == []
