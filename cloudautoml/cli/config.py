"""`cloudautoml config`: the settings that hold, and where each of them comes from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table

if TYPE_CHECKING:
    from cloudautoml.config import Origin


def config(
    spec: Annotated[Path | None, typer.Argument(metavar="[SPEC]", help="The job spec.")] = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say where each value comes from.")] = False,
    provider: options.ProviderOption = None,
    overrides: options.SetOption = [],  # noqa: B006 - read and never changed
    json: options.JsonOption = False,
) -> int:
    """Show the settings that hold, and where they come from.

    With a spec: all of it, with every layer merged into it.

    Strongest first: --set, options, CLOUDAUTOML_* variables, the spec, a profile, the project's cloudautoml.yaml,
    the user's config.yaml, defaults.
    """
    from cloudautoml.cli.handles import flags
    from cloudautoml.config import gather, resolve
    from cloudautoml.config.sources import user_file
    from cloudautoml.store import default_home

    output = Output(as_json=json)
    given = flags(provider=provider)
    if spec is not None:
        resolved = resolve(spec, flags=given, overrides=overrides)
        settings, rows = resolved.settings, list(resolved.explain())
    else:
        settings = gather(flags=given, overrides=overrides)
        rows = list(settings.explain())
    if json:
        output.result(
            {
                "home": str(default_home()),
                "user_file": str(user_file()),
                "files": [str(file) for file in settings.files],
                "profile": settings.profile,
                "profiles": sorted(settings.profiles),
                "settings": [{"field": field, "value": value, **_origin(origin)} for field, value, origin in rows],
            }
        )
        return 0
    if explain:
        cells = [
            [field, _text(value), f"{origin.layer}{f'  {origin.place}' if origin.place else ''}"]
            for field, value, origin in rows
        ]
        output.data(table(["field", "value", "from"], cells))
    elif rows:
        output.data("\n".join(f"{field} = {_text(value)}" for field, value, _ in rows))
    output.note(f"home  {default_home()}")
    for file in settings.files:
        output.note(f"file  {file}")
    if settings.profiles:
        output.note(f"profiles  {', '.join(sorted(settings.profiles))}")
    return 0


def _origin(origin: "Origin") -> dict[str, str | None]:
    return {"layer": origin.layer, "where": str(origin.place) if origin.place else None}


def _text(value: Any) -> str:
    import json as json_text

    return value if isinstance(value, str) else json_text.dumps(value, ensure_ascii=False)
