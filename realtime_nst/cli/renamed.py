"""Options that were renamed: the old ones are refused in one line that names the new form."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from realtime_nst.errors import UsageError


def with_renamed(remedies: Mapping[str, str]) -> Callable[[Callable[..., None]], Any]:
    """Give a command a hidden option for each old name in ``remedies``, which raises UsageError
    with its remedy. An old name is written as a parameter's: ``begin_steps``."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)

        @wraps(command)
        def run(**given: Any) -> None:
            for old, remedy in remedies.items():
                if given.pop(old) is not None:
                    raise UsageError(f"--{old.replace('_', '-')} is no longer an option; {remedy}")
            command(**given)

        parameters = [*signature.parameters.values(), *map(_hidden, remedies)]
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _hidden(name: str) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, typer.Option(hidden=True)],
    )
