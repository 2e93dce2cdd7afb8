"""A strict parser for targets written as text, such as ``h1(z1) + 0.8*h1(z1)*h2(z2) - 0.5*(z1 - z3)^2``.

========================== ========================================================================
``z1``, ``z2``, ...        the variables, z ~ N(0, I)
``hK(zI)``, ``HeK(zI)``    Hermite polynomials of degree K: orthonormal, and ``HeK = sqrt(K!) hK``
``re(zI, zJ, N)``          the real part of ``(zI + i zJ)^N``; ``im(zI, zJ, N)`` is the imaginary one
``+ - * ^ ( )``            sums, differences, products, powers with a whole exponent (also ``**``)
``/``                      division by a number
``sign abs relu tanh``     functions of a polynomial (:func:`parse_target` alone): ``tanh(z1*z2)``
``erf sin cos exp``        the same
``sqrt(z1^2 + 1)``         of what is nowhere negative; otherwise ``sqrt(abs(...))``
``g(z1)``                  a link by its name, where its values are given (:class:`Link`)
``indicator(z1 > 0.5)``    1 where it holds, 0 elsewhere; also ``1(z1 > 0.5)`` and ``indicator(z1 - 0.5)``
========================== ========================================================================

The text is read by Python's own ``ast``, of which a few node types are allowed, and products are expanded exactly.
Every bound is checked before the work that it bounds. Free of numpy: the config is checked with it before anything
heavy is imported.
"""

import ast
import math
import re
import warnings
from collections.abc import Callable, Mapping

from learnability.hermite.expansion import HermiteExpansion, MultiIndex, root_factorial
from learnability.hermite.function_target import (
    FUNCTIONS,
    Apply,
    FunctionTarget,
    Link,
    Node,
    Polynomial,
    Power,
    Product,
    Sum,
    exponent_problem,
)

MAX_DEGREE = 299  # the recurrence of the Hermite polynomials is accurate in float64 up to here
MAX_POWER = 100  # the coefficients of higher powers leave the range of a float in products
MAX_VARIABLES = 64
MAX_LENGTH = 2000
MAX_BRACKETS = 20
MAX_DIGITS = 40
MAX_WORK = 300_000  # terms of all products times the number of variables: about a second

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{_NUMBER})|(?P<name>[A-Za-z]\w*)|(?P<sign>\*\*|[-+*/^(),])|(?P<order>[<>])|(?P<bad>\S))",
    re.ASCII,
)
_FUNCTION = re.compile(r"(h|He)(\d{1,4})|[Rr]e|[Ii]m", re.ASCII)
_LINK = re.compile(r"[A-Za-z]\w{0,15}", re.ASCII)
_MORE = f"{', '.join(FUNCTIONS)}(...)"
_LANGUAGE = "numbers, zI, hK(zI), HeK(zI), re(zI, zJ, N), im(zI, zJ, N) and + - * / ^ ( )"
_COMPARISON = "a comparison such as z1 > 0.5 may only be the argument of an indicator"
_MOST_BITS = 14  # what messages about functions of bits say; learnability.diagnosis.cube demands it


def _told(words: str, letter: str, functions: bool = False) -> str:
    """The words of a message in the letter of the variables; the indicator of a comparison beside other functions."""
    words += ", and 1(zI > NUMBER)" if functions else ""
    if letter == "z":
        return words
    words = re.sub(r"\bz(?=[IJ1-9])", letter, words)
    return words.replace(f"{letter}{MAX_VARIABLES}", f"{letter}{_MOST_BITS}") if letter == "x" else words


def _all_of_it(letter: str, functions: bool) -> str:
    """What the language has, in the letter of the variables."""
    return _told(f"{_LANGUAGE}, {_MORE}" if functions else _LANGUAGE, letter, functions)


class TargetError(ValueError):
    """A mistake in a target's text; ``column`` counts from 1. The message quotes at most 60 characters of the text."""

    def __init__(self, text: str, column: int, problem: str) -> None:
        self.text, self.column, self.problem = text, column, problem
        first = max(0, min(column - 30, len(text) - 60))
        shown = ("..." if first else "") + text[first : first + 60] + ("..." if len(text) > first + 60 else "")
        super().__init__(f"column {column} of {shown!r}: {problem}")


def parse(text: str, variables: int | None = None) -> HermiteExpansion:
    """The exact Hermite expansion of a target's text.

    ``variables`` is the number of variables; without it, the highest index that occurs. Raises :class:`TargetError` (a
    ValueError) with the column of the mistake: an unknown name or sign, a form that the language does not have, a
    degree above 299, or a text that is too long, too deep or too costly to expand.
    """
    tree, columns, highest = _tree(text, variables or MAX_VARIABLES, "z", functions=False)
    return _Reader(text, columns, variables or highest or 1).sum(tree)


def parse_target(
    text: str, variables: int | None = None, letter: str = "z", links: Mapping[str, Link] | None = None
) -> HermiteExpansion | FunctionTarget:
    """A target of the whole language: the exact expansion of a polynomial, or a tree with functions.

    ``letter`` is that of the variables (``x`` for bits of the cube), ``links`` has the functions that the text may
    name beside those of the language. Raises :class:`TargetError` as :func:`parse` does, and for a target whose second
    moment is infinite.
    """
    masked, places = _masked(text, links or {})
    try:
        tree, columns, highest = _tree(masked, variables or MAX_VARIABLES, letter, functions=True)
    except TargetError as error:
        raise TargetError(text, error.column, error.problem) from None
    count = variables or highest or 1
    named = {column: (name, links[name]) for column, name in places.items()} if links else {}
    reader = _FunctionReader(text, columns, count, letter, named)
    if reader.is_polynomial(tree):
        return reader.sum(tree)
    root = reader.build(tree)
    problem = exponent_problem(root) if letter == "z" else None
    if problem:
        column = text.index("exp") + 1
        raise TargetError(text, column, problem)
    return root.expansion if isinstance(root, Polynomial) else FunctionTarget(text, count, root)


def link_problem(name: str) -> str | None:
    """Why a link cannot have this name; None where it can."""
    if not _LINK.fullmatch(name):
        return f"{name[:20]!r} cannot name a link: allowed are a letter and then up to 15 letters, digits, underscores"
    if name in FUNCTIONS or _FUNCTION.fullmatch(name) or re.fullmatch(r"[zx]\d*", name):
        return f"{name!r} cannot name a link: the language has a meaning for it"
    return None


def _masked(text: str, links: Mapping[str, Link]) -> tuple[str, dict[int, str]]:
    """The text with every link that is applied written as an indicator ``1(...)``, in as many characters, and the names
    by the columns where they stood: the form of a text does not depend on what its functions are."""
    places: dict[int, str] = {}
    if not links:
        return text, places

    def mask(match: re.Match[str]) -> str:
        places[match.start() + 1] = match[0]
        return "1".ljust(len(match[0]))

    names = "|".join(re.escape(name) for name in sorted(links, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])(?:{names})(?=\s*\()", mask, text), places


def _tree(text: str, most: int, letter: str, functions: bool) -> tuple[ast.expr, list[int], int]:
    """The syntax tree, the column of each of its characters, and the highest index of a variable."""
    if len(text) > MAX_LENGTH:
        raise TargetError(
            text, MAX_LENGTH + 1, f"the text has {len(text)} characters; at most {MAX_LENGTH} are allowed"
        )
    highest = _check_tokens(text, most, letter, functions)
    # For Python ^ is no power. Columns are carried along, and leading spaces would be an indentation.
    start = len(text) - len(text.lstrip())
    pieces = [(i, "**" if c == "^" else " " if c.isspace() else c) for i, c in enumerate(text) if i >= start]
    columns = [i + 1 for i, piece in pieces for _ in piece] + [len(text) + 1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse("".join(piece for _, piece in pieces), mode="eval")
    except SyntaxError as error:
        column = columns[min(error.offset, len(columns)) - 1] if error.offset else len(text) + 1
        allowed = f"{_LANGUAGE}, {_MORE}" if functions else _LANGUAGE
        raise TargetError(
            text, column, f"unexpected {_token_at(text, column)}; allowed are {_told(allowed, letter, functions)}"
        ) from None
    except (RecursionError, MemoryError):
        raise TargetError(text, 1, "the text is nested too deeply") from None
    return tree.body, columns, highest


def _check_tokens(text: str, most: int, letter: str, functions: bool) -> int:
    """The highest index of a variable. Raises for everything that is wrong wherever it stands."""
    highest, before, opened = 0, "", list[int]()
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        token, column = match[kind], match.start(kind) + 1
        if kind == "bad" or (kind == "order" and not functions):
            raise TargetError(text, column, f"unknown sign {token!r}; allowed are {_all_of_it(letter, functions)}")
        if kind == "number" and len(token) > MAX_DIGITS:
            raise TargetError(text, column, f"a number has at most {MAX_DIGITS} characters, not {len(token)}")
        if kind == "number" and re.match(r"\w", text[match.end() :]):
            raise TargetError(text, match.end() + 1, f"expected a sign after {token}, as in {token}*{letter}1")
        if kind == "name" and not _FUNCTION.fullmatch(token) and not (functions and token in FUNCTIONS):
            index = int(token[1:]) if re.fullmatch(rf"{letter}[1-9]\d{{0,3}}", token) else 0
            if not 1 <= index <= most:
                more = f"{', '.join(FUNCTIONS)}, " if functions else ""
                known = f"the variables are {letter}1 to {letter}{most}, the functions {more}hK, HeK, re and im"
                raise TargetError(
                    text,
                    column,
                    f"unknown {_kind(text, match.end())} {token[:20]!r}: {_told(known, letter, functions)}",
                )
            highest = max(highest, index)
        if token in ("+", "-") and before in ("+", "-"):
            raise TargetError(text, column, f"expected a term after {before!r}, found {token!r}")
        if token == "(":
            opened.append(column)
            if len(opened) > MAX_BRACKETS:
                raise TargetError(text, column, f"more than {MAX_BRACKETS} brackets are open")
        if token == ")" and not opened:
            raise TargetError(text, column, "this ')' has no '('")
        if token == ")":
            opened.pop()
        before = token
    if opened:
        raise TargetError(text, opened[-1], "expected ')': this '(' is never closed")
    return highest


def _kind(text: str, end: int) -> str:
    """What a name that ends there was meant as."""
    return "function" if re.match(r"\s*\(", text[end:]) else "variable"


def _token_at(text: str, column: int) -> str:
    match = _TOKEN.match(text, column - 1)
    return repr(match[0].strip()) if match else "end of the text"


class _Reader:
    """Expands the allowed nodes of one text in ``count`` variables. The brackets bound how deep it recurses."""

    def __init__(self, text: str, columns: list[int], count: int, letter: str = "z") -> None:
        self.text, self.columns, self.count, self.letter = text, columns, count, letter
        self.work = 0

    def fail(self, node: ast.expr, problem: str) -> TargetError:
        return TargetError(self.text, self.columns[node.col_offset], problem)

    def in_range(self, node: ast.expr, expand: Callable[[], HermiteExpansion]) -> HermiteExpansion:
        """The expansion; an error where a coefficient is not finite."""
        try:
            return expand()
        except (OverflowError, ValueError):
            raise self.fail(node, "its coefficients exceed the range of a float") from None

    def sum(self, node: ast.expr) -> HermiteExpansion:
        """The terms of a sum, added from the left."""
        whole, terms = node, list[tuple[float, ast.expr]]()
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            terms.append((-1.0 if isinstance(node.op, ast.Sub) else 1.0, node.right))
            node = node.left
        total: dict[MultiIndex, float] = {}
        for sign, term in [(1.0, node), *reversed(terms)]:
            for index, value in self.product(term).coefficients.items():
                total[index] = total.get(index, 0.0) + sign * value
        return self.in_range(whole, lambda: HermiteExpansion(self.count, total))

    def product(self, node: ast.expr) -> HermiteExpansion:
        """The factors of a term, multiplied from the left."""
        whole, steps = node, list[ast.BinOp]()
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            steps.append(node)
            node = node.left
        result = self.factor(node)
        for step in reversed(steps):
            right = self.factor(step.right)
            divide = isinstance(step.op, ast.Div)
            result = self.quotient(step.right, result, right) if divide else self.times(whole, result, right)
        return result

    def factor(self, node: ast.expr) -> HermiteExpansion:
        """A number, a variable, a function, a power, or what stands in brackets."""
        match node:
            case ast.Constant(value=int() | float() as number):
                if not math.isfinite(number):
                    raise self.fail(node, "this number is too large")
                return HermiteExpansion(self.count, {(0,) * self.count: number})
            case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
                return self.factor(node.operand).scaled(-1.0 if isinstance(node.op, ast.USub) else 1.0)
            case ast.Name(id=name) if name.startswith(self.letter):
                return HermiteExpansion(self.count, {self.powers({node: 1}): 1.0})
            case ast.Call(
                func=ast.Name(id="re" | "im" | "Re" | "Im" as part), args=[first, second, exponent], keywords=[]
            ):
                return self.harmonic(part.lower(), first, second, self.whole(exponent))
            case ast.Call(func=ast.Name(id=name), args=[variable], keywords=[]) if named := _FUNCTION.fullmatch(name):
                if named[2] and int(named[2]) <= MAX_DEGREE:
                    index = self.powers({variable: int(named[2])})
                    return HermiteExpansion(self.count, {index: 1.0 if named[1] == "h" else root_factorial(index)})
                if named[2]:
                    raise self.fail(node, f"the degree {named[2]} exceeds {MAX_DEGREE}")
            case ast.BinOp(op=ast.Pow()):
                return self.power(node)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                return self.sum(node)
        raise self.fail(
            node,
            "this form is not part of the language; allowed are "
            f"{_all_of_it(self.letter, functions=isinstance(self, _FunctionReader))}",
        )

    def times(self, node: ast.expr, left: HermiteExpansion, right: HermiteExpansion) -> HermiteExpansion:
        """The product, once its degree and its cost are known to be small enough."""
        if left.degree + right.degree > MAX_DEGREE:
            raise self.fail(node, f"the degree of the term exceeds {MAX_DEGREE}")
        for b in left.coefficients:
            self.work += len(right.coefficients) * self.count
            for g in right.coefficients if self.work <= MAX_WORK else ():
                self.work += self.count * math.prod(min(m, n) + 1 for m, n in zip(b, g, strict=True))
            if self.work > MAX_WORK:
                raise self.fail(node, "expanding the text would take too long; use fewer or smaller products")
        return self.in_range(node, lambda: left * right)

    def quotient(self, node: ast.expr, left: HermiteExpansion, right: HermiteExpansion) -> HermiteExpansion:
        if right.degree or not right.coefficients:
            raise self.fail(node, "only division by a number other than 0 is allowed")
        divided = {b: a / right.mean for b, a in left.coefficients.items()}
        return self.in_range(node, lambda: HermiteExpansion(self.count, divided))

    def power(self, node: ast.BinOp) -> HermiteExpansion:
        exponent = self.whole(node.right)
        if isinstance(node.left, ast.Name):
            index = self.powers({node.left: exponent})
            return HermiteExpansion.from_monomials(self.count, {index: 1.0})
        base = self.factor(node.left)
        result = HermiteExpansion(self.count, {(0,) * self.count: 1.0})
        for _ in range(exponent):
            result = self.times(node, result, base)
        return result

    def harmonic(self, part: str, first: ast.expr, second: ast.expr, exponent: int) -> HermiteExpansion:
        """Both parts of (x + iy)^n are harmonic: their monomials are their Hermite polynomials, ``x^j y^k -> He_j
        He_k``."""
        terms = {
            self.powers({first: exponent - k, second: k}): float((-1) ** (k // 2) * math.comb(exponent, k))
            for k in range(part == "im", exponent + 1, 2)
        }
        return self.in_range(first, lambda: HermiteExpansion.from_unnormalised(self.count, terms))

    def whole(self, node: ast.expr) -> int:
        if not isinstance(node, ast.Constant) or type(node.value) is not int:
            raise self.fail(node, f"an exponent is a whole number, such as the 2 of {self.letter}1^2")
        if node.value > MAX_POWER:
            raise self.fail(node, f"the exponent exceeds {MAX_POWER}")
        return node.value

    def powers(self, exponents: dict[ast.expr, int]) -> MultiIndex:
        """The multi-index with the given exponents of variables."""
        index = [0] * self.count
        for node, exponent in exponents.items():
            if not isinstance(node, ast.Name) or not node.id.startswith(self.letter):
                raise self.fail(node, f"expected a variable, such as {self.letter}1")
            index[int(node.id[1:]) - 1] += exponent
        return tuple(index)


class _FunctionReader(_Reader):
    """Builds the tree of a text that applies functions; polynomial parts are expanded as by :class:`_Reader`.

    ``links`` has the names and values of links by the columns where they are applied.
    """

    def __init__(
        self, text: str, columns: list[int], count: int, letter: str, links: Mapping[int, tuple[str, Link]]
    ) -> None:
        super().__init__(text, columns, count, letter)
        self.links = links

    def link_of(self, node: ast.expr) -> tuple[str, Link] | None:
        """The link that a call applies."""
        return self.links.get(self.columns[node.col_offset]) if isinstance(node, ast.Call) else None

    def is_polynomial(self, node: ast.expr) -> bool:
        """Whether no function of the language occurs below."""
        return not any(isinstance(inner, ast.Compare) or self.function_of(inner) for inner in ast.walk(node))

    def function_of(self, node: ast.AST) -> str | None:
        """The name of the function that a call applies; ``1(...)`` is the indicator."""
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
                return name
            case ast.Call(func=ast.Constant(value=1)):
                return "indicator"
        return None

    def build(self, node: ast.expr) -> Node:
        """The tree of an expression."""
        if self.is_polynomial(node):
            return Polynomial(self.sum(node))
        match node:
            case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
                return self.signed(node.operand, isinstance(node.op, ast.USub))
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
                return _sum(self.build(left), self.signed(right, isinstance(node.op, ast.Sub)))
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                return _product(self.build(left), self.build(right))
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                divisor = self.build(right)
                if not isinstance(divisor, Polynomial) or divisor.expansion.degree or not divisor.expansion.mean:
                    raise self.fail(right, "only division by a number other than 0 is allowed")
                return _product(Polynomial(self.number(1 / divisor.expansion.mean)), self.build(left))
            case ast.BinOp(op=ast.Pow(), left=left, right=right):
                exponent = self.whole(right)
                return Power(self.build(left), exponent) if exponent else Polynomial(self.number(1.0))
            case ast.Call(args=[argument], keywords=[]) if link := self.link_of(node):
                return self.applied(node, *link, argument)
            case ast.Call(args=[argument], keywords=[]) if name := self.function_of(node):
                return self.apply(node, name, argument)
        raise self.fail(
            node, f"this form is not part of the language; allowed are {_all_of_it(self.letter, functions=True)}"
        )

    def applied(self, node: ast.expr, name: str, link: Link, argument: ast.expr) -> Node:
        """A link of its argument."""
        if isinstance(argument, ast.Compare):
            raise self.fail(argument, _told(_COMPARISON, self.letter))
        return Apply(name, self.build(argument), link)

    def apply(self, node: ast.expr, name: str, argument: ast.expr) -> Node:
        """A function of its argument; a constant where the argument is one."""
        if isinstance(argument, ast.Compare):
            match argument:
                case ast.Compare(left=left, ops=[ast.Gt() | ast.Lt() as order], comparators=[right]) if (
                    name == "indicator"
                ):
                    low, high = (right, left) if isinstance(order, ast.Gt) else (left, right)
                    return Apply(name, _sum(self.build(high), self.signed(low, negative=True)))
            raise self.fail(argument, _told(_COMPARISON, self.letter))
        inner = self.build(argument)
        if name == "exp" and not isinstance(inner, Polynomial):
            raise self.fail(node, "the argument of exp must be a polynomial")
        if name == "sqrt" and _least(inner, self.count) < 0:
            raise self.fail(node, "the argument of sqrt is negative at some points; sqrt(abs(...)) is allowed")
        return Apply(name, inner)

    def signed(self, node: ast.expr, negative: bool) -> Node:
        built = self.build(node)
        if not negative:
            return built
        if isinstance(built, Polynomial):
            return Polynomial(built.expansion.scaled(-1.0))
        return _product(Polynomial(self.number(-1.0)), built)

    def number(self, value: float) -> HermiteExpansion:
        return HermiteExpansion(self.count, {(0,) * self.count: value})


def _least(node: Node, variables: int) -> float:
    """The least of many values, those within rounding of zero counted as zero. The one check that needs numpy."""
    import numpy as np

    z = np.random.default_rng(37).standard_normal((4000, variables)) * np.linspace(0.1, 3, 4000)[:, None]
    values = FunctionTarget("", variables, node)(z)
    least = float(np.min(values))
    return 0.0 if least > -1e-12 * float(np.abs(values).max()) else least


def _sum(left: Node, right: Node) -> Node:
    """The sum with its polynomial part, if there is one, collected in front."""
    terms = [t for node in (left, right) for t in (node.terms if isinstance(node, Sum) else (node,))]
    polynomial = [t.expansion for t in terms if isinstance(t, Polynomial)]
    others = tuple(t for t in terms if not isinstance(t, Polynomial))
    if not polynomial:
        return Sum(others)
    total = polynomial[0]
    for one in polynomial[1:]:
        total = total + one
    return Sum((Polynomial(total), *others)) if others else Polynomial(total)


def _product(left: Node, right: Node) -> Node:
    """The product with its polynomial factors in front; constants are multiplied."""
    factors = [f for node in (left, right) for f in (node.factors if isinstance(node, Product) else (node,))]
    constant = math.prod(f.expansion.mean for f in factors if isinstance(f, Polynomial) and not f.expansion.degree)
    others = [f for f in factors if not (isinstance(f, Polynomial) and not f.expansion.degree)]
    others.sort(key=lambda f: not isinstance(f, Polynomial))
    if constant == 1 and others:
        return Product(tuple(others)) if len(others) > 1 else others[0]
    count = next(f.expansion.variables for f in factors if isinstance(f, Polynomial) and not f.expansion.degree)
    return Product((Polynomial(HermiteExpansion(count, {(0,) * count: constant})), *others))
