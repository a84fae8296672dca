"""The commands about runs, typed in a checkout: for the pull request at hand."""

from __future__ import annotations

from beaker_ci.setup_commands.runs_commands.gpus_command import gpus
from beaker_ci.setup_commands.runs_commands.list_command import list_runs
from beaker_ci.setup_commands.runs_commands.logs_command import logs
from beaker_ci.setup_commands.runs_commands.open_command import open_page
from beaker_ci.setup_commands.runs_commands.results_command import results
from beaker_ci.setup_commands.runs_commands.retry_command import retry
from beaker_ci.setup_commands.runs_commands.status_command import status
from beaker_ci.setup_commands.runs_commands.stop_command import stop

COMMANDS = (status, list_runs, logs, results, open_page, stop, retry, gpus)

__all__ = ["COMMANDS"]
