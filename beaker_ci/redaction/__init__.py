"""No credential leaves: what has the shape of one, what is named like one, what is known to be one.

The unit is whole lines after cleaning: without colours, control and invisible characters, which can
hide a token from any pattern. Cut a text only afterwards: half a token has no shape any more. This
is the last net under "no secret leaves", never the first.

Why no library of rules: three were looked at, and one was tried on real logs of training jobs.
detect-secrets (Apache-2.0) is the only one in Python. It looks for secrets in source code, where
quotes and entropy tell much; logs are full of hashes, ids and long numbers. Called line by line it
reported three of four lines, at 0.1 MB/s; it tells that there is a secret rather than where, keeps
its settings in a global, and brings an HTTP client. gitleaks (MIT) and trufflehog (AGPL-3.0) are
programs in Go: their rules are written for another regex dialect, with entropy bounds and lists of
stop words for source code that nothing here would apply, and trufflehog's licence rules it out. So
shapes are written down here from what the services document. What is published about a token's
beginning is stable; a name with a value that looks random catches what has no such beginning.
"""

from beaker_ci.redaction.text import Hiding, may_hold_secret, redact
from beaker_ci.redaction.values import HIDDEN, Known

__all__ = ["HIDDEN", "Hiding", "Known", "may_hold_secret", "redact"]
