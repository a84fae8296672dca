"""Decisions as they are read: who, where, which comment, which commit, what, how much."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import judging as j
import pytest
from inline_snapshot import snapshot

from beaker_ci.commands import Command
from beaker_ci.facts import BeakerAccounts, Permission, Person
from beaker_ci.policy import merge_recipe
from beaker_ci.policy.model import Decision, Outcome
from beaker_ci.reasons import Reason


def test_a_preset_that_may_run() -> None:
    assert j.tree(j.judged("/beaker run gpu-tests")) == snapshot("""\
allow: accepted
+ request: /beaker run
  + who: maria (1001): the permission write satisfies write (`roles.run`); collaborator permission of user 1001
  + place
    + pull-request: #7
    + open: #7 is open
  + comment
    + unchanged: never edited
    + recent: 2 min old
  + commit
    + head: 9fceb02d0ae598e95dc970b74767f19372d61af8, as GitHub says; read again right before it is submitted
    + fork: the head lies in this repository
    + pin: not needed
  + accounts
    + workspace: ai2/team, from the configuration
    + budget: ai2/money, from the configuration
  + choices
    + clusters: ai2/saturn, by the preset
    + reads: the secret DEPLOY_KEY as TOKEN
  + limits
    + gpus: 1 of at most 8
    + replicas: 1 of at most 1
    + retries: 0 of at most 2
    + task-timeout: 15m of at most 24h
    + priority: normal of at most normal
    + price: 0.25 GPU-hours (1 GPU × 1 replica × 0.25 h × 1 attempt) of at most 64
  + spending
    + active-runs: 1 of at most 4
    + pr-hours: 0.25 of at most 256 in 24 h
    + user-hours: 0.25 of at most 512 in 24 h
    + repo-hours: 0.25 of at most 2048 in 24 h\
""")


def test_a_command_that_asks_for_much_and_learns_of_every_mistake() -> None:
    decision = j.judged(
        "/beaker run --gpus 16 --memory 2TiB --retries 3 --task-timeout 48h --min-runtime 4h "
        "--cpus 100 --replicas 2 --priority urgent --budget ai2/gold --cluster 'ai2/*' "
        "--docker-image evil/miner --weka private:/weka --dataset other/data:/data --group mine "
        "-- python train.py"
    )
    assert j.tree(decision) == snapshot("""\
refuse: refused.budget
- request: /beaker run
  + who: maria (1001): the permission write satisfies write (`roles.run`); collaborator permission of user 1001
  + place
    + pull-request: #7
    + open: #7 is open
  + comment
    + unchanged: never edited
    + recent: 2 min old
  + commit
    + head: 9fceb02d0ae598e95dc970b74767f19372d61af8, as GitHub says; read again right before it is submitted
    + fork: the head lies in this repository
    + pin: not needed
  - accounts
    + workspace: ai2/team, from the configuration
    - budget: the budget ai2/gold may not be chosen; allowed: ai2/money, ai2/spare
  - choices
    - clusters: ai2/saturn, which ai2/* stands for, may not be chosen; `allow.clusters` has ai2/jupiter, ai2/*-cirrascale
    - images: evil/miner may not be chosen; `allow.images` has ai2/cuda*
    - weka: private may not be chosen; `allow.weka` has shared
    - datasets: other/data may not be chosen; `allow.datasets` has my-org/*
    - groups: mine may not be chosen; `allow.groups` has nightly
    + reads: the dataset other/data at /data, the Weka bucket private at /weka, writable
  - limits
    - gpus: `--gpus 16` is beyond the limit of 8 (`limits.gpus`)
    - replicas: `--replicas 2` is beyond the limit of 1 (`limits.replicas`)
    - cpus: `--cpus 100` is beyond the limit of 64 (`limits.cpus`)
    - memory: `--memory 2TiB` is beyond the limit of 1TiB (`limits.memory`)
    - retries: `--retries 3` is beyond the limit of 2 (`limits.retries`)
    - task-timeout: `--task-timeout 48h` is beyond the limit of 24h (`limits.timeout`)
    - min-runtime: `--min-runtime 4h` is beyond the limit of 1h (`limits.min_runtime`)
    - priority: urgent is above high, the highest here
    - price: 6144 GPU-hours (16 GPUs × 2 replicas × 48 h × 4 attempts); at most 512, even with an approval
  - spending
    + active-runs: 1 of at most 4
    - pr-hours: this run may cost 6144 GPU-hours, and this pull request has 256 left of 256 in 24 hours (`limits.gpu_hours.pull_request`)
    - user-hours: this run may cost 6144 GPU-hours, and this person has 512 left of 512 in 24 hours (`limits.gpu_hours.user`)
    - repo-hours: this run may cost 6144 GPU-hours, and the repository has 2048 left of 2048 in 24 hours (`limits.gpu_hours.repository`)\
""")


def test_a_stranger_learns_nothing_else() -> None:
    reader = Permission("read", frozenset(), "asked GitHub")
    decision = j.judged(
        "/beaker run gpu-tests --gpus 99", who=Person(5, "guest"), permission=reader
    )
    assert j.tree(decision) == snapshot("""\
refuse: refused.role
- request: /beaker run
  - who: guest (5) has the permission read; `roles.run` asks for the permission write or more\
""")


def test_a_bot_is_refused_whatever_it_may() -> None:
    robot = Person(9, "helper[bot]", "Bot")
    admin = Permission("admin", frozenset(), "asked GitHub")
    assert j.cause(j.judged("/beaker run gpu-tests", who=robot, permission=admin)) == snapshot(
        "[refused.role] helper[bot] (9) is a Bot: bots and apps are never obeyed"
    )


def test_unknown_permission_is_no_permission() -> None:
    assert j.cause(j.judged("/beaker run gpu-tests", permission=None)) == snapshot("""\
[refused.role] GitHub did not say what maria (1001) may do in this repository
Comment again; if it stays so, the workflow's token cannot read permissions.\
""")
    unknown = Permission(None, None, "GitHub answered 502")
    assert j.cause(j.judged("/beaker run gpu-tests", permission=unknown)) == snapshot("""\
[refused.role] maria (1001) has the permission unknown; `roles.run` asks for the permission write or more
Ask someone who has this role to repeat the command.\
""")


@pytest.mark.parametrize(
    ("lines", "permission", "who", "allowed"),
    [
        ("permission: write", Permission("write", frozenset(), ""), j.MARIA, True),
        ("permission: write", Permission("admin", frozenset(), ""), j.MARIA, True),
        ("permission: write", Permission("triage", frozenset(), ""), j.MARIA, False),
        ("permission: write", Permission("owner", frozenset(), ""), j.MARIA, False),
        (
            "permission: trainer",
            Permission("write", frozenset(), "", role="trainer"),
            j.MARIA,
            True,
        ),
        ("permission: trainer", Permission("admin", frozenset(), "", role="admin"), j.MARIA, False),
        ("teams: [o/gpu]", Permission("read", frozenset({"o/gpu"}), ""), j.MARIA, True),
        ("teams: [o/gpu]", Permission("admin", frozenset({"o/other"}), ""), j.MARIA, False),
        ("teams: [o/gpu]", Permission("admin", None, ""), j.MARIA, False),
        ("users: [1001]", Permission("none", frozenset(), ""), j.MARIA, True),
        ("users: [1001]", Permission("admin", frozenset(), ""), Person(1002, "maria"), False),
        ("permission: admin, users: [1001]", Permission("read", None, ""), j.MARIA, True),
    ],
)
def test_any_line_of_a_role_is_enough(
    lines: str, permission: Permission, who: Person, allowed: bool
) -> None:
    decision = j.judged(
        f"/beaker run gpu-tests --sha {j.HEAD}",
        j.rules(extra=f"roles: {{run: {{{lines}}}}}\n"),
        who=who,
        permission=permission,
    )
    assert decision.reason is (Reason.ACCEPTED if allowed else Reason.REFUSED_ROLE)


def test_unread_teams_are_said() -> None:
    config = j.rules(extra="roles: {run: {teams: [o/gpu, o/infra], users: [3]}}\n")
    unread = Permission("write", None, "no org-token")
    assert j.cause(j.judged("/beaker run gpu-tests", config, permission=unread)) == snapshot("""\
[refused.role] maria (1001) has the permission write; `roles.run` asks for a member of o/gpu or o/infra, or a listed account; team membership could not be read
Ask someone who has this role to repeat the command. Reading teams needs the action's input `org-token`; accounts under `users` need none.\
""")


def test_places_where_nothing_runs() -> None:
    run = "/beaker run gpu-tests"
    assert j.cause(j.judged(run, request={"is_pull_request": False})) == snapshot("""\
[refused.not-a-pull-request] #7 is an issue
Comment on the pull request whose code should run.\
""")
    assert j.cause(j.judged(run, request={"number": None})) == snapshot("""\
[refused.not-a-pull-request] it is no pull request
Comment on the pull request whose code should run.\
""")
    assert j.cause(j.judged(run, pull=replace(j.PULL, state="closed"))) == snapshot("""\
[refused.closed] pull request #7 is closed
Reopen it, then ask again.\
""")
    assert j.cause(j.judged(run, pull=None)) == snapshot("""\
[github.unavailable] GitHub did not describe pull request #7
Comment again in a minute.\
""")
    assert j.cause(j.judged(run, pull=replace(j.PULL, number=8))) == snapshot("""\
[github.unavailable] GitHub did not describe pull request #7
Comment again in a minute.\
""")


def test_an_event_without_comment_and_pull_request_runs_at_its_own_commit() -> None:
    dispatched = {"number": None, "is_pull_request": False, "asked_body": None, "asked_at": None}
    decision = j.judged("/beaker run gpu-tests", request=dispatched, pull=None, comment=None)
    assert j.tree(decision).splitlines()[:12] == snapshot(
        [
            "allow: accepted",
            "+ request: /beaker run",
            "  + who: maria (1001): the permission write satisfies write (`roles.run`); collaborator permission of user 1001",
            "  + place",
            "    + pull-request: none: it runs at the workflow's own commit",
            "  + comment: nothing to judge",
            "  + commit",
            "    + head: the workflow's own commit",
            "    + pin: not needed",
            "  + accounts",
            "    + workspace: ai2/team, from the configuration",
            "    + budget: ai2/money, from the configuration",
        ]
    )
    own = {**dispatched, "sha": j.HEAD}
    pinned = f"/beaker run gpu-tests --sha {j.HEAD}"
    assert j.judged(pinned, request=own, pull=None, comment=None).reason is Reason.ACCEPTED
    other = j.judged(pinned, request={**own, "sha": "0" * 40}, pull=None, comment=None)
    assert j.cause(other) == snapshot("""\
[refused.sha-mismatch] `--sha 9fceb02d0ae598e95dc970b74767f19372d61af8` is not the workflow's own commit, 0000000000000000000000000000000000000000
Start the workflow at that commit, or leave `--sha` out.\
""")


def test_by_hand_off_the_default_branch_a_narrow_role_needs_a_pin() -> None:
    """Whoever may push could move the branch right before somebody presses the button."""
    by_hand = {"number": None, "is_pull_request": False, "asked_body": None, "asked_at": None}
    narrow = j.rules(extra="roles: {run: {permission: maintain}}\n")
    maintainer = Permission("maintain", None, "", role="maintain")

    def reason(command: str, *, on_default_branch: bool) -> Reason:
        request = {**by_hand, "sha": j.HEAD, "on_default_branch": on_default_branch}
        return j.judged(
            command, narrow, request=request, pull=None, comment=None, permission=maintainer
        ).reason

    bare, pinned = "/beaker run gpu-tests", f"/beaker run gpu-tests --sha {j.HEAD}"
    assert reason(bare, on_default_branch=True) is Reason.ACCEPTED
    assert reason(bare, on_default_branch=False) is Reason.REFUSED_SHA_REQUIRED
    assert reason(pinned, on_default_branch=False) is Reason.ACCEPTED


def test_comments_that_are_not_what_they_were() -> None:
    run = "/beaker run gpu-tests"
    later = j.ASKED + timedelta(seconds=1)
    assert j.cause(j.judged(run, comment=j.comment_now(run, j.ASKED, later))) == snapshot("""\
[refused.edited] the comment was edited: only what was written at first is obeyed
Write the command in a new comment.\
""")
    assert j.cause(j.judged(run, comment=j.comment_now(None, None, None))) == snapshot("""\
[refused.edited] the comment was deleted
Write the command in a new comment.\
""")
    assert j.cause(j.judged(run, comment=None)) == snapshot("""\
[github.unavailable] GitHub did not return the comment
Write the command in a new comment.\
""")
    for unlike in (j.comment_now(run + " ", j.ASKED, j.ASKED), j.comment_now(run, j.ASKED, None)):
        assert j.judged(run, comment=unlike).reason is Reason.REFUSED_EDITED


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(minutes=60), Reason.ACCEPTED),
        (timedelta(minutes=60, seconds=1), Reason.REFUSED_STALE),
        (timedelta(days=21), Reason.REFUSED_STALE),
    ],
)
def test_comments_grow_old(age: timedelta, reason: Reason) -> None:
    run, written = "/beaker run gpu-tests", j.NOW - age
    decision = j.judged(
        run, request={"asked_at": written}, comment=j.comment_now(run, written, written)
    )
    assert decision.reason is reason
    # The older of what the event says and what GitHub says counts; a replayed event cannot lie.
    assert j.judged(run, comment=j.comment_now(run, written, written)).reason is reason


def test_a_replayed_comment_is_told_its_age() -> None:
    run, written = "/beaker run gpu-tests", j.NOW - timedelta(days=21)
    assert j.cause(j.judged(run, comment=j.comment_now(run, written, written))) == snapshot("""\
[refused.stale] the comment is 21 days old; after an hour it is no longer obeyed
Write the command in a new comment.\
""")


def test_forks_are_refused_unless_pinned() -> None:
    run, pinned = "/beaker run --gpus 2 -- python a.py --sha", j.rules(extra="forks: pinned\n")
    assert j.cause(j.judged(run, pull=j.FORK)) == snapshot("""\
[refused.fork] the head lies in a fork, and `forks: refuse` is set
A maintainer may push the branch to this repository, or set `forks: pinned`.\
""")
    assert j.cause(j.judged(run, pinned, pull=j.FORK)) == snapshot("""\
[refused.sha-required] the head lies in a fork, whose owner can change it at any time: the command must name the commit with all 40 digits
Look at the commit, then paste this line as a new comment.
/beaker run --sha 9fceb02d0ae598e95dc970b74767f19372d61af8 --gpus 2 -- python a.py --sha\
""")
    line = j.judged(run, pinned, pull=j.FORK).cause.paste
    assert j.judged(line, pinned, pull=j.FORK).reason is Reason.ACCEPTED


def test_a_pin_must_be_the_head() -> None:
    other = "9fceb02d0ae5" + "0" * 28
    decision = j.judged(f"/beaker run gpu-tests --sha {other} --gpus 2")
    assert j.cause(decision) == snapshot("""\
[refused.sha-mismatch] `--sha 9fceb02d0ae50000000000000000000000000000` is not the head, 9fceb02d0ae598e95dc970b74767f19372d61af8
Look at the new commit, then paste this line as a new comment.
/beaker run gpu-tests --sha 9fceb02d0ae598e95dc970b74767f19372d61af8 --gpus 2\
""")
    assert j.judged(decision.cause.paste).reason is Reason.ACCEPTED
    assert j.judged(f"/beaker run gpu-tests --sha={j.HEAD.upper()}").reason is Reason.ACCEPTED


def test_a_pin_is_needed_where_more_people_may_push_than_run() -> None:
    config = j.rules(extra="roles: {run: {permission: maintain}}\n")
    maintainer = Permission("maintain", frozenset(), "")
    decision = j.judged("/beaker run\n```\npytest\n```", config, permission=maintainer)
    assert j.cause(decision) == snapshot("""\
[refused.sha-required] more people may push than may run: the command must name the commit with all 40 digits
Look at the commit, then paste this line as a new comment.
/beaker run --sha 9fceb02d0ae598e95dc970b74767f19372d61af8
```
pytest
```\
""")
    again = j.judged(decision.cause.paste, config, permission=maintainer)
    assert again.reason is Reason.ACCEPTED


def test_a_head_that_is_no_commit_runs_nothing() -> None:
    for head in ("", "9fceb02", j.HEAD.upper(), j.HEAD + "\n"):
        decision = j.judged("/beaker run gpu-tests", pull=replace(j.PULL, head_sha=head))
        assert decision.reason is Reason.GITHUB_UNAVAILABLE


def test_budgets() -> None:
    run = "/beaker run -- pytest"
    assert j.judged("/beaker run --budget ai2/spare -- pytest").outcome is Outcome.ALLOW
    assert j.cause(j.judged("/beaker run -b ai2/gold -- pytest")) == snapshot("""\
[refused.budget] the budget ai2/gold may not be chosen; allowed: ai2/money, ai2/spare
Leave `--budget` out, or ask a maintainer to add it to `allow.budgets`.
/beaker run --budget ai2/money -- pytest\
""")
    none = j.rules("version: 1\nworkspace: ai2/team\nallow: {budgets: [ai2/a, 'ai2/ci-*']}\n")
    assert j.cause(j.judged(run, none)) == snapshot("""\
[refused.budget] no budget is set; allowed are ai2/a, ai2/ci-*
A maintainer sets `budget` in the configuration, or name one with `--budget`.
/beaker run --budget ai2/a -- pytest\
""")
    missing = BeakerAccounts("ai2/team", None)
    assert j.cause(j.judged(run, accounts=missing)) == snapshot("""\
[beaker.budget-unknown] Beaker has no budget ai2/money that the bot's account can see
Correct the name: budgets are renamed now and then.\
""")
    retired = BeakerAccounts("ai2/team", "ai2/money", budget_deprecated=True)
    assert j.cause(j.judged(run, accounts=retired)) == snapshot("""\
[refused.budget] the budget ai2/money is retired
A maintainer sets the current one as `budget`.\
""")
    assert j.cause(j.judged(run, accounts=None)) == snapshot("""\
[beaker.unavailable] Beaker did not say whether the workspace is there
Comment again in a few minutes.\
""")


def test_workspaces() -> None:
    run = "/beaker run -- pytest"
    assert j.cause(j.judged("/beaker run --workspace ai2/other -- pytest")) == snapshot("""\
[refused.workspace] the workspace ai2/other may not be chosen; allowed: ai2/team
Leave `--workspace` out, or ask a maintainer to add it to `allow.workspaces`.
/beaker run --workspace ai2/team -- pytest\
""")
    assert j.cause(j.judged(run, j.rules("version: 1\nbudget: ai2/money\n"))) == snapshot("""\
[refused.workspace] no workspace is set
A maintainer sets `workspace` in the configuration.\
""")
    assert j.cause(j.judged(run, accounts=BeakerAccounts(None, "ai2/money"))) == snapshot("""\
[beaker.workspace-unknown] Beaker has no workspace ai2/team that the bot's account can see
Correct the name, or let the bot's account into the workspace.\
""")


def test_an_alias_goes_round_no_list() -> None:
    renamed = BeakerAccounts("ai2/team", "ai2/gold")
    decision = j.judged("/beaker run --budget ai2/spare -- pytest", accounts=renamed)
    assert j.cause(decision) == snapshot("""\
[refused.budget] the budget ai2/spare is ai2/gold on Beaker, which may not be chosen
Leave `--budget` out, or ask a maintainer to add it to `allow.budgets`.\
""")
    # The maintainer's own old name still means what Beaker makes of it.
    assert j.judged("/beaker run -- pytest", accounts=renamed).outcome is Outcome.ALLOW


def test_a_private_repository_needs_a_secret_to_clone_with() -> None:
    private = replace(j.PULL, private=True)
    assert j.cause(j.judged("/beaker run gpu-tests", pull=private)) == snapshot("""\
[config.clone-secret] the repository is private, and `github_token_secret` is not set
A maintainer puts a read-only clone token into a secret of the Beaker workspace and names it as `github_token_secret`.\
""")
    config = j.rules(extra="github_token_secret: CLONE\n")
    assert j.judged("/beaker run gpu-tests", config, pull=private).outcome is Outcome.ALLOW


def test_priorities() -> None:
    run = "/beaker run gpu-tests --priority"
    assert j.judged(f"{run} low").outcome is Outcome.ALLOW
    assert j.cause(j.judged(f"{run} high")) == snapshot("""\
[needs-approval.priority] high is above normal; an approver may let high through
Ask an approver, or write `--priority normal`.\
""")
    assert j.judged(f"{run} high").outcome is Outcome.WAIT
    assert j.cause(j.judged(f"{run} urgent")) == snapshot("""\
[refused.priority] urgent is above high, the highest here
Write `--priority normal`, or with an approval `--priority high`.\
""")
    assert j.judged(f"{run} immediate").reason is Reason.REFUSED_PRIORITY
    capped = BeakerAccounts("ai2/team", "ai2/money", max_priority="low", clusters=j.CLUSTERS)
    assert j.cause(j.judged("/beaker run gpu-tests", accounts=capped)) == snapshot("""\
[refused.priority] normal is above low, the highest that the workspace takes
Write `--priority low`.\
""")
    odd = BeakerAccounts("ai2/team", "ai2/money", max_priority="someday", clusters=j.CLUSTERS)
    assert j.judged("/beaker run gpu-tests", accounts=odd).reason is Reason.REFUSED_PRIORITY


def test_prices() -> None:
    run = "/beaker run --gpus 8 -- python train.py"
    assert j.cause(j.judged(run)) == snapshot("""\
[needs-approval.price] 192 GPU-hours (8 GPUs × 1 replica × 24 h × 1 attempt); above 64 an approver must let it through
Ask an approver. Ask for fewer `--gpus`, `--replicas` or `--retries`, or a shorter `--task-timeout`.\
""")
    assert (
        j.judged(f"{run}".replace("--gpus 8", "--gpus 8 --task-timeout 8h")).outcome
        is Outcome.ALLOW
    )
    assert j.cause(j.judged(run.replace("--gpus 8", "--gpus 8 --retries 2"))) == snapshot("""\
[refused.limit] 576 GPU-hours (8 GPUs × 1 replica × 24 h × 3 attempts); at most 512, even with an approval
Ask for fewer `--gpus`, `--replicas` or `--retries`, or a shorter `--task-timeout`.\
""")
    assert j.judged("/beaker run -- python prepare.py").outcome is Outcome.ALLOW


def test_limits_judge_the_preset_too() -> None:
    config = j.rules(j.TEAM_RULES + "  huge: {command: [x], gpus: 64}\n")
    assert j.cause(j.judged("/beaker run huge", config)) == snapshot("""\
[refused.limit] `--gpus 64` is beyond the limit of 8 (`limits.gpus`)
Write `--gpus 8` or less, or ask a maintainer to raise `limits.gpus`.\
""")


def test_allow_lists_judge_only_what_the_command_adds() -> None:
    # ai2/saturn and DEPLOY_KEY stand in the preset and on no list.
    assert j.judged("/beaker run gpu-tests").outcome is Outcome.ALLOW
    decision = j.judged("/beaker run gpu-tests --cluster ai2/saturn")
    assert j.cause(decision) == snapshot("""\
[refused.cluster] ai2/saturn may not be chosen; `allow.clusters` has ai2/jupiter, ai2/*-cirrascale
Choose an allowed one, or ask a maintainer to add it to `allow.clusters`.\
""")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--cluster ai2/jupiter", Reason.ACCEPTED),
        ("--cluster ai2/pluto-cirrascale", Reason.ACCEPTED),
        ("--cluster 'ai2/*-cirrascale'", Reason.ACCEPTED),
        ("--cluster 'ai2/p*-cirrascale'", Reason.ACCEPTED),
        ("--cluster 'ai2/*'", Reason.REFUSED_CLUSTER),
        ("--cluster 'ai2/jupite?'", Reason.ACCEPTED),
        ("--cluster AI2/jupiter", Reason.REFUSED_CLUSTER),
        ("--cluster ai2/jupiter --cluster ai2/saturn", Reason.REFUSED_CLUSTER),
        ("--gpu-type h100 --tag fast", Reason.ACCEPTED),
        ("--dataset my-org/data:/data", Reason.ACCEPTED),
        ("--dataset my-org/data:sub/dir:/data", Reason.ACCEPTED),
        ("--dataset my-orgs/data:/data", Reason.REFUSED_DATASET),
        ("--weka shared:/weka", Reason.ACCEPTED),
        ("--weka shared2:/weka", Reason.REFUSED_MOUNT),
        ("--beaker-image ai2/cuda12.8", Reason.ACCEPTED),
        ("--docker-image ai2/cuda@sha256:0", Reason.ACCEPTED),
        ("--beaker-image ai2/other", Reason.REFUSED_IMAGE),
        ("--group nightly", Reason.ACCEPTED),
        ("--group weekly", Reason.REFUSED_GROUP),
        ("--no-host-networking", Reason.ACCEPTED),
        ("--host-networking", Reason.REFUSED_OPTION),
        ("--synchronized-start-timeout 25h", Reason.REFUSED_LIMIT),
        ("--start-timeout 25h", Reason.REFUSED_LIMIT),
        ("--start-timeout 24h", Reason.ACCEPTED),
        ("--shared-memory 2TiB", Reason.REFUSED_LIMIT),
        ("--env SEED=1 --install 'pip install .'", Reason.ACCEPTED),
        ("--name my-label", Reason.ACCEPTED),
    ],
)
def test_choices(options: str, reason: Reason) -> None:
    assert j.judged(f"/beaker run {options} -- pytest").reason is reason


def test_host_networking_belongs_to_presets_of_several_replicas() -> None:
    config = j.rules(extra="limits: {replicas: 4}\n")
    decision = j.judged("/beaker run cluster-test --host-networking", config)
    assert decision.outcome is Outcome.ALLOW


def test_presets_only() -> None:
    config = j.rules(
        "version: 1\nworkspace: ai2/team\nbudget: ai2/money\nallow: {commands: presets}\n"
        "presets: {tests: {command: [pytest]}}\n"
    )
    assert j.judged("/beaker run tests --gpus 2 --task-timeout 1h", config).outcome is Outcome.ALLOW
    assert j.cause(j.judged("/beaker run -- rm -rf /", config)) == snapshot("""\
[refused.presets-only] only presets may be run (`allow.commands: presets`); asked was a command of its own, no preset
Run a preset: tests.
/beaker run tests\
""")
    for more in (
        "-- id",
        "--install id",
        "--post-setup id",
        "--uv-venv /opt/venv",
        "\n```\nid\n```",
    ):
        decision = j.judged(f"/beaker run tests {more}", config)
        assert decision.reason is Reason.REFUSED_PRESETS_ONLY, more


def test_forks_get_no_bucket_of_their_choice() -> None:
    config = j.rules(extra="forks: pinned\n")
    run = f"/beaker run gpu-tests --sha {j.HEAD}"
    assert j.judged(run, config, pull=j.FORK).outcome is Outcome.ALLOW
    assert j.cause(j.judged(f"{run} --weka shared:/weka", config, pull=j.FORK)) == snapshot("""\
[refused.mount] shared: code of a fork gets none but what its preset names
Leave it out.\
""")


def by_hand(**options: str | int | tuple[str, ...]) -> Decision:
    """A command that the comment language would not have made."""
    source = "/beaker run gpu-tests"
    command = Command("run", 0, source, preset="gpu-tests", options=options)
    return j.judged(source, request={"command": command})


def test_secrets_of_a_command_are_judged_by_name() -> None:
    assert by_hand(env_secrets=("TOKEN=OTHER",)).reason is Reason.REFUSED_SECRET
    secrets = [
        found.evidence
        for found in by_hand(env_secrets=("A=OTHER", "B"), dataset_secrets=("KEY:/k",)).tree.walk()
        if found.rule == "secrets"
    ]
    assert secrets == snapshot(["OTHER, B, KEY may not be chosen; `allow.secrets` has HF_TOKEN"])


@pytest.mark.parametrize(
    "option", ["mounts", "uploads", "ref", "preemptible", "callbacks", "who_knows"]
)
def test_options_that_nothing_judges_are_refused(option: str) -> None:
    decision = by_hand(**{option: "x"})
    assert decision.reason in (Reason.REFUSED_OPTION, Reason.REFUSED_MOUNT)
    assert option not in merge_recipe(j.asked("/beaker run gpu-tests"), j.rules())
