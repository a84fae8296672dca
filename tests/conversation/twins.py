"""Two commits that share the first 12 digits of their SHA, as somebody hostile would offer them.

They were found by trying 26 million messages for each of two trees: two minutes of one core. So
little is a prefix worth; all 40 digits would take some 2^63 tries. Written out here, they are the
same in every repository, since neither has a parent.
"""

from __future__ import annotations

from beaker_ci.sandbox.git import SandboxRepository

_HARMLESS = ("print('harmless')\n", "004d0a29")
_EVIL = ("import evil\n", "00f98f97")
_SOMEBODY = "stranger <stranger@example.org> 1767225600 +0000"


def write_twins(repository: SandboxRepository) -> tuple[str, str]:
    """Writes both commits; answers the harmless one's SHA and the evil one's."""
    harmless, evil = (_write(repository, *each) for each in (_HARMLESS, _EVIL))
    assert harmless[:12] == evil[:12]
    assert harmless != evil
    return harmless, evil


def _write(repository: SandboxRepository, text: str, found: str) -> str:
    blob = repository.git("hash-object", "-w", "--stdin", stdin=text.encode()).strip()
    entry = f"100644 blob {blob}\tidea.py\n"
    tree = repository.git("mktree", stdin=entry.encode()).strip()
    commit = f"tree {tree}\nauthor {_SOMEBODY}\ncommitter {_SOMEBODY}\n\nTry an idea\n\n{found}\n"
    options = ("-t", "commit", "-w", "--stdin")
    return repository.git("hash-object", *options, stdin=commit.encode()).strip()
