"""Make machine code of plain functions, and leave the functions themselves plain.

Here: the one place that knows numba. Never here: a step of any method.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
ROOM = __name__.partition(".")[0] + "."


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The compiled twin of a function and of all functions of this room that it calls.

    Machine code is kept for the next process, beside the source or else in the user's cache, under a name that holds the hash
    of every module that went into it: numba itself looks at the file of the outermost function alone. With
    NUMBA_DISABLE_JIT=1 in the environment the function comes back as it is.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return function
    return cast(Callable[P, R], _compiled_once(cast(FunctionType, function)))


@cache
def _compiled_once(function: FunctionType) -> Callable[..., Any]:
    steps = _called_by(function)
    modules = sorted({step.__module__ for step in steps})
    sources = "".join(inspect.getsource(sys.modules[module]) for module in modules)
    return _twins(steps, hashlib.sha256(sources.encode()).hexdigest()[:12])[0]


def _called_by(function: FunctionType) -> list[FunctionType]:
    """The function and all functions of this room that it calls, directly or not."""
    found = [function]
    for caller in found:
        names = (caller.__globals__.get(name) for name in caller.__code__.co_names)
        found += [each for each in names if isinstance(each, FunctionType) and each.__module__.startswith(ROOM) and each not in found]
    return found


def _twins(steps: list[FunctionType], version: str) -> list[Callable[..., Any]]:
    """The steps compiled; each sees the compiled twins of the others in the place of the plain functions."""
    compiler = _compiler()
    scopes: dict[str, dict[str, Any]] = {step.__module__: dict(step.__globals__) for step in steps}
    twins: dict[Any, Callable[..., Any]] = {}
    for step in steps:
        twin = FunctionType(step.__code__, scopes[step.__module__], step.__name__, step.__defaults__)
        twin.__qualname__ = f"{step.__name__}_{version}"
        twin.__module__ = step.__module__
        # Only the outermost function is called from outside and kept: the code of the others is in it.
        is_inner = step is not steps[0]
        twins[step] = compiler(cache=not is_inner, no_cpython_wrapper=is_inner, no_cfunc_wrapper=True)(twin)
    for scope in scopes.values():
        scope.update({name: twins[each] for name, each in scope.items() if isinstance(each, FunctionType) and each in twins})
    return [twins[step] for step in steps]


def _compiler() -> Callable[..., Callable[[FunctionType], Callable[..., Any]]]:
    """numba's `njit`, without the linear algebra of scipy that numba would load for it: .3 CPU seconds for what no step uses."""
    blas = "scipy.linalg.cython_blas"
    is_hidden = blas not in sys.modules
    if is_hidden:
        sys.modules[blas] = None  # type: ignore[assignment]  # so Python is told that a module is not to be had
    try:
        from numba import njit
        from numba.np import arraymath  # noqa: F401 (this is the module that looks for it)
    finally:
        if is_hidden:
            del sys.modules[blas]
    return njit
