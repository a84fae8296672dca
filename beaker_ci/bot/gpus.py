"""``/beaker gpus``: which GPUs are free where this repository may run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beaker_ci.bot.answers import UNSIGNED, Answer, signed
from beaker_ci.policy import may_choose, nameable
from beaker_ci.reasons import Reason
from beaker_ci.report.views import ReplyView, Table

if TYPE_CHECKING:
    from beaker_ci.beaker import Session
    from beaker_ci.bot.case import Case
    from beaker_ci.capacity import ClusterCapacity
    from beaker_ci.commands import Command
    from beaker_ci.config import Configuration

COLUMNS = ("Cluster", "Type", "Free", "Free on one node", "Nodes", "Queue", "Notes")

_GIB = 1 << 30
_TAGS = ("interconnect:", "storage:")


def answer_gpus(case: Case, command: Command, beaker: Session) -> Answer:
    """Says how many GPUs are free now, by cluster and type, and what could start right now.

    Raises:
        Problem: When Beaker does not answer.
    """
    rules, now = case.configuration, case.asking.services.clock.now().timestamp()
    known = choose_clusters(rules, beaker.capacity(now), str(command.options.get("type") or ""))
    view = signed(gpus_view(rules, known), case, command)
    return Answer(command="gpus", reason=Reason.ANSWERED, view=view)


@dataclass(frozen=True)
class Choice:
    """Clusters with GPUs where a repository may run.

    Attributes:
        places: Those of the type that was asked for.
        listed: All that the rules name; none where they name none, and a run goes anywhere.
        notes: What to know about the type, a sentence each.
    """

    places: Sequence[ClusterCapacity]
    listed: Sequence[ClusterCapacity]
    notes: Sequence[str]


def choose_clusters(
    rules: Configuration, capacity: Sequence[ClusterCapacity], pattern: str
) -> Choice:
    """The clusters where a repository may run.

    Args:
        rules: The repository's.
        capacity: Of all clusters.
        pattern: Part of a GPU type's name; empty for all types.
    """
    known = [place for place in capacity if place.has_gpus]
    listed = nameable(rules, known)
    places, notes = _of_type(listed or known, pattern)
    return Choice(places, listed, notes)


def gpus_view(rules: Configuration, known: Choice) -> ReplyView:
    """Which GPUs are free, for a comment or for a terminal."""
    next_step, paste = _next(rules, known.places, known.listed)
    return replace(
        UNSIGNED,
        what=_what(known.places),
        why=" ".join([*known.notes, _rule(known.listed)]),
        next_step=next_step,
        paste=paste,
        table=_table(known.places),
    )


def _of_type(
    places: Sequence[ClusterCapacity], pattern: str
) -> tuple[list[ClusterCapacity], list[str]]:
    """The clusters whose type is meant, and what to know about that.

    Whole words of the name come first: ``l4`` is no L40S, although ``--gpu-type l4`` takes it.
    """
    if not pattern:
        return list(places), []
    whole = [place for place in places if _holds_words(place.gpu_type, pattern)]
    parts = [place for place in places if place.has_type(pattern)]
    if whole:
        others = _types(place for place in parts if place not in whole)
        also = f"In a run, `--gpu-type {pattern}` takes {others} as well." if others else ""
        return whole, [also] if also else []
    if parts:
        return parts, [f"No type is called `{pattern}`; these have it in their names."]
    types = _types(places)
    return [], [f"No GPU is of type `{pattern}`; there are {types}." if types else ""]


def _holds_words(name: str, pattern: str) -> bool:
    """Whether the words of a pattern stand in a name, one after the other."""
    words = " ".join(re.split(r"[ ._-]+", pattern.lower()))
    return f" {words} " in f" {name.lower()} "


def _types(places: Iterable[ClusterCapacity]) -> str:
    return ", ".join(sorted({place.gpu_type for place in places}))


def _what(places: Sequence[ClusterCapacity]) -> str:
    if not places:
        return "There are no such GPUs where this repository may run."
    free, total = sum(place.available for place in places), sum(place.total for place in places)
    clusters = f"{len(places)} cluster{'' if len(places) == 1 else 's'}"
    return f"{free} of {total} GPUs are free on {clusters}."


def _rule(listed: Sequence[ClusterCapacity]) -> str:
    """By which rule these clusters are shown."""
    anywhere = "goes wherever Beaker has room for it"
    if not listed:
        return (
            "Neither `allow.clusters` nor a preset names a cluster with GPUs: a run "
            f"{anywhere}, and a command cannot choose."
        )
    return f"Only clusters that `allow.clusters` or a preset names; a run without one {anywhere}."


def _table(places: Sequence[ClusterCapacity]) -> Table | None:
    if not places:
        return None
    ordered = sorted(places, key=lambda place: (-place.available, place.name))
    return Table(COLUMNS, tuple(_row(place) for place in ordered))


def _row(place: ClusterCapacity) -> tuple[str, ...]:
    return (
        place.name,
        place.gpu_type,
        f"{place.available} of {place.total}",
        "?" if place.room is None else str(place.room),
        _nodes(place),
        "?" if place.queued is None else str(place.queued),
        ", ".join(_notes(place)),
    )


def _nodes(place: ClusterCapacity) -> str:
    """``2 × 8 GPUs, 128 GiB per GPU``."""
    size = f" × {place.gpus_per_node} GPUs" if place.gpus_per_node else ""
    memory = f", {place.memory_per_gpu // _GIB} GiB per GPU" if place.memory_per_gpu else ""
    return f"{place.nodes}{size}{memory}"


def _notes(place: ClusterCapacity) -> list[str]:
    notes = [tag.partition(":")[2] for tag in sorted(place.tags) if tag.startswith(_TAGS)]
    if place.cordoned_nodes:
        notes.append(f"{place.cordoned_nodes} out of service")
    if place.missing_nodes:
        notes.append(f"{place.missing_nodes} missing")
    if place.restricted_to:
        notes.append(f"for some {' and '.join(place.restricted_to)} only")
        if place.open_to_preemptible:
            notes.append("preemptible jobs for all")
    return notes


def _next(
    rules: Configuration, places: Sequence[ClusterCapacity], listed: Sequence[ClusterCapacity]
) -> tuple[str, str]:
    """What could start right now, and the line for it."""
    if not places:
        return "Without `--type`, all are listed:", "/beaker gpus"
    free = [place for place in places if place.room and not place.restricted_to]
    best = max(free, key=lambda place: place.room or 0, default=None)
    if best is None:
        return "No more can start right now: a run would have to wait.", ""
    gpus = min(best.room or 0, rules.limits.gpus)
    if not gpus:
        return "Runs get none of them: `limits.gpus` is 0.", ""
    could = (
        f"On `{best.name}`, a run with {gpus} {'GPU' if gpus == 1 else 'GPUs'} for each replica "
        "could start right now"
    )
    there = f" --cluster {best.name}" if listed else ""
    if rules.allow.commands == "presets" or (listed and not may_choose(rules, best)):
        return f"{could}.", ""
    return f"{could}:", f"/beaker run --gpus {gpus}{there} -- python train.py"
