"""GitHub's expressions, evaluated: what a job's ``if`` and a concurrency group come to.

Follows GitHub's description of the language: loose comparison, strings without regard to case,
``&&`` and ``||`` that return an operand. What cannot be known raises :class:`Unknowable`, unless
the rest decides whether it is true (``unknown && false`` is not).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from beaker_ci.setup.values import (
    COMPOUND,
    FUNCTIONS,
    LITERALS,
    OnlyTruth,
    Partial,
    Unknowable,
    Value,
    compare,
    is_true,
    known,
    number,
    text_of,
)

Term = Callable[[Mapping[str, Value]], Value]

_MOST_TOKENS = 300
_DEEPEST = 40

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'[^']*(?:''[^']*)*'(?!'))
      | (?P<number>[-+]?(?:0x[0-9a-fA-F]+|[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)(?![\w.]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
      | (?P<mark>\|\||&&|[=!<>]=|[!<>()\[\],.*])
    )""",
    re.VERBOSE | re.ASCII,
)
# Every character can be read in one way only. Possessive quantifiers would say so too, but they are
# broken before Python 3.11.5.
_EMBEDDED = re.compile(r"\$\{\{((?:'[^']*'|[^'}$]|\}(?!\})|\$(?!\{\{))*)\}\}")


def evaluate(text: str, contexts: Mapping[str, Value]) -> Value:
    """The value of an expression, without ``${{`` and ``}}`` around it.

    Args:
        text: The expression.
        contexts: What is known: ``github``, ``inputs`` and so on.

    Raises:
        Unknowable: When it rests on anything else, or is no expression.
    """
    value = _Parser(text).parse()(contexts)
    if isinstance(value, OnlyTruth):
        raise value.why
    return value


def fill(text: str, contexts: Mapping[str, Value]) -> Value:
    """The value of a text with ``${{ … }}`` in it: the expression's own if that is all of it."""
    whole = _EMBEDDED.fullmatch(text.strip())
    if whole:
        return evaluate(whole[1], contexts)
    return _EMBEDDED.sub(lambda match: text_of(evaluate(match[1], contexts)), text)


def condition(text: str, contexts: Mapping[str, Value]) -> bool:
    """Whether an ``if`` holds; it may leave out ``${{`` and ``}}``."""
    whole = _EMBEDDED.fullmatch(text.strip())
    if "${{" in text and not whole:
        return is_true(fill(text, contexts))
    return is_true(_Parser(whole[1] if whole else text).parse()(contexts))


class _Parser:
    """Recursive descent; every method returns a term that is evaluated when it is needed."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._depth = 0

    def parse(self) -> Term:
        term = self._either()
        if self._tokens:
            raise Unknowable(f"`{self._tokens[0][1]}` is not expected there")
        return term

    def _take(self, *marks: str) -> str | None:
        if self._tokens and self._tokens[0][0] == "mark" and self._tokens[0][1] in marks:
            return self._tokens.pop(0)[1]
        return None

    def _need(self, mark: str) -> None:
        if self._take(mark) is None:
            raise Unknowable(f"`{mark}` is missing")

    def _either(self) -> Term:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unknowable("nested too deeply")
        term = self._both()
        while self._take("||"):
            term = _decided_by(term, self._both(), by=True)
        self._depth -= 1
        return term

    def _both(self) -> Term:
        term = self._compared()
        while self._take("&&"):
            term = _decided_by(term, self._compared(), by=False)
        return term

    def _compared(self) -> Term:
        term = self._negated()
        while mark := self._take("==", "!=", "<", "<=", ">", ">="):
            term = _comparison(mark, term, self._negated())
        return term

    def _negated(self) -> Term:
        negations = 0
        while self._take("!"):
            negations += 1
        term = self._member()
        if not negations:
            return term
        return lambda contexts: is_true(term(contexts)) is (negations % 2 == 0)

    def _member(self) -> Term:
        term = self._single()
        while mark := self._take(".", "["):
            if mark == "[":
                term = _item(term, self._either())
                self._need("]")
            elif self._tokens and self._tokens[0][0] == "word":
                term = _item(term, _constant(self._tokens.pop(0)[1]))
            else:
                raise Unknowable("`.*` is not followed here")
        return term

    def _single(self) -> Term:
        if self._take("("):
            term = self._either()
            self._need(")")
            return term
        if not self._tokens or self._tokens[0][0] == "mark":
            raise Unknowable("a value is missing")
        kind, text = self._tokens.pop(0)
        if kind == "string":
            return _constant(text[1:-1].replace("''", "'"))
        if kind == "number":
            return _constant(number(text))
        if text.lower() in LITERALS:
            return _constant(LITERALS[text.lower()])
        if self._take("("):
            return self._call(text.lower())
        return lambda contexts: _context(contexts, text.lower())

    def _call(self, name: str) -> Term:
        arguments: list[Term] = []
        if not self._take(")"):
            arguments.append(self._either())
            while self._take(","):
                arguments.append(self._either())
            self._need(")")
        function = FUNCTIONS.get((name, len(arguments)))
        if function is None:
            raise Unknowable(f"`{name}()` is not followed here")
        return lambda contexts: function(*(known(argument(contexts)) for argument in arguments))


def _tokens(text: str) -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None or len(found) == _MOST_TOKENS:
            raise Unknowable(f"`{text[position : position + 10]}` is not understood")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def _constant(value: Value) -> Term:
    return lambda _: value


def _decided_by(left: Term, right: Term, *, by: bool) -> Term:
    """``||`` is decided by an operand that is true, ``&&`` by one that is not."""

    def term(contexts: Mapping[str, Value]) -> Value:
        try:
            value = left(contexts)
        except Unknowable as error:
            if is_true(right(contexts)) is not by:
                raise
            return OnlyTruth(error, true=by)
        return value if is_true(value) is by else right(contexts)

    return term


def _comparison(mark: str, left: Term, right: Term) -> Term:
    return lambda contexts: compare(mark, known(left(contexts)), known(right(contexts)))


def _item(holder: Term, key: Term) -> Term:
    def term(contexts: Mapping[str, Value]) -> Value:
        held, name = known(holder(contexts)), known(key(contexts))
        if isinstance(held, Mapping):
            for own_name, value in held.items():
                if own_name.lower() == text_of(name).lower():
                    return value
            if isinstance(held, Partial):
                raise Unknowable(f"`{name}` is not known here")
            return None
        if isinstance(held, COMPOUND):
            raise Unknowable("places of a list are not followed here")
        return None

    return term


def _context(contexts: Mapping[str, Value], name: str) -> Value:
    if name not in contexts:
        raise Unknowable(f"`{name}` is not known here")
    return contexts[name]
