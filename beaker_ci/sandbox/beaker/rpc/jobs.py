"""Jobs, their events and logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from beaker import beaker_pb2 as pb2
from google.protobuf.timestamp_pb2 import Timestamp

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.errors import Refused
from beaker_ci.sandbox.beaker.logs import Log
from beaker_ci.sandbox.beaker.moments import nanoseconds
from beaker_ci.sandbox.beaker.paging import page
from beaker_ci.sandbox.beaker.records import Job


class JobCalls:
    """Calls about jobs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._life = backend.life

    def get_job(self, request: pb2.GetJobRequest) -> pb2.GetJobResponse:
        """A job as it stands."""
        return pb2.GetJobResponse(job=self._backend.experiments.find_job(request.job_id).message)

    def list_jobs(self, request: pb2.ListJobsRequest) -> pb2.ListJobsResponse:
        """Jobs that pass every filter: the newest first whatever the order asked for, as Beaker
        does, or in the order of the queue.
        """

        def select(options: pb2.ListJobsRequest.Opts) -> list[Job]:
            found = [job for job in self._life.jobs.values() if self._passes(job, options)]
            if options.sort_clause.HasField("cluster_job_queue"):
                return self._life.scheduler.queue(found)
            return found[::-1]

        jobs, token = page(request, pb2.ListJobsRequest.Opts, select)
        return pb2.ListJobsResponse(jobs=[job.message for job in jobs], next_page_token=token)

    def _passes(self, job: Job, options: pb2.ListJobsRequest.Opts) -> bool:
        assignment = job.message.assignment_details
        cluster_id = ""
        if assignment.node_id:
            cluster_id = self._backend.world.nodes[assignment.node_id].cluster_id
        scheduled = job.message.status.HasField("scheduled")
        return (
            not options.HasField("environment_id")
            and options.task_id in ("", job.message.task_id)
            and (not options.HasField("finalized") or options.finalized == job.final)
            and (not options.HasField("scheduled") or options.scheduled == scheduled)
            and options.scheduled_on_node_id in ("", assignment.node_id)
            and options.scheduled_on_cluster_id in ("", cluster_id)
            and (
                not options.HasField("eligible_for_cluster_id")
                or self._life.scheduler.eligible(job, options.eligible_for_cluster_id)
            )
        )

    def preempt_job(self, request: pb2.PreemptJobRequest) -> pb2.PreemptJobResponse:
        """Interrupt a job; with auto-resume it gets a successor."""
        job = self._backend.experiments.find_job(request.job_id)
        if job.final:
            raise Refused("FAILED_PRECONDITION", f"job {job.id} has already ended")
        self._life.cancel(
            job,
            request.canceled_code or pb2.CANCELATION_CODE_USER_PREEMPTION,
            request.canceled_for or f"Preempted by user {self._backend.caller.name}",
        )
        return pb2.PreemptJobResponse(job=job.message)

    def list_summarized_job_events(
        self, request: pb2.ListSummarizedJobEventsRequest
    ) -> pb2.ListSummarizedJobEventsResponse:
        """What happened to a job, the latest first unless asked otherwise."""

        def select(
            options: pb2.ListSummarizedJobEventsRequest.Opts,
        ) -> list[pb2.SummarizedJobEvent]:
            events = self._backend.experiments.find_job(options.job_id).events.values()
            return sorted(
                events,
                key=lambda event: nanoseconds(event.latest_occurrence),
                reverse=options.sort_clause.sort_order != pb2.SORT_ORDER_ASCENDING,
            )

        events, token = page(request, pb2.ListSummarizedJobEventsRequest.Opts, select)
        return pb2.ListSummarizedJobEventsResponse(
            summarized_job_events=events, next_page_token=token
        )

    def stream_job_logs(
        self, request: pb2.StreamJobLogsRequest, wanted: Callable[[], bool]
    ) -> Iterator[pb2.JobLog]:
        """A job's log.

        Args:
            request: From when, how much, and whether to wait for more.
            wanted: False once the client is gone.
        """
        return _messages(self._backend.experiments.find_job(request.job_id).log, request, wanted)


def _messages(
    log: Log, request: pb2.StreamJobLogsRequest, wanted: Callable[[], bool]
) -> Iterator[pb2.JobLog]:
    since = nanoseconds(request.since) if request.HasField("since") else 0
    for line in log.read(
        since=since, tail=request.tail_lines, follow=request.follow, wanted=wanted
    ):
        timestamp = Timestamp()
        timestamp.FromNanoseconds(line.time)
        yield pb2.JobLog(timestamp=timestamp, message=line.text)
