"""``go`` and ``approve``: who may say it, of whose plan, how long, and what it lifts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import judging as j
import pytest
from inline_snapshot import snapshot

from beaker_ci.config import Configuration
from beaker_ci.facts import Agreement, BeakerAccounts, Permission, Person
from beaker_ci.policy.model import Decision, Outcome
from beaker_ci.reasons import Reason

KIM = Person(2002, "kim")
BO = Person(3003, "bo")
MAINTAINER = Permission("maintain", frozenset(), "word of GitHub", role="maintain")
READER = Permission("read", frozenset(), "word of GitHub", role="read")
HIGH = "/beaker run gpu-tests --priority high"
DEAR = "/beaker run --gpus 8 -- python train.py"
SELF = j.rules(extra="roles: {approve: {permission: maintain, self: true}}\n")
OTHERS = frozenset({BO.id})


def said(
    word: Literal["go", "approve"] = "approve",
    who: Person = KIM,
    permission: Permission | None = MAINTAINER,
    authors: frozenset[int] | None = OTHERS,
) -> Agreement:
    return Agreement(word, who, permission, authors)


def agreed(
    run: str, agreement: Agreement, configuration: Configuration | None = None, **facts: Any
) -> Decision:
    return j.judged(run, configuration, agreement=agreement, **facts)


@pytest.mark.parametrize("run", [HIGH, DEAR])
def test_a_plan_waits_until_an_approver_lets_it_through(run: str) -> None:
    assert j.judged(run).outcome is Outcome.WAIT
    assert agreed(run, said("go")).outcome is Outcome.WAIT
    assert agreed(run, said("go", j.MARIA)).outcome is Outcome.WAIT
    assert agreed(run, said("approve")).reason is Reason.ACCEPTED


def test_the_tree_of_an_approved_plan_says_who_approved_what() -> None:
    decision = agreed(f"{HIGH} --gpus 8 --task-timeout 24h", said())
    assert j.findings(decision, "agreement", "priority", "price") == snapshot("""\
+ agreement
  + who: kim (2002): the permission maintain satisfies write (`roles.run`); word of GitHub
  + who: kim (2002): the permission maintain satisfies maintain (`roles.approve`); word of GitHub
  + four-eyes: asked for by maria (1001), committed by others
+ priority: high of at most high with an approval
+ price: 192 GPU-hours (8 GPUs × 1 replica × 24 h × 1 attempt) of at most 512 with an approval\
""")


def test_whoever_may_run_may_say_go_to_whosever_plan() -> None:
    for who in (KIM, j.MARIA):
        assert agreed("/beaker plan gpu-tests", said("go", who, j.WRITER)).outcome is Outcome.ALLOW
    for permission in (READER, None, Permission(None, None, "")):
        decision = agreed("/beaker plan gpu-tests", said("go", KIM, permission))
        assert decision.reason is Reason.REFUSED_ROLE
    robot = replace(KIM, type="Bot")
    assert agreed("/beaker plan gpu-tests", said("go", robot)).reason is Reason.REFUSED_ROLE


def test_an_approver_may_approve_and_run() -> None:
    assert j.cause(agreed(HIGH, said(permission=j.WRITER))) == snapshot("""\
[refused.role] kim (2002) has the permission write; `roles.approve` asks for the permission maintain or more
Ask someone who has this role to repeat the command.\
""")
    apart = j.rules(extra="roles: {approve: {users: [2002]}}\n")
    assert agreed(HIGH, said(permission=j.WRITER), apart).outcome is Outcome.ALLOW
    assert j.cause(agreed(HIGH, said(permission=READER), apart)) == snapshot("""\
[refused.role] kim (2002) has the permission read; `roles.run` asks for the permission write or more
Ask someone who has this role to repeat the command.\
""")
    assert agreed(HIGH, said(permission=None)).reason is Reason.REFUSED_ROLE


def test_the_asker_is_judged_again() -> None:
    decision = agreed(HIGH, said(), permission=READER)
    assert decision.reason is Reason.REFUSED_ROLE
    assert decision.cause.evidence.startswith("maria (1001)")


def test_nobody_approves_their_own() -> None:
    theirs = replace(j.PULL, author=KIM)
    assert [
        j.cause(decision).splitlines()[0]
        for decision in (
            agreed(HIGH, said(who=j.MARIA)),
            agreed(HIGH, said(), pull=theirs),
            agreed(HIGH, said(authors=frozenset({BO.id, KIM.id}))),
        )
    ] == snapshot(
        [
            "[refused.self-approval] maria (1001) asked for it",
            "[refused.self-approval] the pull request is by kim (2002)",
            "[refused.self-approval] the commit is by kim (2002)",
        ]
    )
    assert agreed(HIGH, said(who=j.MARIA)).cause.next_step == snapshot(
        "Ask another approver. `roles.approve.self: true` would let approvers approve their own."
    )
    # The id is who somebody is: a new login changes nothing, an old one given to others neither.
    renamed = replace(j.MARIA, login="kim")
    assert agreed(HIGH, said(who=renamed)).reason is Reason.REFUSED_SELF_APPROVAL
    taken = replace(KIM, login="maria")
    assert agreed(HIGH, said(who=taken)).outcome is Outcome.ALLOW


def test_authors_that_were_not_read_are_nobody_else() -> None:
    assert j.cause(agreed(HIGH, said(authors=None))) == snapshot("""\
[github.unavailable] GitHub did not say who made the commit
Approve again in a minute.\
""")
    decision = agreed(HIGH, said(authors=frozenset()))
    assert j.findings(decision, "four-eyes") == snapshot(
        "+ four-eyes: asked for by maria (1001), committed by nobody that GitHub knows, in somebody else's name"
    )
    assert decision.outcome is Outcome.ALLOW


def test_the_rules_may_let_approvers_approve_their_own() -> None:
    theirs = replace(j.PULL, author=j.MARIA)
    for authors in (frozenset({j.MARIA.id}), frozenset[int](), None):
        own = said(who=j.MARIA, authors=authors)
        assert agreed(HIGH, own, SELF, pull=theirs, permission=MAINTAINER).outcome is Outcome.ALLOW
    # Their own, but not everybody's.
    writer = said(who=j.MARIA, permission=j.WRITER)
    assert agreed(HIGH, writer, SELF).reason is Reason.REFUSED_ROLE


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("/beaker run gpu-tests --priority urgent", Reason.REFUSED_PRIORITY),
        ("/beaker run gpu-tests --priority immediate", Reason.REFUSED_PRIORITY),
        ("/beaker run --gpus 8 --retries 2 -- python train.py", Reason.REFUSED_LIMIT),
        ("/beaker run --gpus 9 --task-timeout 1h -- pytest", Reason.REFUSED_LIMIT),
        ("/beaker run gpu-tests --budget ai2/gold", Reason.REFUSED_BUDGET),
        ("/beaker run gpu-tests --workspace ai2/other", Reason.REFUSED_WORKSPACE),
        ("/beaker run gpu-tests --cluster ai2/saturn", Reason.REFUSED_CLUSTER),
        ("/beaker run gpu-tests --weka private:/weka", Reason.REFUSED_MOUNT),
        ("/beaker run gpu-tests --beaker-image evil/miner", Reason.REFUSED_IMAGE),
    ],
)
def test_an_approval_lifts_no_refusal(run: str, reason: Reason) -> None:
    assert agreed(run, said()).reason is reason
    assert agreed(run, said(who=j.MARIA), SELF, permission=MAINTAINER).reason is reason


def test_an_approval_goes_no_further_than_the_rules_and_the_workspace() -> None:
    modest = j.rules(extra="limits: {gpu_hours: {with_approval: 100}}\n")
    assert agreed(DEAR, said(), modest).reason is Reason.REFUSED_LIMIT
    capped = BeakerAccounts("ai2/team", "ai2/money", max_priority="normal", clusters=j.CLUSTERS)
    assert agreed(HIGH, said(), accounts=capped).reason is Reason.REFUSED_PRIORITY
    poor = j.rules(extra="limits: {gpu_hours: {pull_request: 100}}\n")
    assert agreed(DEAR, said(), poor).reason is Reason.REFUSED_LIMIT


@pytest.mark.parametrize("word", ["go", "approve"])
def test_agreeing_to_a_plan_pins_its_commit(word: Literal["go", "approve"]) -> None:
    run = "/beaker run gpu-tests"
    pinned = j.rules(extra="forks: pinned\n")
    narrow = j.rules(extra="roles: {run: {permission: maintain}}\n")
    assert j.judged(run, pinned, pull=j.FORK).reason is Reason.REFUSED_SHA_REQUIRED
    assert j.judged(run, narrow, permission=MAINTAINER).reason is Reason.REFUSED_SHA_REQUIRED
    for decision in (
        agreed(run, said(word), pinned, pull=j.FORK),
        agreed(run, said(word), narrow, permission=MAINTAINER),
    ):
        assert decision.outcome is Outcome.ALLOW
        assert j.findings(decision, "pin").startswith(
            f"+ pin: the plan that got its `{word}` names"
        )
    # It pins; it opens no door to forks, and another commit that the plan itself names is wrong.
    assert agreed(run, said(word), pull=j.FORK).reason is Reason.REFUSED_FORK
    other = f"{run} --sha {'0' * 40}"
    assert agreed(other, said(word), pinned, pull=j.FORK).reason is Reason.REFUSED_SHA_MISMATCH


def test_a_plan_alone_submits_nothing_and_needs_no_pin() -> None:
    pinned = j.rules(extra="forks: pinned\n")
    decision = j.judged("/beaker plan gpu-tests", pinned, pull=j.FORK)
    assert j.findings(decision, "pin") == snapshot("+ pin: the `go` that submits it names the head")
    assert j.judged("/beaker plan gpu-tests", pull=j.FORK).reason is Reason.REFUSED_FORK


@pytest.mark.parametrize("word", ["go", "approve"])
def test_forks_get_nothing_more_by_agreement(word: Literal["go", "approve"]) -> None:
    pinned = j.rules(extra="forks: pinned\n")
    for option, reason in (
        ("--weka shared:/weka", Reason.REFUSED_MOUNT),
        ("--dataset my-org/a:/a", Reason.REFUSED_DATASET),
        ("--env-secret TOKEN=HF_TOKEN", Reason.REFUSED_SECRET),
    ):
        run = f"/beaker plan gpu-tests {option}"
        assert agreed(run, said(word), pinned, pull=j.FORK).reason is reason


@pytest.mark.parametrize(
    ("age", "agreement", "reason"),
    [
        (timedelta(hours=1), None, Reason.ACCEPTED),
        (timedelta(hours=1, seconds=1), None, Reason.REFUSED_STALE),
        (timedelta(hours=1, seconds=1), said("go"), Reason.ACCEPTED),
        (timedelta(hours=72), said("go"), Reason.ACCEPTED),
        (timedelta(hours=72, seconds=1), said("go"), Reason.REFUSED_EXPIRED),
        (timedelta(hours=72), said("approve"), Reason.ACCEPTED),
        (timedelta(days=21), said("approve"), Reason.REFUSED_EXPIRED),
    ],
)
def test_plans_hold_for_72_hours(
    age: timedelta, agreement: Agreement | None, reason: Reason
) -> None:
    run, written = "/beaker plan gpu-tests", j.NOW - age
    comment = j.comment_now(run, written, written)
    asked = {"asked_at": written}
    assert j.judged(run, request=asked, comment=comment, agreement=agreement).reason is reason
    # Of what the event and GitHub say, the older counts.
    assert j.judged(run, comment=comment, agreement=agreement).reason is reason
    young = j.comment_now(run)
    assert j.judged(run, request=asked, comment=young, agreement=agreement).reason is reason


def test_a_plan_that_expired_is_told_so() -> None:
    run, written = "/beaker plan gpu-tests", j.NOW - timedelta(days=4)
    decision = agreed(run, said("go"), comment=j.comment_now(run, written, written))
    assert j.cause(decision) == snapshot("""\
[refused.expired] the plan is 4 days old; plans hold for 72 hours
Write the command in a new comment.\
""")


@pytest.mark.parametrize("agreement", [None, said("go"), said("approve")])
def test_the_comment_is_still_the_askers_own(agreement: Agreement | None) -> None:
    run = "/beaker plan gpu-tests"
    for author in (KIM.id, 0, None):
        comment = j.comment_now(run, author_id=author)
        decision = j.judged(run, comment=comment, agreement=agreement)
        assert decision.reason is Reason.REFUSED_EDITED
    assert decision.cause.evidence == snapshot("the comment is not known to be by who asked")
    edited = j.comment_now(run, updated=j.NOW)
    assert j.judged(run, comment=edited, agreement=agreement).reason is Reason.REFUSED_EDITED


def test_who_may_not_agree_learns_nothing_else() -> None:
    decision = agreed("/beaker plan gpu-tests --gpus 99", said("go", permission=READER))
    assert [one.rule for one in decision.tree.walk()] == ["request", "who", "agreement", "who"]
