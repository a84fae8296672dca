"""From an event to an exit code: the work of one workflow step."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from beaker_ci.events import CommentCreated, Event, Repository, Scheduled, parse_event
from beaker_ci.handling import handle, handle_schedule
from beaker_ci.patience import PATIENCE, Patience
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason
from beaker_ci.runner import Exit, Files, Inputs, exit_code, read_event, wait_seconds

if TYPE_CHECKING:
    from beaker_ci.bot import Answer, Services
    from beaker_ci.bot.reconcile import Pass
    from beaker_ci.bot.reported import Reported
    from beaker_ci.report import Redactor


class Step:
    """One step, from its event to its exit code."""

    def __init__(
        self,
        inputs: Inputs,
        files: Files,
        environment: Mapping[str, str],
        stopping: threading.Event,
        patience: Patience = PATIENCE,
    ) -> None:
        self._patience = patience
        self._inputs = inputs
        self._files = files
        self._environment = environment
        self._stopping = stopping
        self._wait = 0.0
        self._expected: list[str] = []
        self._reconciled: Sequence[Reported] | None = None

    def run(self) -> int:
        """Handles the event.

        Returns:
            The exit code.

        Raises:
            Problem: When nothing could be answered at all.
        """
        event = parse_event(self._inputs.event_name, read_event(self._inputs))
        self._wait = wait_seconds(self._inputs.wait)
        where = event.repository.full_name if event.repository else self._inputs.repository
        services = connect(
            self._inputs,
            where,
            self._environment,
            self._files.redactor,
            self._expect,
            self._patience,
        )
        try:
            if isinstance(event, Scheduled):
                return self._handle_schedule(services, event)
            code = self._handle(event, services)
            if code != Exit.SERVICE_AWAY:
                self._keep_up(services, event)
            return code
        finally:
            services.beaker.close()
            if self._expected and not self._stopping.is_set():
                self._files.write_awaited([])

    def _expect(self, name: str) -> None:
        """Remembers an experiment that may come to be, for the post step, if we wait for it."""
        if self._wait:
            self._expected.append(name)
            self._files.write_awaited(self._expected)

    def _handle(self, event: Event, services: Services) -> int:
        answers = handle(event, services, self._inputs)
        self._tell(answers)
        return self._ended(services, answers, answered=isinstance(event, CommentCreated))

    def _ended(self, services: Services, answers: Sequence[Answer], *, answered: bool) -> Exit:
        """The exit code that answers make, and the runs that are waited for."""
        codes = [exit_code(answer.reason, answered=answered) for answer in answers]
        if self._wait and any(answer.submitted for answer in answers):
            codes += self._follow(services, answers)
        return max(codes, default=Exit.HANDLED)

    def _follow(self, services: Services, answers: Sequence[Answer]) -> list[Exit]:
        """Follows what was submitted; the exit codes that its end makes."""
        from beaker_ci.bot.waiting import await_runs

        gc.enable()  # it may last for hours
        until = services.clock.now().timestamp() + self._wait
        try:
            answers = await_runs(services, answers, until, self._stopping)
        except Problem as problem:
            # The runs go on, and the next schedule reports them: what was submitted stays said.
            self._tell(
                [replace(one, reason=problem.reason) if one.submitted else one for one in answers]
            )
            sys.stdout.write(f"Waiting ended early: {problem.reason}.\n")
            return [exit_code(problem.reason, answered=False)]
        self._tell(answers)
        stopped = [Exit.FAILED] if self._stopping.is_set() else []
        return [*(_mirrored(answer) for answer in answers), *stopped]

    def _tell(self, answers: Sequence[Answer]) -> None:
        self._write(answers)
        self._files.log([answer.view for answer in answers])

    def _write(self, answers: Sequence[Answer]) -> None:
        """Writes outputs and summary anew, with the reports that the step brought up to date."""
        outputs, others = [_output_of(answer) for answer in answers], self._reconciled
        more = {} if others is None else {"reconciled": [_outcome_of(each) for each in others]}
        self._files.write_outputs(outputs, **more)
        views = [*(answer.view for answer in answers), *(each.view for each in others or ())]
        self._files.write_summary(views)

    def _handle_schedule(self, services: Services, event: Scheduled) -> int:
        """Runs what the clock asks for, finishes what is unfinished, and waits if it is to."""
        repository = self._repository(services, event)
        answers = handle_schedule(event, repository, services, self._inputs)
        self._tell(answers)
        codes = [self._reconcile(services, repository, answers)]
        return max(*codes, self._ended(services, answers, answered=False))

    def _reconcile(
        self, services: Services, repository: Repository, answers: Sequence[Answer]
    ) -> Exit:
        from beaker_ci.bot.reconcile import reconcile

        gc.enable()  # it may go through thousands of runs
        done = reconcile(services, repository, whole=True)
        self._reconciled = done.changed
        self._write(answers)
        self._files.log([each.view for each in done.changed])
        _log_pass(done)
        away = any(exit_code(failure.problem.reason, answered=True) for failure in done.failures)
        return Exit.SERVICE_AWAY if away else Exit.HANDLED

    def _keep_up(self, services: Services, event: Event) -> None:
        """The short pass after an event; whatever goes wrong here is for the next one."""
        if not services.has_beaker or self._stopping.is_set():
            return
        from beaker_ci.bot.reconcile import reconcile

        try:
            _log_pass(reconcile(services, self._repository(services, event), whole=False))
        except Problem as problem:
            sys.stdout.write(f"Reports of other runs were not looked at: {problem.reason}.\n")

    def _repository(self, services: Services, event: Event) -> Repository:
        """Where the event happened: by its payload, else by the runner, else by GitHub."""
        if event.repository is not None:
            return event.repository
        if self._inputs.repository_id.isdecimal():
            number = int(self._inputs.repository_id)
            return Repository(number, self._inputs.repository, default_branch="", private=True)
        return services.read_repository()


def _nobody(name: str) -> None:
    """Nobody waits for an experiment."""


def connect(
    inputs: Inputs,
    repository: str,
    environment: Mapping[str, str],
    redactor: Redactor,
    expect: Callable[[str], None] = _nobody,
    patience: Patience = PATIENCE,
) -> Services:
    """Makes the services that a step's inputs name; no request is sent yet.

    Raises:
        Problem: When there is no GitHub token.
    """
    if not inputs.github_token or not repository:
        raise Problem(
            Reason.GITHUB_FORBIDDEN,
            "There is no GitHub token, or no repository.",
            why="The input `github-token` or the variable GITHUB_REPOSITORY is empty.",
            next_step="Run this as a step of a workflow, without that input: the job's own token "
            "is its default.",
        )
    from beaker_ci.bot import Services

    return Services.connect(
        repository=repository,
        github_token=inputs.github_token,
        org_token=inputs.org_token or None,
        api_url=inputs.api_url,
        server_url=inputs.server_url,
        config_path=inputs.config,
        beaker_token=inputs.beaker_token or None,
        environment=environment,
        redactor=redactor,
        expect=expect,
        patience=patience,
    )


def _mirrored(answer: Answer) -> Exit:
    """What the awaited run's verdict makes of the exit code; a run that goes on is no failure."""
    ended = answer.submitted is not None and answer.status == "finished"
    return Exit.FAILED if ended and answer.conclusion != "success" else Exit.HANDLED


def _output_of(answer: Answer) -> dict[str, str]:
    return {
        "command": answer.command,
        "reason-code": answer.reason.value,
        "run-id": answer.run.run_id if answer.run else answer.plan_id,
        "workload-id": answer.run.workload_id if answer.run else "",
        "experiment-url": answer.run.url if answer.run else "",
        "status": answer.status,
        "conclusion": answer.conclusion,
    }


def _outcome_of(reported: Reported) -> dict[str, str]:
    return {
        "run-id": reported.run.run_id,
        "workload-id": reported.run.workload_id,
        "status": reported.state.stage,
        "conclusion": reported.view.conclusion or "",
    }


def _log_pass(done: Pass) -> None:
    """Says in the step's log what a reconcile did; only words of ours."""
    if done.changed or done.failures or done.missed:
        sys.stdout.write(
            f"Open runs: {done.open}; reports brought up to date: {len(done.changed)}; "
            f"not possible now: {len(done.failures)}; commands missed: {done.missed}.\n"
        )
    for failure in done.failures:
        sys.stdout.write(f"  {failure.name}: {failure.problem.reason}\n")
    if done.later is not None:
        sys.stdout.write(f"{done.later}\n")
