"""What goes wrong on Beaker's side, as problems that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import requests
from beaker.exceptions import (
    BeakerClientError,
    BeakerDatasetNotFound,
    BeakerError,
    BeakerGroupNotFound,
    BeakerImageNotFound,
    BeakerPermissionsError,
    BeakerServerError,
)

from beaker_ci.problem import Problem, quoted
from beaker_ci.reasons import Reason


@contextmanager
def problems() -> Iterator[None]:
    """Turns what beaker-py and gRPC raise into a Problem."""
    try:
        yield
    except Problem:
        raise
    except BeakerPermissionsError as error:
        raise forbidden(str(error)) from error
    except (BeakerServerError, requests.RequestException, grpc.RpcError) as error:
        raise unavailable(f"{type(error).__name__}: {error}") from error
    except BeakerImageNotFound as error:
        raise rejected(Reason.REFUSED_IMAGE, "Beaker has no such image.", error) from error
    except BeakerDatasetNotFound as error:
        raise rejected(Reason.REFUSED_DATASET, "Beaker has no such dataset.", error) from error
    except BeakerGroupNotFound as error:
        raise rejected(Reason.REFUSED_GROUP, "Beaker has no such group.", error) from error
    except (BeakerClientError, BeakerError, ValueError) as error:
        if "code=401" in str(error):
            raise unauthorized(str(error)) from error
        if "code=408" in str(error) or "code=429" in str(error):
            raise unavailable(str(error)) from error
        raise rejected(Reason.USAGE_BAD_VALUE, "Beaker refused the job.", error) from error
    except Exception as error:  # an answer of another form than beaker-py expects
        raise unavailable(f"an answer was not understood: {type(error).__name__}") from error


def damaged_entrypoint(where: str) -> Problem:
    """gantry's script in the workspace is not what gantry brings along."""
    return Problem(
        Reason.BEAKER_UNAVAILABLE,
        "gantry's entrypoint dataset in the workspace is damaged.",
        why=quoted(where),
        next_step="A maintainer must delete that dataset; the next run makes it anew.",
    )


def unavailable(why: str) -> Problem:
    """Beaker stayed away, or answered with a failure of its own."""
    return Problem(
        Reason.BEAKER_UNAVAILABLE,
        "Beaker did not answer.",
        why=quoted(why),
        next_step="Ask again in a few minutes; nothing was submitted.",
    )


def in_doubt(why: str) -> Problem:
    """Beaker stopped answering after it may have taken the job."""
    return Problem(
        Reason.BEAKER_UNAVAILABLE,
        "Beaker stopped answering while it took the job.",
        why=why,
        next_step=(
            "Re-run the failed workflow run within the hour: it finds the job if Beaker took it, "
            "and submits it if not. A new comment would ask for a second job."
        ),
    )


def unauthorized(why: str) -> Problem:
    """Beaker does not take our token, or there is none."""
    return Problem(
        Reason.BEAKER_UNAUTHORIZED,
        "Beaker does not accept our token.",
        why=quoted(why),
        next_step="A maintainer must set the action's `beaker-token` to a valid Beaker token.",
    )


def forbidden(why: str) -> Problem:
    """Beaker knows us, and does not let us."""
    return Problem(
        Reason.BEAKER_UNAUTHORIZED,
        "Beaker does not let our account do this.",
        why=quoted(why),
        next_step="A maintainer must give the bot's Beaker account access to the workspace.",
    )


def rejected(reason: Reason, what: str, error: Exception) -> Problem:
    """The job as it was asked for cannot be."""
    change, why = "Change the command or the preset.", quoted(error, 500)
    if reason is Reason.REFUSED_CLUSTER:
        return Problem(
            reason, what, why=why, next_step=f"{change} What there is:", paste="/beaker gpus"
        )
    return Problem(reason, what, why=why, next_step=change)
