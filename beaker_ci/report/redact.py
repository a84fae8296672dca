"""Hide what looks like a credential. The last net under "no secret leaves", never the first."""

from __future__ import annotations

import re

HIDDEN = "***"
"""What stands in a credential's place, as on GitHub's own log pages."""

_DASHES = r"-{4,5}"
_KEY = rf"[A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)? ?{_DASHES}"

# Group 1, where there is one, is kept: it says what was hidden. Bare hexadecimal strings are left
# alone, although some services use them as keys: most of those in a report are commits.
_CREDENTIALS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?s){_DASHES} ?BEGIN {_KEY}.*?(?:{_DASHES} ?END {_KEY}|\Z)",
        rf"(?s)\A.*{_DASHES} ?END {_KEY}",  # it began before the text does
        r"(?i)(?<![A-Z0-9])([A-Z][A-Z0-9+.-]{0,20}://)[^\s/?#\"'<>]+(?=@)",  # user:password@host
        r"(?i)(?<![A-Z0-9])((?:bearer|basic)\s{1,3})[A-Z0-9._~+/=-]{16,}",
        r"(?i)(aws_?secret_?access_?key[\"']?\s{0,3}[:=]\s{0,3}[\"']?)[A-Z0-9/+=]{40}",
        r"(?<![A-Za-z0-9])gh[opsur]_[A-Za-z0-9_.-]{20,}",  # GitHub: OAuth, personal, server, user
        r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,}",
        r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}",  # GitLab
        r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",  # AWS access key ids
        r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}",  # Google
        r"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}",  # Slack
        r"(hooks\.slack\.com/(?:services|workflows)/)[A-Za-z0-9/_-]+",
        r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{20,}",  # Hugging Face
        r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic
        r"(?<![A-Za-z0-9])wandb_v1_[A-Za-z0-9_]{20,}",
        r"(?<![A-Za-z0-9])(?:npm_|pypi-|dckr_pat_)[A-Za-z0-9_-]{20,}",
        r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",  # JWT
    )
)


def redact(text: str) -> str:
    """The text with everything that has a known credential's shape replaced by :data:`HIDDEN`.

    Cut a text only after this: half a token has no shape any more. Remove control and invisible
    characters before: they can hide one.
    """
    for pattern in _CREDENTIALS:
        text = pattern.sub(_hide, text)
    return text


def _hide(match: re.Match[str]) -> str:
    kept = match.group(1) if match.re.groups else ""
    return kept + HIDDEN
