"""The last progress bar of a log."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaker_ci.progress import LONGEST_LABEL, MOST_UPDATES, find_progress

ESC = "\x1b"

# A line, and: done, total, share in percent, label, seconds left.
Told = tuple[float | None, float | None, float | None, str, float | None]

BARS: list[tuple[str, Told]] = [
    # tqdm
    (
        " 45%|████▌     | 450/1000 [00:10<00:12, 45.00it/s, loss=0.3]",
        (450, 1000, 45, "", 12),
    ),
    (
        "Epoch 3:  45%|████▌     | 450/1000 [01:10<1:00:12, 45.00it/s, v_num=0]",
        (450, 1000, 45, "Epoch 3", 3612),
    ),
    ("  0%|          | 0/3 [00:00<?, ?it/s]", (0, 3, 0, "", None)),
    (
        "  1%|▏         | 1/100 [10:00<1 day, 2:03:04, 600.0s/it]",
        (1, 100, 1, "", 93784),
    ),
    (" 45%|####5     | 450/1000 [00:10<00:12, 45.00it/s]", (450, 1000, 45, "", 12)),
    (" 45% 450/1000 [00:10<00:12, 45.00it/s]", (450, 1000, 45, "", 12)),
    ("45%|████▌     | 450k/1.00M [00:10<00:12, 45.0kit/s]", (450e3, 1e6, 45, "", 12)),
    ("45%|████▌     | 450/1.00k [00:10<00:12, 45.0it/s]", (450, 1000, 45, "", 12)),
    ("train: 450it [00:10, 44.10it/s]", (450, None, None, "train", None)),
    ("0it [00:00, ?it/s]", (0, None, None, "", None)),
    ("12500examples [01:02, 201.3examples/s]", (12500, None, None, "", None)),
    ("train:  45%|████▌     |", (None, None, 45, "train", None)),
    # rich
    ("Working... ━━━━━━━━━━╸━━━━━━━━━━━━━  45% 0:00:12", (None, None, 45, "Working...", 12)),
    ("━━━━━━╸──── 45% 0:00:12", (None, None, 45, "", 12)),
    ("━━━━━━━━━━━   0% -:--:--", (None, None, 0, "", None)),
    (
        "Epoch 2/9 ━━━━━━━━╸━━━ 45/100 0:00:12 • 0:00:34 3.21it/s v_num: 0.00",
        (45, 100, 45, "Epoch 2/9", 34),
    ),
    # Keras, click, dask, cargo
    (
        "450/1000 ━━━━━━━━━━━━━━━━━━━━ 12s 27ms/step - accuracy: 0.91 - loss: 0.3",
        (450, 1000, 45, "", 12),
    ),
    ("450/1000 [=========>..........] - ETA: 12s - loss: 0.3", (450, 1000, 45, "", 12)),
    ("450/1000 [=========>..........] - ETA: 3:12 - loss: 0.3", (450, 1000, 45, "", 192)),
    ("  building  [####--------------]   45%  00:00:12", (None, None, 45, "building", 12)),
    ("[########        ] | 45% Completed | 12.3s", (None, None, 45, "", None)),
    ("    Building [=======>      ] 45/100: serde, tokio", (45, 100, 45, "Building", None)),
    # words
    ("step 3 of 10", (3, 10, 30, "step", None)),
    ("Step 100/1000", (100, 1000, 10, "Step", None)),
    ("2026-01-01 12:00:00,123 INFO train: step 100/1000, loss 0.3", (100, 1000, 10, "step", None)),
    ("global_step: 100/1,000", (100, 1000, 10, "global_step", None)),
    ("iter 100 / 1000", (100, 1000, 10, "iter", None)),
    ("Epoch 3/10", (3, 10, 30, "Epoch", None)),
    ("Epoch [3/10], Step [100/500], Loss: 0.3", (100, 500, 20, "Epoch 3/10, Step", None)),
    ("[step=100/1000,epoch=1/2] loss=2.1", (100, 1000, 10, "epoch 1/2, step", None)),
    ("Epoch: [3][100/1000]\tTime 0.3 (0.4)", (100, 1000, 10, "Epoch", None)),
    ("Train Epoch: 1 [600/60000 (1%)]\tLoss: 2.29", (600, 60000, 1, "Train Epoch", None)),
    ('{"event": "step", "step": "3/10"}', (3, 10, 30, "step", None)),
    ("[100/1000]", (100, 1000, 10, "", None)),
    ("[2026-01-01 12:00:00] [450/1000] Building CXX object a.o", (450, 1000, 45, "", None)),
    ("processed 450 of 1000 documents", (450, 1000, 45, "processed", None)),
    ("450/1000 steps", (450, 1000, 45, "steps", None)),
    ("we are 45% done.", (None, None, 45, "", None)),
    ("Progress: 45.3 %", (None, None, 45.3, "", None)),
    # pytest, CMake
    ("tests/test_a.py .......   [ 45%]", (None, None, 45, "", None)),
    ("[gw0] [ 45%] PASSED tests/test_a.py::test_x", (None, None, 45, "", None)),
    ("[ 45%] Building CXX object a.cc.o", (None, None, 45, "", None)),
    # as it was on the screen
    (
        f"a:   0%|  | 0/4 [00:00<?, ?it/s]\ra:  50%|█ | 2/4 [00:01<00:01, 2it/s]{ESC}[A\r",
        (2, 4, 50, "a", 1),
    ),
    (
        f"{ESC}[32mWorking{ESC}[0m {ESC}[91m━━━━━{ESC}[0m  45% 0:00:12",
        (None, None, 45, "Working", 12),
    ),
]


@pytest.mark.parametrize(("line", "told"), BARS, ids=[line[:40] for line, _ in BARS])
def test_bars(line: str, told: Told) -> None:
    found = find_progress(["before", line, "", "after it, loss 0.5/1"])

    assert found is not None
    share = None if found.fraction is None else round(found.fraction * 100, 3)
    assert (found.done, found.total, share, found.label, found.remaining) == told


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{'loss': 0.1, 'epoch': 1.2}",
        "{'loss': 0.1, 'grad_norm': 2.5, 'learning_rate': 4.5e-05, 'epoch': 0.45}",
        "on 3/10 we met",
        "3/10/2026 step forward",
        "step 3/10/2026",
        "data/3/10/file",
        "torch 2.3/1.0, CUDA 12.4/11.8",
        "loss 0.5/1",
        "accuracy: 45%",
        "GPU util 45%, mem 3/80 GB",
        "TOTAL      1000    450    45%",
        "wandb: 45.3% of memory",
        "checkpoint epoch=3/10.json",
        "saved to runs/step 100/200.pt",
        "rank 3/8 is ready",
        "worker [3/8]",
        "Retrying [1/3]",
        "step 12/10",
        "step 0/0",
        "epoch 3",
        "see [1/2](https://example.org)",
        "━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "─────── Results ───────",
        "---------------------------- Captured stdout call -----------------------------",
        "[----------] 3 tests from Widget",
        "Receiving objects:  45% (450/1000), 1.20 MiB | 2.40 MiB/s",
        "150%|███| too much",
        "12:03:45 [00:10, nothing",
    ],
)
def test_what_is_none(line: str) -> None:
    assert find_progress([line]) is None


@pytest.mark.parametrize(
    "download",
    [
        "   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 50.0/100.0 MB 3.2 MB/s eta 0:00:12",
        "   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 50.0/100.0 MB 3.2 MB/s",
        "numpy      ------------------------------ 10.00 MiB/20.00 MiB",
        "data.tar  50%[======>             ] 450.12K  1.20MB/s    eta 12s",
        "model.safetensors:  50%|█████     | 500M/1.00G [00:10<00:12, 45.0MB/s]",
        "Downloading shards:  50%|█████     | 1/2 [00:10<00:05,  5.00s/it]",
        "Loading checkpoint shards:  50%|█████     | 1/2 [00:10<00:05,  5.00s/it]",
        "Fetching 4 files:  50%|█████     | 2/4 [00:10<00:05,  5.00s/it]",
        "Installing [1/2]",
    ],
)
def test_a_download_gives_way_to_the_job(download: str) -> None:
    alone = find_progress([download])
    beside = find_progress(["step 3 of 10", download])

    assert alone is not None
    assert alone.fraction == 0.5
    assert beside is not None
    assert beside.fraction == 0.3


def test_the_last_one_counts() -> None:
    nested = [
        "epochs:  10%|█ | 1/10 [00:01<00:09, 1it/s]",
        "steps:  30%|█ | 3/10 [00:01<00:07, 1it/s]\rsteps:  40%|█ | 4/10 [00:01<00:06, 1it/s]",
    ]

    found = find_progress(nested)

    assert found is not None
    assert (found.label, found.fraction) == ("steps", 0.4)


PIECES = st.sampled_from(
    [*"0123456789%|/[]<:,. \t\r=-#━█▌aZ", ESC, "step ", "Epoch ", " of ", "it/s", "45%|", "[00:10<"]
)


@settings(max_examples=150)
@given(st.lists(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=80), max_size=6))
def test_any_log_is_read(lines: list[str]) -> None:
    found = find_progress(lines)

    if found is not None:
        assert len(found.label) <= LONGEST_LABEL
        assert found.fraction is None or 0 <= found.fraction <= 1
        assert found.done is None or found.done >= 0
        assert found.remaining is None or found.remaining >= 0


@settings(max_examples=40, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=4).map("".join))
def test_more_of_the_same_takes_no_longer_than_its_length(piece: str) -> None:
    """What is longer than a screen is cut: then the time depends on the length no more."""

    def seconds(size: int) -> float:
        line = (piece * size)[:size]
        begun = time.thread_time()
        find_progress([line])
        return time.thread_time() - begun

    assert seconds(100_000) < 0.5
    assert min(seconds(400) for _ in range(3)) < 0.05


def test_a_huge_log_is_read_to_a_bounded_depth() -> None:
    lines = ["step 3 of 10", *["\t[1" * 2000] * MOST_UPDATES]

    assert find_progress(lines) is None
    assert find_progress(lines[:-1]) is not None
