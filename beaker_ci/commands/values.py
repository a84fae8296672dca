"""Reading one value of an option: its form is checked here, its size by the policy.

The forms hold for presets too: :func:`flaw` and :func:`reserved_name` know nothing of comments.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from beaker_ci.commands.options import Kind, Option
from beaker_ci.commands.usage import UsageError, quoted
from beaker_ci.quantities import Duration
from beaker_ci.reasons import Reason

SECRET_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"  # noqa: S105 - a pattern
"""The name of a secret in a Beaker workspace."""

_FORMS: Final = {
    Kind.INTEGER: (r"\d{1,9}", "a whole number"),
    Kind.NUMBER: (r"(?=.*[1-9])\d{1,6}(\.\d{1,6})?", "a number above 0, such as 0.5"),
    Kind.SIZE: (
        r"(?=.*[1-9])\d{1,9}(\.\d{1,6})?([KMGT]i?)?B",
        "a size with its unit, such as 64GiB",
    ),
    Kind.DURATION: (r"(?=.*[1-9])\d{1,9}[smh]", "a time above 0 in s, m or h"),
    Kind.COMMIT: (r"[0-9A-Fa-f]{40}", "a commit with all its 40 hex digits"),
    Kind.VARIABLE: (r"[A-Za-z_][A-Za-z0-9_]*=.*", "NAME=VALUE, such as SEED=1"),
    Kind.SECRET_VARIABLE: (
        rf"[A-Za-z_][A-Za-z0-9_]*={SECRET_NAME}",
        "NAME=SECRET, such as HF_TOKEN=MY_HF_TOKEN",
    ),
    Kind.MOUNT: (
        r"(?![^:]*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*:/[^:]*",
        "a name and an absolute path, such as my-data:/data",
    ),
    Kind.SECRET_FILE: (
        rf"{SECRET_NAME}:/[^:]*",
        "a secret's name and an absolute path, such as MY_KEY:/secrets/key",
    ),
    Kind.DIRECTORY: (r"/[^:]*", "an absolute path, such as /output"),
}
_EXAMPLES: Final = {
    Kind.INTEGER: "2",
    Kind.NUMBER: "4",
    Kind.SIZE: "64GiB",
    Kind.DURATION: "90m",
    Kind.COMMIT: "SHA",
    Kind.VARIABLE: "SEED=1",
    Kind.SECRET_VARIABLE: "HF_TOKEN=MY_HF_TOKEN",
    Kind.MOUNT: "my-data:/data",
    Kind.SECRET_FILE: "MY_KEY:/secrets/key",
    Kind.DIRECTORY: "/output",
}

# Variables given by a user replace those that gantry sets, so these would steer gantry, git, the
# shell, the loader or the tools that fetch code.
_RESERVED_PREFIXES: Final = (
    *("GANTRY_", "BEAKER_", "GIT_", "GITHUB_", "GH_", "LD_", "PYTHON", "UV_", "PIP_", "CONDA_"),
    *("AWS_", "GOOGLE_", "BASH_", "SSL_", "DYLD_", "XDG_", "CURL_", "WEBI_", "OPENSSL_"),
)
_RESERVED_NAMES: Final = frozenset(
    {
        *("RESULTS_DIR", "PATH", "HOME", "SHELL", "ENV", "IFS", "TMPDIR", "REQUESTS_CA_BUNDLE"),
        *("PYTORCH_KERNEL_CACHE_PATH", "SHELLOPTS", "BASHOPTS", "PS4", "CDPATH", "TAR_OPTIONS"),
        *("WGETRC", "GCONV_PATH", "CONDARC"),
    }
)
_HARMLESS_NAMES: Final = frozenset({"PYTHONUNBUFFERED", "PYTHONHASHSEED"})

# Git reads what lies in a home directory, and gantry a script below /var, before the checkout.
_CLOSED_DIRECTORIES: Final = re.compile(
    r"/(gantry|gantry-runtime|results|usr|s?bin|lib[^/]*|etc|root|home|var|proc|sys|dev)(/|$)"
)
_OWN_DIRECTORIES: Final = {"results": "/results", "runtime_dir": "/gantry-runtime"}
_OF_THE_IMAGE: Final = frozenset({"uv_venv", "uv_cache_dir"})
_PATH: Final = re.compile(r"(/[A-Za-z0-9._@+-]+)+", re.ASCII)


def read_value(option: Option, text: str, spelling: str) -> str | int | float:
    """Reads one value.

    Args:
        option: What it is a value of.
        text: The value as the user gave it, quotes taken away.
        spelling: How the user wrote the option, for the message.

    Raises:
        UsageError: ``usage.bad-value``; ``refused.option`` for a reserved variable's name.
    """
    if "=" not in text and option.kind in (Kind.VARIABLE, Kind.SECRET_VARIABLE):
        raise _half(option, text, spelling)
    why = flaw(option, text)
    if why is not None:
        raise _bad(option, text, spelling, why)
    name = reserved_name(option, text)
    if name is not None:
        raise UsageError(
            f"The variable {quoted(name)} is reserved: it would steer gantry, git or the tools "
            "that set up the job.",
            next_step="Choose another name, or set it inside the job's own command.",
            reason=Reason.REFUSED_OPTION,
        )
    return _typed(option, text)


def flaw(option: Option, text: str) -> str | None:
    """Why a text cannot be a value of the option, a clause; None if it can."""
    if text.startswith("-"):
        return "no value may begin with `-`"
    if len(text) > option.longest:
        return f"{option.longest} characters are the most"
    if not text.isprintable():
        return "it has a character that cannot be printed"
    if option.kind is Kind.CHOICE:
        return None if text in option.choices else f"it takes {', '.join(option.choices)}"
    pattern, form = _form(option)
    if not re.fullmatch(pattern, text, re.ASCII):
        return f"it takes {form}"
    if option.kind is Kind.INTEGER and int(text) < option.minimum:
        return f"the least is {option.minimum}"
    if option.kind is Kind.DURATION:
        return _flaw_of_duration(text)
    if option.kind in (Kind.MOUNT, Kind.SECRET_FILE, Kind.DIRECTORY):
        return _flaw_of_path(option, text.rpartition(":")[2])
    return None


def reserved_name(option: Option, text: str) -> str | None:
    """The name of the variable that a text sets, if nobody may set it."""
    name = text.partition("=")[0]
    sets = option.kind in (Kind.VARIABLE, Kind.SECRET_VARIABLE)
    return name if sets and is_reserved(name) else None


def is_reserved(name: str) -> bool:
    """Whether a variable of this name would steer gantry, git or the job's tools."""
    upper = name.upper()
    if upper in _HARMLESS_NAMES:
        return False
    return (
        upper.startswith(_RESERVED_PREFIXES) or upper in _RESERVED_NAMES or upper.endswith("_PROXY")
    )


def example(option: Option, spelling: str) -> str:
    """The option with a value that has the right form."""
    if option.choices:
        return f"{spelling} {option.choices[0]}"
    return f"{spelling} {_EXAMPLES.get(option.kind, 'TEXT')}"


def identity(option: Option, value: str) -> str:
    """What may not stand twice: a variable's name, a mount's place, or the value itself."""
    if option.kind in (Kind.VARIABLE, Kind.SECRET_VARIABLE):
        return value.partition("=")[0]
    if option.kind in (Kind.MOUNT, Kind.SECRET_FILE):
        return value.rpartition(":")[2]
    return value


def _form(option: Option) -> tuple[str, str]:
    if option.pattern:
        return option.pattern, option.form
    return _FORMS.get(option.kind, (r".+", "a text that is not empty"))


def _typed(option: Option, text: str) -> str | int | float:
    match option.kind:
        case Kind.INTEGER:
            return int(text)
        case Kind.NUMBER:
            return float(text)
        case Kind.COMMIT:
            return text.lower()
    return text


def _flaw_of_duration(text: str) -> str | None:
    try:
        Duration.parse(text)
    except ValueError as error:
        return str(error)
    return None


def _flaw_of_path(option: Option, path: str) -> str | None:
    if path == _OWN_DIRECTORIES.get(option.field):
        return None
    # POSIX keeps a second leading slash, which would hide "//etc" from the pattern.
    if posixpath.normpath(path) != path or path.startswith("//") or path == "/":
        return "a path is absolute, without `..`, `.`, `//` or end `/`"
    if not _PATH.fullmatch(path):
        return "a path has letters, digits and . _ @ + -"
    if option.field not in _OF_THE_IMAGE and _CLOSED_DIRECTORIES.match(path):
        return "that directory belongs to the system or to gantry"
    return None


def _half(option: Option, text: str, spelling: str) -> UsageError:
    """A bare name, whose value gantry would take from the machine that submits."""
    lacks = "has no value" if option.kind is Kind.VARIABLE else "names no secret"
    return UsageError(
        f"{quoted(f'{spelling} {text}')} {lacks}.",
        next_step=f"Write `{spelling} {option.kind.value}`. "
        "The environment of the runner is never read.",
    )


def _bad(option: Option, text: str, spelling: str, why: str) -> UsageError:
    next_step = f"For example `{example(option, spelling)}`."
    if option.kind is Kind.TEXT:
        next_step = "Give it another value, or leave it out."
    days = re.fullmatch(r"(\d{1,4})d", text)
    if option.kind is Kind.DURATION and days:
        next_step = f"Days are written in hours: `{spelling} {int(days[1]) * 24}h`."
    if option.kind is Kind.COMMIT:
        next_step = "Copy it from the pull request's commit list; a shorter one can be forged."
    return UsageError(f"{quoted(text)} does not fit `{spelling}`: {why}.", next_step=next_step)
