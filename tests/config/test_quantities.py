"""Durations and sizes: what is read, what is not, and that equal ones are equal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaker_ci.quantities import Duration, Memory


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("24h", 86_400), ("007m", 420), ("0s", 0)]
)
def test_durations(text: str, seconds: int) -> None:
    assert Duration.parse(text).seconds == seconds
    assert str(Duration.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "1d",
        "1.5h",
        "-5m",
        "x5m!!",
        "5 m",
        "5M",
        "1h30m",
        "٥m",
        "9999999999s",
        "8785h",
        "5m\n",
    ],
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512B", 512),
        ("1KB", 1000),
        ("1KiB", 1024),
        ("2.5GiB", 5 * 2**29),
        ("1TiB", 2**40),
        ("0.1GB", 10**8),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert Memory.parse(text).bytes == size


@pytest.mark.parametrize(
    "text", ["", "5", "5G", "5gib", "-1GiB", "1e3GiB", "1 GiB", "1PiB", "٥GiB"]
)
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="memory"):
        Memory.parse(text)


def test_equal_however_written() -> None:
    assert Duration.parse("60m") == Duration.parse("1h") < Duration.parse("3601s")
    assert Memory.parse("1024GiB") == Memory.parse("1TiB") > Memory.parse("1TB")


@given(st.text(max_size=12))
@settings(deadline=None)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for kind in (Duration, Memory):
        try:
            said = str(kind.parse(text))
        except ValueError as error:
            said = str(error)
        assert said == text or "such as" in said or "at most" in said
