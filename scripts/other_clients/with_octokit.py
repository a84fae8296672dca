"""Lets Octokit read what the local GitHub holds, and compares. See docs/other-clients.md.

Usage: ``npm install @octokit/rest`` in some folder outside of this repository, then
``python scripts/other_clients/with_octokit.py FOLDER``, with Node on the PATH.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from scene import Told, compare, open_scene

PROGRAM = Path(__file__).with_name("octokit.mjs")


def main() -> None:
    """Asks everything, and prints what was read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where `npm install @octokit/rest` was run")
    folder = parser.parse_args().folder
    with open_scene() as (local, told):
        scene = {
            "baseUrl": local.api_url,
            "token": local.add_token(),
            "number": told.number,
            "head": told.head,
            "asked": told.asked,
            "failed": told.failed,
            "since": "2020-01-01T00:00:00Z",
        }
        done = subprocess.run(
            ["node", "--input-type=module", "-"],
            cwd=folder,  # A program from standard input finds its packages here.
            input=PROGRAM.read_text(encoding="utf-8"),
            env={**os.environ, "SCENE": json.dumps(scene)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        read = json.loads(done.stdout)
        print("@octokit/rest", read["version"])
        compare(read, _expected(told), local.take_violations())


def _expected(told: Told) -> dict[str, Any]:
    return {
        "pull request": told.head,
        "comments, by pages": list(told.bodies),
        "comments of the repository, newest first": list(told.ids)[::-1],
        "who wrote the answer": [["github-actions[bot]", "github-actions"]],
        "reactions in the list": [1, 1],
        "check runs": [["beaker / eval", None], ["beaker / gpu-tests", "failure"]],
        "one check run": ["completed", "failure", "Failed"],
        "reactions": [["github-actions[bot]", "eyes"], ["reader", "+1"]],
        "GraphQL": {"title": told.title, "comments": {"totalCount": len(told.bodies)}},
        "an unchanged answer": 304,
        "a comment that is gone": 404,
    }


if __name__ == "__main__":
    main()
