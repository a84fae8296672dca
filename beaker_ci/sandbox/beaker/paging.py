"""Pages of a listing, with tokens that carry the options of the first request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from beaker import beaker_pb2 as pb2
from google.protobuf.message import DecodeError, Message

from beaker_ci.sandbox.beaker.errors import Refused
from beaker_ci.sandbox.beaker.moments import nanoseconds

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)
_O = TypeVar("_O", bound=Message)

MAX_PAGE_SIZE = 50


def page(
    request: Any, options_type: type[_O], select: Callable[[_O], Sequence[_T]]
) -> tuple[Sequence[_T], str | None]:
    """Cut one page out of a listing.

    Args:
        request: A listing request: either ``options`` or the token of an earlier page is set.
        options_type: The type of its ``options``.
        select: All items for these options, in order.

    Returns:
        The items of the page, and the token of the next one if there is one.

    Raises:
        Refused: The token is not one of ours.
    """
    start = 0
    options = request.options
    if request.HasField("next_page_token"):
        start, options = _read_token(request.next_page_token, options_type)
    size = min(getattr(options, "page_size", 0) or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
    items = select(options)
    end = start + size
    return items[start:end], _token(end, options) if end < len(items) else None


def _token(start: int, options: Message) -> str:
    return base64.urlsafe_b64encode(b"%d:%s" % (start, options.SerializeToString())).decode()


def _read_token(token: str, options_type: type[_O]) -> tuple[int, _O]:
    try:
        start, _, options = base64.urlsafe_b64decode(token).partition(b":")
        return int(start), options_type.FromString(options)
    except (ValueError, binascii.Error, DecodeError) as error:
        raise Refused("INVALID_ARGUMENT", "invalid page token") from error


def in_order(items: Iterable[_M], options: Any) -> list[_M]:
    """Sort messages as the options' ``sort_clause`` says; unless it says, the newest first.

    Only names and times of making order anything here; other fields count as the latter.
    """
    clause = options.sort_clause
    by_name = clause.WhichOneof("sort_by") == "name"
    descending = clause.sort_order == pb2.SORT_ORDER_DESCENDING or (
        not clause.sort_order and not by_name
    )
    return sorted(items, key=_name if by_name else _age, reverse=descending)


def _name(message: Any) -> str:
    return str(
        message.hostname if "hostname" in message.DESCRIPTOR.fields_by_name else message.name
    )


def _age(message: Any) -> tuple[int, str]:
    return nanoseconds(message.created), _name(message) if _no_id(message) else message.id


def _no_id(message: Any) -> bool:
    return "id" not in message.DESCRIPTOR.fields_by_name
