"""``beaker-ci retry``: asks for a run again, in your name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from beaker_ci.setup_commands.runs_commands.at_hand import about_runs

if TYPE_CHECKING:
    from beaker_ci.bot.at_hand import AtHand


@click.command()
@click.argument("run", required=False)
@click.option("--failed", is_flag=True, help="Only what failed of it, in place.")
@about_runs
def retry(hand: AtHand, run: str | None, failed: bool) -> None:
    """Run the same again, judged afresh.

    RUN is the short id that every report shows; left out, it is the latest run of the pull request.
    Writes the command as a comment of yours: the bot judges it and answers there, as it would if
    you had written it on the page.
    """
    found = hand.find(run)
    line = f"/beaker retry {found.run_id}{' --failed' if failed else ''}"
    click.echo(f"{line}\nAsked at {hand.ask(line)}")
