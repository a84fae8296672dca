"""The pages behind the addresses that clients print."""

from __future__ import annotations

import pytest
import requests
from beaker import Beaker
from beaker_lab import submit

from beaker_ci.sandbox.beaker import LocalBeaker

pytest_plugins = ["beaker_fixtures"]


def test_every_address_of_the_client_opens(local_beaker: LocalBeaker, client: Beaker) -> None:
    run = local_beaker.wait(submit(client, "sh", "-c", "echo '<b>bold</b>'; echo x > /results/y"))
    workload = client.workload.get(run.id)
    job = client.job.get(run.jobs[0].id)
    results = client.job.get_results(job)
    assert results is not None
    group = next(iter(client.group.list()))

    pages = {
        client.workload.url(workload): "succeeded",
        client.job.url(job): "&lt;b&gt;bold&lt;/b&gt;",
        client.dataset.url(results): "y (2 bytes)",
        client.image.url(client.image.get("beaker-py/gantry")): "beaker-py/gantry",
        client.workspace.url(): run.name,
        client.cluster.url(client.cluster.get("ai2/jupiter")): "0 of 16 occupied",
        f"{local_beaker.address}/orgs/ai2/workspaces/widgets/groups/{group.id}": "ci-bot/nightly",
        f"{local_beaker.address}/orgs/ai2/workspaces/widgets/work/{run.id}?taskId=1": run.name,
        local_beaker.address: "ai2/widgets",
    }
    for address, text in pages.items():
        page = requests.get(address, timeout=5)
        assert (address, page.status_code) == (address, 200)
        assert text in page.text
        assert "<b>bold" not in page.text

    link = client.dataset.get_file_link(results, "y")
    assert requests.get(link, timeout=5).text == "x\n"


@pytest.mark.parametrize("path", ["ex/none", "nothing", "ds/none/files/x"])
def test_an_address_that_leads_nowhere_says_so(local_beaker: LocalBeaker, path: str) -> None:
    page = requests.get(f"{local_beaker.address}/{path}", timeout=5)

    assert page.status_code == 404
    assert "Not found" in page.text


def test_results_cannot_lead_out_of_their_dataset(
    local_beaker: LocalBeaker, client: Beaker
) -> None:
    script = "ln -s /etc /results/etc; ln -s /etc/passwd /results/passwd; mkfifo /results/pipe"
    run = local_beaker.wait(submit(client, "sh", "-c", script))
    results = client.job.get_results(client.job.get(run.jobs[0].id))
    assert results is not None

    assert list(client.dataset.list_files(results)) == []
    for path in ("etc/passwd", "passwd", "pipe", "..%2f..%2fca.pem", "%2fetc%2fpasswd"):
        answer = requests.get(f"{local_beaker.address}/ds/{results.id}/files/{path}", timeout=5)
        assert answer.status_code in (400, 404)
