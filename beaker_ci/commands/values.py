"""Reading one value of an option: its form is checked here, its size by the policy."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from beaker_ci.commands.options import Kind, Option
from beaker_ci.commands.usage import UsageError, quoted
from beaker_ci.reasons import Reason

_FORMS: Final = {
    Kind.INTEGER: (r"\d{1,9}", "a whole number"),
    Kind.NUMBER: (r"(?=.*[1-9])\d{1,6}(\.\d{1,6})?", "a number above 0, such as 0.5"),
    Kind.SIZE: (
        r"(?=.*[1-9])\d{1,12}(\.\d{1,6})?([KMGT]i?)?B",
        "a size with its unit, such as 64GiB",
    ),
    Kind.DURATION: (r"0*[1-9]\d{0,8}[smh]", "a time above 0 in s, m or h"),
    Kind.COMMIT: (r"[0-9A-Fa-f]{40}", "a commit with all its 40 hex digits"),
    Kind.VARIABLE: (r"[A-Za-z_][A-Za-z0-9_]*=.*", "NAME=VALUE, such as SEED=1"),
    Kind.MOUNT: (
        r"[A-Za-z0-9][A-Za-z0-9._/-]*(:[A-Za-z0-9._][A-Za-z0-9._/-]*)?:/[^:]*",
        "a name and an absolute path, such as my-data:/data",
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
    Kind.MOUNT: "my-data:/data",
    Kind.DIRECTORY: "/output",
}

# Variables given by a user replace those that gantry sets, so these would steer gantry, git, the
# shell, the loader or the tools that fetch code.
_RESERVED_PREFIXES: Final = (
    *("GANTRY_", "BEAKER_", "GIT_", "GITHUB_", "GH_", "LD_", "PYTHON", "UV_", "PIP_", "CONDA_"),
    *("AWS_", "GOOGLE_", "BASH_", "SSL_", "DYLD_"),
)
_RESERVED_NAMES: Final = frozenset(
    {
        *("RESULTS_DIR", "PATH", "HOME", "SHELL", "ENV", "IFS", "TMPDIR", "CURL_CA_BUNDLE"),
        *("REQUESTS_CA_BUNDLE", "PYTORCH_KERNEL_CACHE_PATH"),
    }
)
_HARMLESS_NAMES: Final = frozenset({"PYTHONUNBUFFERED", "PYTHONHASHSEED"})

_CLOSED_DIRECTORIES: Final = re.compile(
    r"/(gantry|gantry-runtime|results|usr|bin|lib[^/]*|etc|root|proc|sys|dev)(/|$)"
)
_OWN_DIRECTORIES: Final = {"results": "/results", "runtime_dir": "/gantry-runtime"}


def read_value(option: Option, text: str, spelling: str) -> str | int | float:
    """Reads one value.

    Args:
        option: What it is a value of.
        text: The value as the user gave it, quotes taken away.
        spelling: How the user wrote the option, for the message.

    Raises:
        UsageError: ``usage.bad-value``; ``refused.option`` for a reserved variable's name.
    """
    if text.startswith("-"):
        raise _bad(option, text, spelling, "no value may begin with `-`")
    if option.kind is Kind.CHOICE and text not in option.choices:
        raise _bad(option, text, spelling, f"it takes {', '.join(option.choices)}")
    if option.kind is Kind.VARIABLE and "=" not in text:
        raise UsageError(
            f"{quoted(f'{spelling} {text}')} has no value.",
            next_step="Write `--env NAME=VALUE`. The environment of the runner is never read.",
        )
    pattern, form = _form(option)
    if not re.fullmatch(pattern, text, re.ASCII):
        raise _bad(option, text, spelling, f"it takes {form}")
    return _typed(option, text, spelling)


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
    if option.kind is Kind.VARIABLE:
        return value.partition("=")[0]
    if option.kind is Kind.MOUNT:
        return value.rpartition(":")[2]
    return value


def _form(option: Option) -> tuple[str, str]:
    if option.pattern:
        return option.pattern, option.form
    return _FORMS.get(option.kind, (r".+", "a text that is not empty"))


def _typed(option: Option, text: str, spelling: str) -> str | int | float:
    match option.kind:
        case Kind.INTEGER:
            if int(text) < option.minimum:
                raise _bad(option, text, spelling, f"the least is {option.minimum}")
            return int(text)
        case Kind.NUMBER:
            return float(text)
        case Kind.COMMIT:
            return text.lower()
        case Kind.VARIABLE:
            _check_variable(text.partition("=")[0])
        case Kind.MOUNT:
            _check_directory(option, text.rpartition(":")[2], spelling)
        case Kind.DIRECTORY:
            _check_directory(option, text, spelling)
    return text


def _check_variable(name: str) -> None:
    if is_reserved(name):
        raise UsageError(
            f"The variable {quoted(name)} is reserved: it would steer gantry, git or the tools "
            "that set up the job.",
            next_step="Choose another name, or set it inside the job's own command.",
            reason=Reason.REFUSED_OPTION,
        )


def _check_directory(option: Option, path: str, spelling: str) -> None:
    if path == _OWN_DIRECTORIES.get(option.field):
        return
    # POSIX keeps a second leading slash, which would hide "//etc" from the pattern.
    if posixpath.normpath(path) != path or path.startswith("//") or path == "/":
        raise _bad(option, path, spelling, "a path is absolute, without `..`, `.`, `//` or end `/`")
    if option.field != "uv_venv" and _CLOSED_DIRECTORIES.match(path):
        raise _bad(option, path, spelling, "that directory belongs to the system or to gantry")


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
