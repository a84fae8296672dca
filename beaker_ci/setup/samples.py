"""Events as GitHub would start a workflow with, to ask what a workflow would do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from beaker_ci.setup.values import Partial, Value


@dataclass(frozen=True)
class Place:
    """The repository that a workflow lies in.

    Attributes:
        repository: ``owner/name``.
        default_branch: Its name.
    """

    repository: str
    default_branch: str


@dataclass(frozen=True)
class Sample:
    """One event.

    Attributes:
        event: The trigger's name in ``on:``.
        what: In words, to stand in a sentence.
        contexts: ``github`` and ``inputs`` as expressions see them, as far as they are known.
    """

    event: str
    what: str
    contexts: Mapping[str, Value]


@dataclass(frozen=True)
class Samples:
    """The events that decide whether a workflow serves us well.

    Attributes:
        commands: Commands on one pull request and on another, on any line of a comment.
        chatter: A comment that is no command.
        changes: A pull request is closed, and the head of one moves.
        schedule: The clock.
        dispatch: Somebody starts the workflow by hand.
        waiting: The same, to wait for the run's end however long it takes.
    """

    commands: tuple[Sample, ...]
    chatter: Sample
    changes: tuple[Sample, ...]
    schedule: Sample
    dispatch: Sample
    waiting: Sample


def samples(place: Place, cron: str) -> Samples:
    """The events of a repository.

    Args:
        place: The repository.
        cron: What its schedule says, if it has one.
    """

    def comment(run: int, pull: int, body: str, what: str) -> Sample:
        issue = Partial(number=pull, pull_request=Partial(), state="open")
        written = Partial(id=3_300_000_000 + run, body=body, user=Partial(type="User"))
        payload = {"action": "created", "issue": issue, "comment": written}
        return _sample(place, run, "issue_comment", what, payload, {})

    def by_hand(run: int, wait: str, what: str) -> Sample:
        inputs = {"command": "run gpu-tests", "pull-request": "1", "wait": wait}
        payload = {"inputs": Partial(inputs)}
        return _sample(place, run, "workflow_dispatch", what, payload, inputs)

    def change(run: int, action: str, state: str, what: str) -> Sample:
        pull = Partial(number=1, state=state, user=Partial(type="User"))
        payload = {"action": action, "number": 1, "pull_request": pull}
        return _sample(place, run, "pull_request_target", what, payload, {})

    return Samples(
        commands=(
            comment(1, 1, "/beaker run gpu-tests", "a command"),
            comment(2, 1, "/beaker status", "another command on the same pull request"),
            comment(3, 2, "/beaker run gpu-tests", "a command on another pull request"),
            comment(4, 2, "Please:\n\n/beaker status", "a command on a later line of a comment"),
        ),
        chatter=comment(5, 1, "Looks good to me!", "a comment that is no command"),
        changes=(
            change(9, "closed", "closed", "a closed pull request"),
            change(10, "synchronize", "open", "a new head of a pull request"),
        ),
        schedule=_sample(place, 6, "schedule", "the schedule", {"schedule": cron}, {}),
        dispatch=by_hand(7, "false", "a start by hand"),
        waiting=by_hand(8, "true", "a start by hand that waits"),
    )


def _sample(
    place: Place,
    run: int,
    event: str,
    what: str,
    payload: Mapping[str, Value],
    inputs: Mapping[str, str],
) -> Sample:
    owner, _, name = place.repository.partition("/")
    about = Partial(
        full_name=place.repository, name=name, default_branch=place.default_branch, fork=False
    )
    github = Partial(
        event={**payload, "repository": about, "sender": Partial(type="User")},
        event_name=event,
        ref=f"refs/heads/{place.default_branch}",
        ref_name=place.default_branch,
        ref_type="branch",
        repository=place.repository,
        repository_owner=owner,
        run_attempt=1,
        run_id=12_000_000_000 + run,
        run_number=run,
        sha="0" * 40,
        head_ref="feature" if "pull_request" in payload else "",
        base_ref=place.default_branch if "pull_request" in payload else "",
        server_url="https://github.com",
    )
    return Sample(event, what, {"github": github, "inputs": Partial(inputs)})
