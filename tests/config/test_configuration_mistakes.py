"""What a maintainer reads when the file is wrong: each mistake on its line, with what to write."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from beaker_ci.config import parse_configuration
from beaker_ci.problem import Problem
from beaker_ci.reasons import Reason


def mistakes(text: str) -> str:
    with pytest.raises(Problem) as caught:
        parse_configuration(dedent(text), "beaker-ci.yml")
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "beaker-ci validate" in caught.value.next_step
    return caught.value.why


def test_the_answer_counts_the_mistakes() -> None:
    with pytest.raises(Problem) as caught:
        parse_configuration("version: 1\nfork: pinned\nlimit: {}\n", ".github/beaker-ci.yml")
    assert caught.value.what == snapshot("`.github/beaker-ci.yml` has 2 mistakes.")
    assert caught.value.why == snapshot("""\
.github/beaker-ci.yml:2: there is no key `fork` at the top; did you mean `forks`?
.github/beaker-ci.yml:3: there is no key `limit` at the top; did you mean `limits`?\
""")
    assert caught.value.next_step == snapshot(
        "Mend the file on the default branch, then ask again; `beaker-ci validate` checks it beforehand."
    )


def test_misspelled_keys() -> None:
    assert mistakes(
        """\
        version: 1
        presests: {}
        limits:
          gpu: 4
          gpu_hours: {per_run: 3}
        allow: {cluster: [ai2/jupiter]}
        """
    ) == snapshot("""\
beaker-ci.yml:2: there is no key `presests` at the top; did you mean `presets`?
beaker-ci.yml:4: there is no key `gpu` in `limits`; did you mean `gpus`?
beaker-ci.yml:5: there is no key `per_run` in `limits.gpu_hours`; there are `run`, `pull_request`, `user`, `repository` and `with_approval`
beaker-ci.yml:6: there is no key `cluster` in `allow`; did you mean `clusters`?\
""")


def test_keys_in_the_wrong_place() -> None:
    assert mistakes(
        """\
        version: 1
        gpus: 4
        limits:
          priority: {max: low}
        presets:
          tests: {command: [pytest], with_approval: high, sweep: 3}
        """
    ) == snapshot("""\
beaker-ci.yml:2: there is no key `gpus` at the top; it belongs in `limits` or in `presets.NAME`
beaker-ci.yml:4: there is no key `priority` in `limits`; it belongs at the top or in `presets.NAME`
beaker-ci.yml:6: there is no key `sweep` in `presets.tests`; `beaker-ci schema` lists them
beaker-ci.yml:6: there is no key `with_approval` in `presets.tests`; it belongs in `limits.gpu_hours` or in `priority`\
""")


def test_values_of_the_wrong_kind() -> None:
    assert mistakes(
        """\
        version: 1
        limits:
          gpus: lots
          replicas: 0
          cpus: .nan
          memory: 512
          timeout: 1d
          retries: 1.5
        presets:
          tests:
            command: pytest -v
            torchrun: yes
            gpus: "1"
          train:
            command: [python, train.py, --epochs, 3]
        """
    ) == snapshot("""\
beaker-ci.yml:3: `limits.gpus` must be a whole number, not `lots`
beaker-ci.yml:4: `limits.replicas` must be at least 1, not `0`
beaker-ci.yml:5: `limits.cpus` must be a number, not `.nan`
beaker-ci.yml:6: `limits.memory` (`512`): write it as text with a unit, such as 64GiB
beaker-ci.yml:7: `limits.timeout` (`1d`): a duration is a whole number with s, m or h, such as 30s, 15m or 24h
beaker-ci.yml:8: `limits.retries` must be a whole number, not `1.5`
beaker-ci.yml:11: `presets.tests.command` must be a list, not `pytest -v`; write `[pytest, -v]`
beaker-ci.yml:12: `presets.tests.torchrun` must be true or false, not `yes`; write `true`
beaker-ci.yml:13: `presets.tests.gpus` must be a whole number, not `"1"`
beaker-ci.yml:15: `presets.train.command[4]` must be text (write numbers, `true` and `null` in quotes), not `3`\
""")


def test_words_that_are_not_among_the_choices() -> None:
    assert mistakes(
        """\
        version: 1
        forks: pin
        on_new_push: restart
        publish_logs: all
        priority: {max: immediate}
        """
    ) == snapshot("""\
beaker-ci.yml:2: `forks` must be `refuse` or `pinned`, not `pin`; did you mean `pinned`?
beaker-ci.yml:3: `on_new_push` must be `keep` or `stop`, not `restart`
beaker-ci.yml:4: `publish_logs` must be `none`, `digest` or `tail`, not `all`
beaker-ci.yml:5: `priority.max` must be `low`, `normal`, `high` or `urgent`, not `immediate`\
""")


def test_names_that_are_none() -> None:
    assert mistakes(
        """\
        version: 1
        workspace: my-team
        github_token_secret: --evil
        allow: {clusters: ["ai2/ jupiter"]}
        presets:
          run: {command: [pytest]}
          GPU_Tests: {command: [pytest]}
        """
    ) == snapshot("""\
beaker-ci.yml:2: `workspace` (`my-team`): it must be a full name with its organization, such as ai2/my-team
beaker-ci.yml:3: `github_token_secret` (`--evil`): a secret's name is 1 to 128 letters, digits, dots, dashes or underscores
beaker-ci.yml:4: `allow.clusters[1]` (`ai2/ jupiter`): a pattern is 1 to 200 characters without spaces and does not begin with a dash
beaker-ci.yml:6: `presets.run` (`run`): a preset's name is 1 to 32 lower-case letters, digits, dots, dashes or underscores, begins with a letter or digit, and is not `run`
beaker-ci.yml:7: `presets.GPU_Tests` (`GPU_Tests`): a preset's name is 1 to 32 lower-case letters, digits, dots, dashes or underscores, begins with a letter or digit, and is not `run`\
""")


def test_roles_that_let_in_nobody_or_everybody() -> None:
    assert mistakes(
        """\
        version: 1
        roles:
          run: {permission: none, users: [maria]}
          approve: {self: true}
        """
    ) == snapshot("""\
beaker-ci.yml:3: `roles.run.permission` (`none`): `none` would let everybody in; the lowest is `read`
beaker-ci.yml:3: `roles.run.users[1]` must be a whole number, not `maria`; `gh api users/maria --jq .id` prints it
beaker-ci.yml:4: `roles.approve`: it names nobody: add `permission`, `teams` or `users`\
""")


def test_presets_that_could_not_run() -> None:
    assert mistakes(
        """\
        version: 1
        priority: {max: low}
        presets:
          nightly:
            on: {schedule: daily}
          merge:
            on: {merge_group: true}
          images:
            command: []
          both:
            beaker_image: ai2/a
            docker_image: b
        """
    ) == snapshot("""\
beaker-ci.yml:2: `priority`: `default` (normal) is above `max` (low): every run would be refused; write `default: low`
beaker-ci.yml:5: `presets.nightly.on.schedule` (`daily`): a schedule is a cron expression of five fields, as in the workflow: such as `0 3 * * *`, every day at 3:00 UTC
beaker-ci.yml:6: `presets.merge`: a preset with `on` needs a `command`: no comment will bring one
beaker-ci.yml:9: `presets.images.command`: it must not be empty: leave the key out instead
beaker-ci.yml:10: `presets.both`: `beaker_image` and `docker_image` exclude each other\
""")


def test_what_no_preset_may_set() -> None:
    assert mistakes(
        """\
        version: 1
        presets:
          tests:
            command: [pytest]
            hostnames: [node-1]
            preemptible: true
            gh_token_secret: MINE
            env_vars: [HF_TOKEN, GIT_DIR=/tmp, "OK=1"]
            datasets: [my-data]
            uploads: ["a:b"]
        """
    ) == snapshot("""\
beaker-ci.yml:5: `hostnames` cannot be set in `presets.tests`: single nodes go round the cluster rules; use `clusters` or `gpu_types`
beaker-ci.yml:6: `preemptible` cannot be set in `presets.tests`: Beaker retired it; use `min_runtime` and `auto_resume`
beaker-ci.yml:7: `gh_token_secret` cannot be set in `presets.tests`: all runs clone alike; set `github_token_secret` at the top of the file
beaker-ci.yml:8: `presets.tests.env_vars[1]` (`HF_TOKEN`): write NAME=VALUE; the environment of who submits is never read
beaker-ci.yml:8: `presets.tests.env_vars[2]` (`GIT_DIR=/tmp`): GIT_DIR is reserved: it would steer gantry, git or the job's tools
beaker-ci.yml:9: `presets.tests.datasets[1]` (`my-data`): it must be a name and an absolute path in the job, such as my-data:/data
beaker-ci.yml:10: `uploads` cannot be set in `presets.tests`: it would send files of the machine that submits\
""")


def test_triggers_and_comparisons() -> None:
    assert mistakes(
        """\
        version: 1
        presets:
          eval:
            command: [python, eval.py]
            on: {pushes: {branches: [main]}, push: {paths: ["src/**"]}}
            compare: {metrics: {accuracy: {max_drop: -1}}}
        """
    ) == snapshot("""\
beaker-ci.yml:5: `branches` is missing in `presets.eval.on.push`: such as `branches: [main]`
beaker-ci.yml:5: there is no key `pushes` in `presets.eval.on`; did you mean `push`?
beaker-ci.yml:6: `higher_is_better` is missing in `presets.eval.compare.metrics.accuracy`: `true` where a rise is an improvement, `false` where a fall is
beaker-ci.yml:6: `presets.eval.compare.metrics.accuracy.max_drop` must be at least 0, not `-1`\
""")


def test_triggers_that_mean_nothing() -> None:
    assert mistakes(
        """\
        version: 1
        presets:
          eval:
            command: [python, eval.py]
            env_vars: [SEED=1]
            on:
              push:
                branches: ["!old/**"]
                paths: ["src/[", "+x"]
              pull_request: sometimes
              schedule: 0 24 * * *
              workflow_dispatch:
                inputs:
                  path: {}
                  preset: {}
                  1st: {}
                  size: {type: choice}
                  kind: {type: text}
                  rate: {type: number, default: fast}
                  list: {default: [1]}
          twice:
            command: [pytest]
            on: {workflow_dispatch: {inputs: {a-b: {}, a_b: {}}}}
          both:
            command: [pytest]
            env_vars: [SEED=1]
            on: {workflow_dispatch: {inputs: {seed: {}}}, pull_request: {path: [src]}}
        """
    ) == snapshot("""\
beaker-ci.yml:8: `presets.eval.on.push.branches`: patterns with `!` only take back what an earlier pattern matched: begin with one without it, such as `**`
beaker-ci.yml:9: `presets.eval.on.push.paths[1]` (`src/[`): the `[` at character 5 wants letters, digits or ranges of them, and a `]`, such as `[0-9a-f]`; for the character itself write `\\[`
beaker-ci.yml:9: `presets.eval.on.push.paths[2]` (`+x`): `+` at character 1 has nothing to repeat: it stands behind a character or `]`; for the character itself write `\\+`
beaker-ci.yml:10: `presets.eval.on.pull_request` (`sometimes`): write `true`, or a mapping of keys that narrows it
beaker-ci.yml:11: `presets.eval.on.schedule` (`0 24 * * *`): `24` is no hour: write `*`, a number from 0 to 23, a range `1-5`, a step `*/2`, or a list of those with commas
beaker-ci.yml:14: `presets.eval.on.workflow_dispatch.inputs.path` (`path`): it would set PATH, which is reserved: it would steer gantry, git or the job's tools
beaker-ci.yml:15: `presets.eval.on.workflow_dispatch.inputs.preset` (`preset`): this input says what to run: choose another name
beaker-ci.yml:16: `presets.eval.on.workflow_dispatch.inputs.1st` (`1st`): an input's name is letters, digits, dashes and underscores, and begins with no digit
beaker-ci.yml:17: `presets.eval.on.workflow_dispatch.inputs.size`: `options` belong to `type: choice`, which needs them
beaker-ci.yml:18: `presets.eval.on.workflow_dispatch.inputs.kind.type` must be `string`, `number`, `boolean` or `choice`, not `text`
beaker-ci.yml:19: `presets.eval.on.workflow_dispatch.inputs.rate`: its `default` does not fit: it takes a number, such as 3 or 0.5
beaker-ci.yml:20: `presets.eval.on.workflow_dispatch.inputs.list.default`: a default is one text, number, `true` or `false`
beaker-ci.yml:23: `presets.twice.on.workflow_dispatch`: two inputs would set A_B
beaker-ci.yml:27: there is no key `path` in `presets.both.on.pull_request`; did you mean `paths`?\
""")
    assert mistakes(
        """\
        version: 1
        presets:
          both:
            command: [pytest]
            env_vars: [SEED=1]
            on: {workflow_dispatch: {inputs: {seed: {}}}}
        """
    ) == snapshot(
        "beaker-ci.yml:3: `presets.both`: the input `seed` of `on.workflow_dispatch` would set SEED, which the preset sets itself: give it a `default` there instead"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", snapshot("beaker-ci.yml:1: the file is empty; write at least `version: 1`")),
        (
            "# nothing but a remark\n",
            snapshot("beaker-ci.yml:1: the file is empty; write at least `version: 1`"),
        ),
        (
            "- version: 1\n",
            snapshot(
                "beaker-ci.yml:1: the file must be a mapping of keys, beginning with `version: 1`"
            ),
        ),
        (
            "presets: {}\n",
            snapshot("beaker-ci.yml:1: `version` is missing; write `version: 1` at the top"),
        ),
        (
            "version: 2\n",
            snapshot(
                "beaker-ci.yml:1: `version` is `2`; this beaker-ci reads version 1: write `version: 1`"
            ),
        ),
        (
            'version: "1"\n',
            snapshot(
                'beaker-ci.yml:1: `version` is `"1"`; this beaker-ci reads version 1: write `version: 1`'
            ),
        ),
        (
            "version: 1\nworkspace: [\n",
            snapshot(
                "beaker-ci.yml:3: not YAML: while parsing a flow node, expected the node content, but found '<stream end>'"
            ),
        ),
        (
            "version: 1\n  budget: ai2/b\n",
            snapshot("beaker-ci.yml:2: not YAML: mapping values are not allowed here"),
        ),
        (
            "version: 1\nforks: refuse\nforks: pinned\n",
            snapshot("beaker-ci.yml:3: `forks` is given twice; first on line 2"),
        ),
        (
            "version: 1\n---\nversion: 1\n",
            snapshot(
                "beaker-ci.yml:2: not YAML: expected a single document in the stream, but found another document"
            ),
        ),
        (
            "version: 1\nallow: *none\n",
            snapshot(
                "beaker-ci.yml:2: not YAML: found undefined alias 'none'; a text that begins with `*` is written in quotes, such as `\"*.py\"`"
            ),
        ),
        (
            "version: !!python/object:os.system 1\n",
            snapshot(
                "beaker-ci.yml:1: the tag `tag:yaml.org,2002:python/object:os.system` is not read here: leave it out"
            ),
        ),
        (
            "version: 1\n? [a]\n: 1\n",
            snapshot("beaker-ci.yml:2: a key must be a word, not a list or a mapping"),
        ),
        (
            "version: 1\nbudget: ai2/\x07\n",
            snapshot("beaker-ci.yml:2: not YAML: the character U+0007 is not allowed"),
        ),
        (
            "version: 1\nlimits:\n",
            snapshot("beaker-ci.yml:2: `limits` must be a mapping of keys, not empty"),
        ),
        (
            "version: 1\npresets: [tests]\n",
            snapshot("beaker-ci.yml:2: `presets` must be a mapping of keys, not a list"),
        ),
    ],
)
def test_files_that_are_no_configuration(text: str, expected: str) -> None:
    assert mistakes(text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "on: [push, merge_group]",
            snapshot(
                "`presets.eval.on` must be a mapping of keys, not a list; write `{push: {branches: [main]}, merge_group: true}`"
            ),
        ),
        (
            "on: merge",
            snapshot(
                "`presets.eval.on` must be a mapping of keys, not `merge`; such as `{merge_group: true}`"
            ),
        ),
        (
            "on: {push: main}",
            snapshot(
                "`presets.eval.on.push` must be a mapping of keys, not `main`; write `{branches: [main]}`"
            ),
        ),
        (
            "on: {push: true}",
            snapshot(
                "`presets.eval.on.push` must be a mapping of keys, not true; such as `{branches: [main]}`"
            ),
        ),
        (
            "on: {push: [main, dev]}",
            snapshot(
                "`presets.eval.on.push` must be a mapping of keys, not a list; write `{branches: [main, dev]}`"
            ),
        ),
        (
            "on: {push: {tags: [v1]}}",
            snapshot(
                "there is no key `tags` in `presets.eval.on.push`; tags start nothing: name branches, as in `branches: [main]`"
            ),
        ),
        (
            "on: {push: {branches-ignore: [dev]}}",
            snapshot(
                'there is no key `branches-ignore` in `presets.eval.on.push`; take branches back with `!` in `branches`, as in `branches: ["**", "!dev/**"]`'
            ),
        ),
        (
            "on: {push: {branches: [refs/heads/main]}}",
            snapshot(
                "`presets.eval.on.push.branches[1]` (`refs/heads/main`): a branch is written as people call it, without `refs/heads/`: `main`"
            ),
        ),
        (
            "on: {pull_request: {paths: [src/]}}",
            snapshot(
                "`presets.eval.on.pull_request.paths[1]` (`src/`): no file of a repository is called so: paths begin without `/` and `./`, and a folder's files are `folder/**`. Write `src/**`"
            ),
        ),
        (
            "on: {pull_request: {paths: [src, '!./docs/']}}",
            snapshot(
                "`presets.eval.on.pull_request.paths[2]` (`!./docs/`): no file of a repository is called so: paths begin without `/` and `./`, and a folder's files are `folder/**`. Write `!docs/**`"
            ),
        ),
        (
            "on: {pull_request: {paths: [**/*.py]}}",
            snapshot(
                "not YAML: while scanning an alias, expected alphabetic or numeric character, but found '*'; a text that begins with `*` is written in quotes, such as `\"*.py\"`"
            ),
        ),
        (
            "on: {pull_request: {paths: [src, !docs/x ]}}",
            snapshot("""\
`presets.eval.on.pull_request.paths[2]` must be text (write numbers, `true` and `null` in quotes), not empty
beaker-ci.yml:4: the tag `!docs/x` is not read here: leave it out; a text that begins with `!` is written in quotes, such as `"!docs/**"`\
"""),
        ),
        (
            "on: {merge_queue: true}",
            snapshot(
                "there is no key `merge_queue` in `presets.eval.on`; did you mean `merge_group`?"
            ),
        ),
        (
            "on: {merge_group: {types: [checks_requested]}}",
            snapshot(
                "`presets.eval.on.merge_group` must be true or false, not a mapping; write `true`"
            ),
        ),
        (
            "on: {merge_group: yes}",
            snapshot(
                "`presets.eval.on.merge_group` must be true or false, not `yes`; write `true`"
            ),
        ),
        (
            "on: {label: [eval]}",
            snapshot("`presets.eval.on.label` must be text, not a list; write `eval`"),
        ),
        ("on: {label: [a, b]}", snapshot("`presets.eval.on.label` must be text, not a list")),
        (
            'on: {schedule: [{cron: "0 3 * * *"}]}',
            snapshot('`presets.eval.on.schedule` must be text, not a list; write `"0 3 * * *"`'),
        ),
        (
            'on: {schedule: "0 0 3 * * *"}',
            snapshot(
                "`presets.eval.on.schedule` (`0 0 3 * * *`): a schedule is a cron expression of five fields, as in the workflow: write `0 3 * * *`, without seconds"
            ),
        ),
        (
            'on: {schedule: "@daily"}',
            snapshot(
                "`presets.eval.on.schedule` (`@daily`): a schedule is a cron expression of five fields, as in the workflow: write `0 0 * * *`"
            ),
        ),
        (
            "on: {nightly: true}",
            snapshot("there is no key `nightly` in `presets.eval.on`; did you mean `schedule`?"),
        ),
        (
            "compare: true",
            snapshot(
                "`presets.eval.compare` must be a mapping of keys, not true; such as `{metrics: {accuracy: {higher_is_better: true}}}`"
            ),
        ),
        (
            "compare: {metrics: [accuracy]}",
            snapshot(
                "`presets.eval.compare.metrics` must be a mapping of keys, not a list; write `{accuracy: {higher_is_better: true}}`"
            ),
        ),
        (
            "compare: {metrics: {a: 0.01}}",
            snapshot(
                "`presets.eval.compare.metrics.a` must be a mapping of keys, not `0.01`; such as `{higher_is_better: true, max_drop: 0.01}`"
            ),
        ),
        (
            "compare: {metrics: {a: {max_drop: 0.01}}}",
            snapshot(
                "`higher_is_better` is missing in `presets.eval.compare.metrics.a`: `true` where a rise is an improvement, `false` where a fall is"
            ),
        ),
        (
            "compare: {metrics: {a: {lower_is_better: true}}}",
            snapshot(
                "there is no key `lower_is_better` in `presets.eval.compare.metrics.a`; write `higher_is_better: false` where a fall is the improvement"
            ),
        ),
        (
            "compare: {metrics: {a: {higher_better: true}}}",
            snapshot(
                "there is no key `higher_better` in `presets.eval.compare.metrics.a`; did you mean `higher_is_better`?"
            ),
        ),
        (
            "compare: {metrics: {a: {higher_is_better: true, max_drop: 1%}}}",
            snapshot(
                "`presets.eval.compare.metrics.a.max_drop` must be a number, not `1%`; write it in the metric's own unit: 1 % of a share is `0.01`, of a percentage `1`"
            ),
        ),
        (
            "compare: {metrics: {a: {higher_is_better: true, max_drop: '0.01'}}}",
            snapshot(
                '`presets.eval.compare.metrics.a.max_drop` must be a number, not `"0.01"`; write `0.01`, without quotes'
            ),
        ),
        (
            "compare: {metrics: {a: {higher_is_better: true, max_rise: 1}}}",
            snapshot(
                "there is no key `max_rise` in `presets.eval.compare.metrics.a`; write `max_drop`: how much worse it may become, up or down"
            ),
        ),
        (
            "compare: {metrics: {a: {higher_is_better: true, min: 1, max: 0.5}}}",
            snapshot(
                "`presets.eval.compare.metrics.a`: no value passes: `min` 1 is above `max` 0.5"
            ),
        ),
        (
            'compare: {metrics: {"*": {higher_is_better: true}, a: {higher_is_better: true}}}',
            snapshot(
                "`presets.eval.compare.metrics`: the rule `a` would never hold: `*` above it is for the same metrics, and the first one holds. Write `a` above it"
            ),
        ),
        (
            "\tgpus: 1",
            snapshot(
                "not YAML: while scanning for the next token, found character '\\t' that cannot start any token; indent with blanks, not with tabs"
            ),
        ),
    ],
)
def test_what_newcomers_write(line: str, expected: str) -> None:
    found = mistakes(f"version: 1\npresets:\n  eval:\n    {line}\n")
    assert found.removeprefix("beaker-ci.yml:4: ") == expected


def test_a_rule_for_more_metrics_may_stand_below_one_for_fewer() -> None:
    rule = "{higher_is_better: true}"
    rules = ", ".join(f'"{name}": {rule}' for name in ("a", "a?", "a*", "*b", "*"))
    text = f"version: 1\npresets: {{e: {{compare: {{metrics: {{{rules}}}}}}}}}\n"
    preset = parse_configuration(text, "f").presets["e"]
    assert preset.compare is not None
    assert len(preset.compare.metrics) == 5


def test_many_mistakes_are_cut() -> None:
    lines = mistakes("version: 1\n" + "".join(f"key{i}: 1\n" for i in range(100))).splitlines()
    assert len(lines) == 26
    assert lines[-1] == "… and 75 more"


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x]\n"
        + "".join(
            f"{k}: &{k} [{', '.join([f'*{p}'] * 9)}]\n"
            for p, k in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "[" * 100_000,
        "- " * 100_000,
        "{a: " * 100_000,
        "version: 1\n" * 50_000,
        "x" * 1_000_000,
    ],
    ids=[
        "doubling",
        "list-in-itself",
        "map-in-itself",
        "brackets",
        "dashes",
        "braces",
        "lines",
        "long",
    ],
)
def test_bombs_are_ordinary_mistakes(bomb: str) -> None:
    assert mistakes(bomb).startswith("beaker-ci.yml:")


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("{}[]:-&*!|>#\n \"'"), max_size=200))
@settings(deadline=None)
def test_any_text_is_a_configuration_or_a_problem(text: str) -> None:
    for content in (text, f"version: 1\n{text}", f"version: 1\npresets:\n  a: {{{text}}}\n"):
        try:
            parse_configuration(content, "f")
        except Problem as problem:
            answer = problem
        else:
            continue
        assert answer.reason is Reason.CONFIG_INVALID
        assert answer.why
