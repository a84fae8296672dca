"""``beaker-ci open``: a run's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from beaker_ci.setup_commands.runs_commands.at_hand import about_runs

if TYPE_CHECKING:
    from beaker_ci.bot.at_hand import AtHand


@click.command("open")
@click.argument("run", required=False)
@click.option("--print", "only_print", is_flag=True, help="Only print the address.")
@about_runs
def open_page(hand: AtHand, run: str | None, only_print: bool) -> None:
    """Open a run's page on Beaker in a browser, and print its address.

    RUN is the short id that every report shows; left out, it is the latest run of the pull request.
    """
    from beaker_ci.report import url

    address = url(hand.beaker.read(hand.find(run).workload_id).url)
    click.echo(address)
    if address and not only_print:
        click.launch(address)
