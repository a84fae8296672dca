"""The paths of a spec as a job sees them, in a mount namespace of its own (Linux).

Everything of this machine is there as it is, and the job's own directories stand where its spec
says: ``/results``, ``/gantry``… Needs user namespaces, which containers often forbid.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--")

# A new root in memory, with the machine's own entries bound into it; then pairs of a source and a
# path within, up to "--"; then what to run.
_ENTER = r"""
set -e
root=$1 here=$2
shift 2
mount -t tmpfs none "$root"
for entry in /*; do
  if [ -L "$entry" ]; then
    cp -P "$entry" "$root$entry"
  elif [ -d "$entry" ]; then
    mkdir "$root$entry"
    mount --rbind "$entry" "$root$entry"
  fi
done
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; : > "$root$2"; fi
  mount --bind "$1" "$root$2"
  shift 2
done
shift
exec chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$here" "$@"
"""


def are_available() -> bool:
    """Whether this machine lets us make such namespaces."""
    with tempfile.TemporaryDirectory(prefix="beaker-ci-") as directory:
        root, home = Path(directory, "root"), Path(directory, "home")
        home.mkdir()
        try:
            done = subprocess.run(
                entering(root, {"/beaker-ci-probe": home}, "/beaker-ci-probe", ["true"]),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def fits(path: str) -> bool:
    """Whether a path can be made without touching this machine's own directories."""
    parts = PurePosixPath(path).parts
    return len(parts) > 1 and parts[0] == "/" and not Path("/", parts[1]).exists()


def entering(
    root: Path, paths: Mapping[str, Path], directory: str, command: list[str]
) -> list[str]:
    """A command that runs another one within.

    Args:
        root: Made, and empty, for the new root.
        paths: What stands where.
        directory: Where the command starts, as it sees it.
        command: What to run.
    """
    root.mkdir(parents=True, exist_ok=True)
    mounts = [word for path, source in paths.items() for word in (str(source), path)]
    return [*_UNSHARE, "sh", "-c", _ENTER, "enter", str(root), directory, *mounts, "--", *command]
