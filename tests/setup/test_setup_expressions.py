"""GitHub's expressions: what they come to, and that nothing makes the evaluation fall over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_ci.setup.expressions import condition, evaluate, fill
from beaker_ci.setup.values import Partial, Unknowable

CONTEXTS = {
    "github": Partial(
        event={"comment": Partial(id=7, body="/beaker run it's", labels=("gpu", "ci")), "n": None},
        event_name="issue_comment",
        run_id=9,
    ),
    "inputs": Partial({"pull-request": "12"}),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("null", None),
        ("0x10", 16),
        ("-1.5e1", -15),
        ("'it''s'", "it's"),
        ("github.event_name", "issue_comment"),
        ("GITHUB.Event.Comment.ID", 7),
        ("github['event']['comment'].id", 7),
        ("inputs.pull-request", "12"),
        ("github.event.schedule", None),
        ("github.event.schedule.deeper", None),
        ("github.event_name == 'Issue_Comment'", True),
        ("1 == '1' && true == 1 && null == 0 && '' == 0", True),
        ("'a' == 1", False),
        ("!null == true", True),
        ("!!'x'", True),
        ("github.event.schedule || github.run_id", 9),
        ("github.event.comment.id || github.run_id", 7),
        ("'' || 0 || 'last'", "last"),
        ("1 && 'both'", "both"),
        ("'b' > 'A' && 2 >= 2 && 1 < 2 && 1 <= 1", True),
        ("contains(github.event.comment.body, '/BEAKER')", True),
        ("contains(github.event.comment.labels, 'gpu')", True),
        ("startsWith(github.event.comment.body, '/beaker')", True),
        ("endsWith('abc', 'BC')", True),
        ("format('{0}-{1}', github.event_name, 3)", "issue_comment-3"),
        ("(false || true) && (success() && !failure())", True),
        ("NaN || 'nothing'", "nothing"),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert evaluate(text, CONTEXTS) == value


@pytest.mark.parametrize(
    "text",
    [
        "vars.GROUP",
        "github.actor",
        "github.event.comment.author_association",
        "vars.GROUP || github.run_id",
        "fromJSON('[1]')",
        "github.event.comment.labels.*",
        "github.event.comment.labels[0]",
        "a b",
        "(1",
        "contains('a')",
        "'open",
        "1 +",
        "",
        "!",
        "1 " + "|| 1" * 500,
        "(" * 100 + "1" + ")" * 100,
    ],
)
def test_what_cannot_be_known(text: str) -> None:
    with pytest.raises(Unknowable):
        evaluate(text, CONTEXTS)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("vars.ON && false", False),
        ("false && vars.ON", False),
        ("vars.ON || github.event_name == 'issue_comment'", True),
        ("github.actor != 'bot' && contains(github.event.comment.body, 'nothing')", False),
        ("!(vars.ON && false)", True),
        ("${{ github.event_name == 'push' }}", False),
        ("${{ vars.ON || true }}", True),
        ("${{ false }} && ${{ false }}", True),  # a text, as GitHub takes it: always true
    ],
)
def test_a_condition_needs_only_to_know_whether(text: str, holds: bool) -> None:
    assert condition(text, CONTEXTS) is holds


@pytest.mark.parametrize("text", ["vars.ON && true", "vars.ON", "(vars.ON || true) == true"])
def test_a_condition_that_rests_on_the_unknown(text: str) -> None:
    with pytest.raises(Unknowable):
        condition(text, CONTEXTS)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("ci-${{ github.event.comment.id || github.run_id }}", "ci-7"),
        ("${{ github.run_id }}", 9),
        ("${{ github.event.n }}-${{ true }}-${{ '}}' }}", "-true-}}"),
        ("${{ unclosed", "${{ unclosed"),
        ("${{ " + "'" * 9999 + " x", "${{ " + "'" * 9999 + " x"),
        ("${{ 'it''s' }}", "it's"),
    ],
)
def test_a_text_with_expressions_in_it(text: str, filled: object) -> None:
    assert fill(text, CONTEXTS) == filled


WORDS = ["github.event", "comment", "vars.X", "contains(", "always()", "null", "&&", "||", "=="]
PIECES = st.sampled_from(WORDS) | st.sampled_from(".()[]!,*'01<>= ")


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=40))
def test_any_text_has_a_value_or_is_unknowable(text: str) -> None:
    for ask in (evaluate, condition, fill):
        try:
            ask(text, CONTEXTS)
        except Unknowable:
            continue
