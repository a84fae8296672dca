"""What git stores, parsed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class GitObject:
    """An object as stored. ``type`` is ``blob``, ``tree``, ``commit`` or ``tag``."""

    oid: str
    type: str
    data: bytes


@dataclass(frozen=True)
class TreeEntry:
    """One line of a tree. ``mode`` is octal text, ``type`` is ``blob``, ``tree`` or ``commit``."""

    mode: str
    type: str
    oid: str
    path: str
    size: int | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Signature:
    """Who made a commit, and when: claims of whoever pushed it."""

    name: str
    email: str
    date: datetime


@dataclass(frozen=True)
class Commit:
    """A commit, parsed."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True)
class Change:
    """What happened to one file between two commits. Counts are None for binary files."""

    status: str
    path: str
    oid: str
    additions: int | None
    deletions: int | None


def parse_commit(found: GitObject) -> Commit:
    """A commit object as a value."""
    head, _, message = found.data.decode(errors="replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key:
            fields.setdefault(key, []).append(value)
    return Commit(
        sha=found.oid,
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        author=_parse_signature(fields["author"][0]),
        committer=_parse_signature(fields["committer"][0]),
        message=message.rstrip("\n"),
    )


def _parse_signature(text: str) -> Signature:
    who, seconds, _ = text.rsplit(" ", 2)
    name, _, mail = who.rpartition(" <")
    return Signature(name, mail.rstrip(">"), datetime.fromtimestamp(int(seconds), UTC))
