"""A training run in miniature: it logs its steps and leaves its metrics where Beaker looks.

/beaker run -- python examples/train.py --steps 20
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

DIVERGED = 1e6
"""A loss that never comes back."""


def main() -> None:
    """Fits y = 2x + 1 by gradient descent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--learning-rate", type=float, default=0.2)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds that a step takes here")
    options = parser.parse_args()

    points = [(x / 10, 2 * x / 10 + 1) for x in range(-10, 11)]
    slope = offset = loss = 0.0
    for step in range(1, options.steps + 1):
        errors = [(slope * x + offset - y, x) for x, y in points]
        loss = sum(error * error for error, _ in errors) / len(points)
        if loss > DIVERGED:
            raise SystemExit(
                f"step {step}/{options.steps}  loss {loss:.1e}: it diverges; "
                f"a learning rate below {options.learning_rate} may help"
            )
        slope -= options.learning_rate * 2 * sum(e * x for e, x in errors) / len(points)
        offset -= options.learning_rate * 2 * sum(e for e, _ in errors) / len(points)
        if step % 4 == 0 or step == 1:
            print(f"step {step:>2}/{options.steps}  loss {loss:.4f}", flush=True)
        time.sleep(options.pause)

    results = Path(os.environ.get("RESULTS_DIR", "/results"))
    results.mkdir(parents=True, exist_ok=True)
    metrics = {"loss": round(loss, 6), "slope": round(slope, 4), "offset": round(offset, 4)}
    (results / "metrics.json").write_text(json.dumps(metrics))
    print(f"done: slope {slope:.4f}, offset {offset:.4f}", flush=True)


if __name__ == "__main__":
    main()
