"""Plain pages at the addresses that Beaker's clients print."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import yaml
from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.errors import Refused, not_found
from beaker_ci.sandbox.beaker.records import Experiment, Job

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title} · local Beaker</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }}
th {{ text-align: left; padding-right: 2rem }}
pre {{ background: #8881; padding: 1rem; overflow-x: auto }}
:root {{ color-scheme: light dark }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>{rows}</table>
{blocks}
</body>
</html>
"""


class Pages:
    """Finds what an address is about and shows it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._world = backend.world

    def at(self, path: str) -> str:
        """The page at a path, without its leading slash.

        Raises:
            Refused: There is nothing at this address.
        """
        match path.strip("/").split("/"):
            case [""]:
                return self._front()
            case ["ex", name, *_] | ["orgs", _, "workspaces", _, "work", name]:
                return self._experiment(self._backend.experiments.find(name))
            case ["job", name]:
                return self._job(self._backend.experiments.find_job(name))
            case ["ds", name] | ["orgs", _, "datasets", name]:
                return self._dataset(name)
            case ["im", name]:
                image = self._world.find_image(name)
                return _page(image.full_name, {"id": image.id, "tag": image.docker_tag})
            case ["ws", owner, name] | ["orgs", owner, "workspaces", name]:
                return self._workspace(self._world.find_workspace(f"{owner}/{name}"))
            case ["orgs", owner, "clusters", name]:
                return self._cluster(self._world.find_cluster(f"{owner}/{name}"))
            case ["orgs", _, "workspaces", _, "groups", name] | ["orgs", _, "groups", name]:
                return self._group(self._world.find_group(name))
        raise not_found("page", f"/{path}")

    def _front(self) -> str:
        links = {
            workspace.name: f"/ws/{workspace.name}" for workspace in self._world.workspaces.values()
        }
        return _page("Workspaces", {}, links=links)

    def _experiment(self, experiment: Experiment) -> str:
        message = experiment.message
        latest = {task.message.name: task.latest for task in experiment.tasks}
        return _page(
            message.name,
            {
                "id": experiment.id,
                "status": status_name(experiment.status),
                "author": experiment.author,
                "workspace": self._world.workspaces[message.workspace_id].name,
                "budget": self._world.budgets[experiment.budget_id].full_name,
                "description": message.description,
            },
            links={f"job {job.message.name} {job.id}": f"/job/{job.id}" for job in experiment.jobs},
            blocks={
                "Spec": yaml.safe_dump(experiment.spec, sort_keys=False, allow_unicode=True),
                **{f"Log of {name}": job.log.text for name, job in latest.items()},
            },
        )

    def _job(self, job: Job) -> str:
        status = job.message.status
        facts = {"id": job.id, "status": status_name(status.status)}
        if status.HasField("exit_code"):
            facts["exit code"] = str(status.exit_code)
        if status.canceled_for:
            facts["canceled for"] = status.canceled_for
        links = {"experiment": f"/ex/{job.task.experiment.id}"}
        if results := job.message.assignment_details.result_dataset_id:
            links["results"] = f"/ds/{results}"
        return _page(
            f"Job of {job.task.experiment.message.name}",
            facts,
            links=links,
            blocks={
                "Log": job.log.text,
                "Events": "\n".join(
                    f"{event.status}: {event.latest_message}" for event in job.events.values()
                ),
            },
        )

    def _dataset(self, name: str) -> str:
        dataset = self._backend.datasets.find(name)
        files = self._backend.datasets.files(name)
        return _page(
            dataset.message.full_name,
            {"id": dataset.message.id, "committed": str(dataset.committed)},
            links={
                f"{file.path} ({file.size} bytes)": f"/ds/{dataset.message.id}/files/{file.path}"
                for file in files
            },
        )

    def _workspace(self, workspace: pb2.Workspace) -> str:
        return _page(
            workspace.name,
            {"id": workspace.id, "description": workspace.description},
            links={
                f"{experiment.message.name} ({status_name(experiment.status)})": (
                    f"/ex/{experiment.id}"
                )
                for experiment in reversed(self._backend.experiments.all())
                if experiment.message.workspace_id == workspace.id
            },
        )

    def _cluster(self, cluster: pb2.Cluster) -> str:
        life = self._backend.life
        slots = life.scheduler.occupancy(cluster, life.jobs.values()).slot_counts
        return _page(
            f"{cluster.organization_name}/{cluster.name}",
            {
                "nodes": str(cluster.node_count),
                "slots": f"{slots.occupied} of {slots.total} occupied",
                "tags": ", ".join(cluster.tags),
            },
        )

    def _group(self, group: pb2.Group) -> str:
        experiments = [
            self._backend.experiments.find(each) for each in self._world.group_members[group.id]
        ]
        return _page(
            group.full_name,
            {"id": group.id, "description": group.description},
            links={each.message.name: f"/ex/{each.id}" for each in experiments},
        )


def not_there(refused: Refused) -> str:
    """The page for an address that leads nowhere."""
    return _page("Not found", {"why": refused.message})


def status_name(status: pb2.WorkloadStatus) -> str:
    """Such as ``running``."""
    return pb2.WorkloadStatus.Name(status).removeprefix("STATUS_").lower()


def _page(
    title: str,
    facts: Mapping[str, str],
    *,
    links: Mapping[str, str] | None = None,
    blocks: Mapping[str, str] | None = None,
) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()
    )
    body = "".join(
        f'<p><a href="{escape(target)}">{escape(name)}</a></p>\n'
        for name, target in (links or {}).items()
    )
    body += "".join(
        f"<h2>{escape(name)}</h2>\n<pre>{escape(text)}</pre>\n"
        for name, text in (blocks or {}).items()
    )
    return _FRAME.format(title=escape(title), rows=rows, blocks=body)
