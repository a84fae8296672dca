"""What the server answers instead of a result, the same over gRPC and HTTP."""

from __future__ import annotations

_HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "ALREADY_EXISTS": 400,  # Beaker says 400 with "already in use" for a name conflict
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 405,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_GRPC_CODE = {status: code for code, status in _HTTP_STATUS.items() if code != "ALREADY_EXISTS"}


class Refused(Exception):  # noqa: N818 - an answer, not a defect of the server
    """An error answer.

    Args:
        code: A gRPC status name, or an HTTP status number. Either is translated for the
            protocol that the request came by.
        message: What the client is told.
    """

    def __init__(self, code: str | int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.code if isinstance(self.code, int) else _HTTP_STATUS.get(self.code, 500)

    @property
    def grpc_code(self) -> str:
        """The name of the gRPC status."""
        return self.code if isinstance(self.code, str) else _GRPC_CODE.get(self.code, "INTERNAL")


class Dropped(Exception):  # noqa: N818 - a state of the server
    """The connection breaks before any answer."""


class Garbled(Exception):  # noqa: N818 - a state of the server
    """An answer that nobody can read takes the place of the real one."""


def not_found(kind: str, name: str) -> Refused:
    """The answer for a name or id that nothing has."""
    return Refused("NOT_FOUND", f"{kind} {name!r} not found")
