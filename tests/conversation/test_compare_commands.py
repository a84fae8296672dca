"""``/beaker compare`` and ``beaker-ci compare``: two runs beside each other, whenever one asks."""

from __future__ import annotations

import json
import subprocess

from inline_snapshot import snapshot
from stage import Stage
from test_comparing import asked, ends, finished, pushed, team
from typed import Shell

__all__ = ["team"]


def says(stage: Stage, body: str) -> str:
    """What the bot answers to a comment."""
    comment = stage.hub.comment(stage.number, by="writer", body=body)
    result = stage.deliver(comment)
    assert result.exit_code == 0, result.log
    stage.heard(comment)
    # The event's own pass may have brought the run's report up to date before that.
    bodies = iter(lambda: stage.hub.take_comment(stage.number).body, None)
    return stage.tidy(next(body for body in bodies if "beaker-ci:reply" in body))


def key(stage: Stage, workload: str) -> str:
    """A run's short id."""
    return stage.beaker.experiment(workload).name[-16:-8]


def test_two_runs_beside_each_other(team: Stage) -> None:
    root = team.hub.repository.head("main")
    team.hub.push("main", {"a": "1"})
    main = pushed(team, root)
    base = key(team, main)
    ends(team, main, accuracy=0.90, accuracy_n=2000, loss=[0.40, 0.41, 0.42])

    # The pull request began before that: nothing that it builds on was measured.
    head = asked(team, team.number)
    finished(team, head, accuracy=0.89, accuracy_n=2000, loss=[0.43, 0.44, 0.45])
    assert says(team, "/beaker compare") == snapshot("""\
<!-- beaker-ci:reply:comment-3300000003 -->
> `/beaker compare`

🤔 **There is nothing to compare run `fa26a760` with.**

No commit of `main` that it builds on has a finished success of `eval`.

A newer commit has one:

```text
/beaker compare fa26a760 --base <main>
```

<sub>for writer · `usage.unknown-run`</sub>
""")
    tip = team.hub.repository.head("main")
    team.schedule()
    report = next(each.body for each in team.hub.comments(team.number) if head in each.body)
    assert "Gate failed" in report
    assert f"/beaker compare {key(team, head)} --base {tip}" in report
    assert says(team, f"/beaker compare --base {tip}").replace(base, "<base>") == snapshot("""\
<!-- beaker-ci:reply:comment-3300000005 -->
> `/beaker compare --base <main>`

💡 **No metric moved.**

[`<head>`](https://github.test/octo/widget/commit/<head>), run [`fa26a760`](https://beaker.test/ex/01ULID) against [`<main>`](https://github.test/octo/widget/commit/<main>), run [`<base>`](https://beaker.test/ex/01ULID):

| Metric | Base | Head | Difference | 95 % interval | Verdict |
| :-- | --: | --: | --: | :-: | :-- |
| accuracy | 0.900 | 0.890 | −0.010 | [−0.029, +0.009] | no evidence of change <sub>a change of 0.028 would show</sub> |

<sub>for writer · `answered`</sub>
""")
    assert "has no commit" in says(team, f"/beaker compare --base {'1' * 40}")

    # By now the branch has it.
    team.hub.push("feature", {"b": "2"}, by="writer", force_from="main")
    own = asked(team, team.number, "/beaker run -- python other.py")
    assert says(team, "/beaker compare") == snapshot("""\
<!-- beaker-ci:reply:comment-3300000011 -->
> `/beaker compare`

🤔 **Run `f2aa179d` left no metrics yet.**

They are read from `metrics.json`, or from what an evaluation harness writes, in the run's results.

Where it stands:

```text
/beaker status f2aa179d
```

<sub>for writer · `usage.unknown-run`</sub>
""")
    finished(team, own, accuracy=0.5)
    assert says(team, "/beaker compare") == snapshot("""\
<!-- beaker-ci:reply:comment-3300000013 -->
> `/beaker compare`

🤔 **There is nothing to compare run `f2aa179d` with.**

It runs a command of its own. The base of a comparison is a run of the same preset.

Two runs of any kind can be compared on the command line:

```text
beaker-ci compare OTHER f2aa179d
```

<sub>for writer · `usage.unknown-run`</sub>
""")

    directory = team.directory / "checkout"
    clone = ["git", "clone", "-q", "--branch", "feature", str(team.hub.repository.path)]
    subprocess.run([*clone, str(directory)], check=True)
    for name, value in (("a.json", 0.9), ("b.json", 0.8)):
        (directory / name).write_text(json.dumps({"accuracy": value}))
    (directory / "rules.yml").write_text(
        "version: 1\npresets:\n  eval:\n    command: [x]\n    compare: {metrics: {accuracy: "
        "{higher_is_better: true, max_drop: 0.05}}}\n"
    )
    nobody = {"HOME": str(team.directory)}
    shell = Shell(directory, nobody)
    files = shell.type("compare a.json b.json")
    assert (files.code, files.text) == (
        0,
        snapshot("""\
`accuracy` changed (no interval).
  against a.json

  Metric    Base  Head  Difference  95 % interval  Verdict  Note
  accuracy  0.9   0.8   −0.1        no interval    changed  –

  No interval: nothing is known of the noise, and any difference counts. Let the job write one value per seed, `NAME_stderr`, or `NAME_n` for a share, to `metrics.json`.
  Changed: nobody said which way is better. Say so by `higher_is_better` in the preset's `compare.metrics`.
"""),
    )
    judged = shell.type("compare a.json b.json --preset eval --config rules.yml --format json")
    assert (judged.code, judged.json["gate"], judged.json["broken"][0]["says"]) == snapshot(
        (1, "failed", "`accuracy` dropped by 0.1, more than `max_drop: 0.05` (no interval).")
    )
    for line in ("compare a.json nix.json", "compare a.json rules.yml", "compare a.json"):
        assert (shell.type(line).code, line) == (2, line)

    someone = (
        team.extra
        | nobody
        | {
            "GITHUB_TOKEN": team.hub.add_token("user", user="writer"),
            "GITHUB_API_URL": team.hub.api_url,
            "GITHUB_SERVER_URL": team.hub.server_url,
        }
    )
    repo = f"--repo {team.hub.full_name} --pr {team.number}"
    shell = Shell(directory, someone)
    runs = shell.type(f"compare origin/main {head} {repo} --preset eval")
    assert (runs.code, team.tidy(runs.text).replace(base, "<base>")) == snapshot(
        (
            0,
            """\
No metric moved.
  against <main>, run <base>

  Metric    Base   Head   Difference  95 % interval     Verdict                Note
  accuracy  0.900  0.890  −0.010      [−0.029, +0.009]  no evidence of change  a change of 0.028 would show
""",
        )
    )
    short = shell.type(f"compare {main} {own} {repo} --format json").json
    assert [row["verdict"] for row in short["metrics"]] == snapshot(["changed"])
    for line in (f"compare {'2' * 40} {own} {repo}", f"compare nix {own} {repo}"):
        told = shell.type(line)
        assert told.code == 2, told
    assert "by its page on Beaker" in " ".join(told.error.split())
    team.schedule()
    team.hub.take_comment(team.number)
    for _ in range(2):
        team.hub.take_check()
        team.beaker.take_experiment()
