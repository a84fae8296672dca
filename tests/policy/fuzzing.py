"""Comments, options, configurations and facts as nobody would write them.

Comments are built from the grammar's own pieces and noise, configurations from the published JSON
Schema and mistakes. All of it follows from the dice: the same dice, the same example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import judging as j

from beaker_ci.commands import COMMANDS, OPTIONS, Kind
from beaker_ci.commands.values import flaw
from beaker_ci.config.json_schema import json_schema
from beaker_ci.facts import Agreement, BeakerAccounts, LedgerEntry, Permission, Person

KIM = Person(2002, "kim")
ADMIN = Permission("admin", frozenset(), "", role="admin")

PLAUSIBLE = (
    *("ai2/team", "ai2/money", "ai2/spare", "ai2/gold", "ai2/*", "*", "ai2/jupiter", "saturn"),
    *("ai2/saturn-old", "ai2/[!s]*", "'ai2/*-cirrascale'", "HF_TOKEN", "DEPLOY_KEY", "HF_*", "h100"),
    *("nightly", "shared", "private", "my-org/*", "my-org/a", "other/b", "ai2/cuda12", "evil/miner"),
    *("X=HF_TOKEN", "TOKEN=DEPLOY_KEY", "A=1", "B=2", "PATH=/x", "git_dir=x", "XDG_CONFIG_HOME=/x"),
    *("shared:/weka", "private:/weka", "my-org/a:/a", "my-org/a:sub:/b", "other/b:/c", "/scratch:/s"),
    *("HF_TOKEN:/k", "DEPLOY_KEY:/k", "/opt/venv", "/output", "/results", "/etc", "/weka/x", "/a/../b"),
    *("0s", "1s", "15m", "1h", "2h", "24h", "25h", "8785h", "999999999h", "1d", "1h30m", "-1"),
    *("0", "1", "2", "4", "8", "9", "08", "64", "999999999", "1e3", "nan", "0.5", "64.5", "١", "１"),
    *("1GiB", "64GB", "1TiB", "2TiB", "0GiB", "64", "low", "normal", "high", "urgent", "immediate"),
    *("3.12", "3.1", "cu129", "auto", "cpu", "uv", "conda", "ib", "tcpxo", "exec", "bash", "dev", "e.yml"),
    *("pytest", "python", "train.py", "a b", "''", "$(id)", "`id`", ";", "&&", "{}", "null", "true"),
    *("write", "maintain", "trainer", "my-org/infra", "0 3 * * *", "main", "src/**", "gpu-tests"),
    *(j.HEAD, j.HEAD.upper(), j.HEAD[:12] + "0" * 28, j.HEAD[:12], "../x", "/etc/passwd:/x", "x" * 600),
)  # fmt: skip
NOISE = (
    *("\n", "\r\n", "\n\n", "\\\n", "\\", "\t", " ", "    ", "`", "```", "```\n", "~~~\n", "> ", "- "),
    *("<!--", "-->", "<div>", "[", "](u)", "'", '"', "“", "„", "—", "–", "−", "\u00a0", "\u200b", "\u202e"),
    *("\ufeff", "\x00", "\x1b", "\u2028", "=", "--", "-", " -- ", "/beaker ", "/Beaker ", "@all", "#1"),
    *("---", "===", "е", "٣", "🚀", "::error::", "${{ x }}", "%0A", ";", "|", "&", ">", "*", "_", "~", "!"),
)  # fmt: skip
ALL = tuple(one for one in OPTIONS if one.spellings or one.negative)
SPELLINGS = tuple(name for option in OPTIONS for name in (*option.spellings, *option.negative))
FITTING = {
    "gpus": ("0", "1", "2", "8"), "cpus": ("1", "0.5"), "memory": ("1GiB",), "retries": ("0", "1"),
    "shared_memory": ("1GiB",), "task_timeout": ("15m", "2h"), "min_runtime": ("1s", "1h"),
    "priority": ("low", "normal", "high"), "clusters": ("ai2/jupiter", "'ai2/*-cirrascale'"),
    "budget": ("ai2/spare", "ai2/money"), "workspace": ("ai2/team",), "group_names": ("nightly",),
    "env_vars": ("A=1", "B=2"), "env_secrets": ("X=HF_TOKEN",), "weka": ("shared:/weka",),
    "dataset_secrets": ("HF_TOKEN:/k",), "datasets": ("my-org/a:/a",), "gpu_types": ("h100",),
    "beaker_image": ("ai2/cuda12",), "docker_image": ("ai2/cuda12",), "sha": (j.HEAD,),
    "name": ("x",), "task_name": ("main",), "description": ("'a b'",), "replicas": ("1",),
    "start_timeout": ("1h",), "tags": ("storage:weka",), "results": ("/output",),
}  # fmt: skip
NEAR = {one.field: [text for text in PLAUSIBLE if not flaw(one, text)] or PLAUSIBLE for one in ALL}
USUAL = tuple(one for one in ALL if one.field in FITTING)


def is_odd(dice: Random) -> bool:
    """Once in a while."""
    return dice.randrange(12) == 0


def noise(dice: Random) -> str:
    """A word of noise: what means something somewhere, or any character."""
    return dice.choice(NOISE) if dice.randrange(4) else chr(dice.randrange(1, 0xD800))


def word(dice: Random) -> str:
    """A value of some option, or noise."""
    return noise(dice) if is_odd(dice) else dice.choice(PLAUSIBLE)


def option(dice: Random) -> str:
    """One option: mostly with a value that fits, in any shape."""
    one = dice.choice(ALL if is_odd(dice) else USUAL)
    spelling = dice.choice((*one.spellings, *one.negative))
    if one.kind is Kind.FLAG:
        return spelling + (dice.choice(["=1", "x", "="]) if is_odd(dice) else "")
    values = FITTING.get(one.field, PLAUSIBLE) if dice.randrange(3) else NEAR[one.field]
    value = word(dice) if is_odd(dice) else dice.choice(values)
    glue = "=" if len(spelling) > 2 else ""
    return spelling + dice.choice([" ", " ", glue, "  "]) + value


def line(dice: Random) -> str:
    """One command, mostly of the grammar."""
    verb = dice.choice(tuple(COMMANDS)) if is_odd(dice) else dice.choice(("run", "plan"))
    words = ["/beaker", verb]
    if verb not in ("run", "plan"):
        return " ".join(words + [word(dice) for _ in range(dice.randrange(3))])
    preset = dice.choice((None, "gpu-tests", "gpu-tests", "cluster-test", "resources", "a", "b"))
    words += [preset] if preset else []
    words += [option(dice) for _ in range(dice.randrange(5))]
    shape = dice.randrange(4)
    if shape == 0 or (shape < 3 and not preset):
        return " ".join(
            [*words, "--", "pytest", *(word(dice) for _ in range(dice.choice((0, 0, 2))))]
        )
    if shape == 3 and not preset:
        return " ".join(words) + f"\n```\n{word(dice)}\n```\n"
    return " ".join(words)


def comment(dice: Random) -> str:
    """A comment: a few lines, sometimes with noise in the middle of them."""
    pieces = [
        "".join(noise(dice) for _ in range(6)) if is_odd(dice) else line(dice)
        for _ in range(dice.choice((1, 1, 1, 2, 4)))
    ]
    text = dice.choice(("\n", "\n\n", "\r\n")).join(pieces)
    for _ in range(dice.choice((0, 0, 0, 1, 3))):
        place = dice.randrange(len(text) + 1)
        new = dice.choice((noise(dice), word(dice), dice.choice(SPELLINGS)))
        text = text[:place] + new + text[place + dice.randrange(3) :]
    return text


@cache
def schema() -> Mapping[str, Any]:
    """The published JSON Schema of the configuration."""
    return json_schema()


@cache
def team_rules() -> str:
    """The team's configuration as JSON."""
    import yaml

    return json.dumps(yaml.safe_load(j.TEAM_RULES))


@cache
def matching(pattern: str) -> tuple[str, ...]:
    """The plausible words that a pattern of the schema takes."""
    return tuple(one for one in PLAUSIBLE if re.search(pattern, one)) or PLAUSIBLE


def schema_value(dice: Random, node: Mapping[str, Any]) -> Any:
    """A value that one node of the JSON Schema takes, and now and then one that it does not."""
    if "$ref" in node:
        return schema_value(dice, schema()["$defs"][node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return schema_value(dice, dice.choice(node["anyOf"]))
    if "const" in node or "enum" in node:
        return dice.choice(node.get("enum") or [node["const"]])
    match node["type"]:
        case "object":
            return _mapping(dice, node)
        case "array":
            return [schema_value(dice, node["items"]) for _ in range(dice.choice((1, 1, 2)))]
        case "integer" | "number":
            least = node.get("minimum", 1)
            return dice.choice((least, least + 1, 2, 8, 64, node.get("maximum", 1001), 1001))
        case "boolean":
            return dice.choice((True, False))
        case "null":
            return None
    return dice.choice(matching(node["pattern"]) if "pattern" in node else PLAUSIBLE)


def _mapping(dice: Random, node: Mapping[str, Any]) -> dict[str, Any]:
    if "properties" not in node:
        (inner,) = (node.get("patternProperties") or {"": node["additionalProperties"]}).values()
        names = dice.sample(("gpu-tests", "a", "b", "resources"), 2)
        return {name: schema_value(dice, inner) for name in names}
    each = node["properties"]
    keys = dict.fromkeys((*node.get("required", ()), *dice.sample(sorted(each), min(3, len(each)))))
    return {key: schema_value(dice, each[key]) for key in keys}


def configuration(dice: Random) -> str:
    """The text of a configuration: the team's, with parts from the schema, sometimes broken."""
    rules: dict[str, Any] = json.loads(team_rules())
    top = schema()["properties"]
    for _ in range(dice.choice((0, 1, 1, 2))):
        key = dice.choice(sorted(top))
        new, old = schema_value(dice, top[key]), rules.get(key)
        rules[key] = {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new
    if is_odd(dice):
        key = word(dice) if is_odd(dice) else dice.choice(sorted(rules))
        rules[key] = dice.choice((word(dice), None, -1, [word(dice)], {"x": 1}))
    text = json.dumps(rules)
    if is_odd(dice):
        place = dice.randrange(len(text))
        text = text[:place] + noise(dice) + text[place + dice.randrange(3) :]
    return text


ACCOUNTS = BeakerAccounts("ai2/team", "ai2/money", clusters=j.CLUSTERS)
CHANGES: tuple[dict[str, Any], ...] = (
    {"pull": j.FORK},
    {"pull": replace(j.PULL, private=True)},
    {"pull": replace(j.PULL, state="closed")},
    {"pull": None},
    {"permission": None},
    {"permission": Permission("read", frozenset(), "", role="trainer")},
    {"accounts": None},
    {"accounts": replace(ACCOUNTS, budget="ai2/gold")},
    {"accounts": replace(ACCOUNTS, max_priority="low")},
    {"accounts": replace(ACCOUNTS, clusters=None)},
    {"comment": None},
    {"comment": j.comment_now("/beaker help")},
    {"now": j.NOW + timedelta(hours=2)},
    {"ledger": None},
    {"ledger": (LedgerEntry("w", 7, j.MARIA.id, 250.0, True, 0.0),)},
    {"ledger": (LedgerEntry("w", 8, j.MARIA.id, 500.0, False, 0.0),)},
    {"entries": None},
    {"entries": frozenset({"environment.yml", "e.yml"})},
    {"agreement": Agreement("go", KIM, ADMIN)},
    {"agreement": Agreement("approve", KIM, ADMIN, frozenset())},
    {"agreement": Agreement("approve", j.MARIA, ADMIN, frozenset())},
    {"agreement": Agreement("approve", KIM, j.WRITER, None)},
)


@dataclass(frozen=True)
class Case:
    """One example: what is written, which rules there are, and what GitHub and Beaker say."""

    comment: str
    is_input: bool
    rules: str
    changes: tuple[dict[str, Any], ...]


def case(dice: Random) -> Case:
    """One example."""
    changes = tuple(dice.choice(CHANGES) for _ in range(dice.choice((0, 0, 1, 2))))
    return Case(comment(dice), dice.randrange(10) == 0, configuration(dice), changes)
