"""May this run: values of a request and the maintainer's rules → a decision and its reasons."""

from beaker_ci.policy.evaluate import evaluate
from beaker_ci.policy.merge import is_modified, merge_recipe
from beaker_ci.policy.person import judge_person
from beaker_ci.policy.price import Price, price_of

__all__ = ["Price", "evaluate", "is_modified", "judge_person", "merge_recipe", "price_of"]
