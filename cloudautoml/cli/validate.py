"""`cloudautoml validate`: check a spec, its data, and which providers could run it; nothing is started."""

from typing import TYPE_CHECKING, Any

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table

if TYPE_CHECKING:
    from cloudautoml.config import Resolved
    from cloudautoml.data import Finding


def validate(
    spec: options.SpecArgument,
    *,
    provider: options.ProviderOption = None,
    overrides: options.SetOption = [],  # noqa: B006 - read and never changed
    json: options.JsonOption = False,
) -> int:
    """Check a spec, its data and which providers could run it.

    Needs no network.
    """
    from cloudautoml.cli.handles import flags
    from cloudautoml.config import resolve

    output = Output(as_json=json)
    resolved = resolve(spec, flags=flags(provider=provider), overrides=overrides)
    findings = _findings(resolved)
    portability = _portability(resolved)
    own = next((row for row in portability if row["provider"] == resolved.spec.provider), None)
    errors = [finding for finding in findings if finding.severity.value == "error"]
    valid = not errors and own is not None and own["runs"]
    if json:
        found = [finding.to_dict() for finding in findings]
        output.result({"spec": str(spec), "valid": valid, "findings": found, "providers": portability})
        return 0 if valid else 2
    output.data(f"spec  {spec}: well-formed")
    if findings:
        rows = [[f.severity.value, f.column or "", f"{f.message}{f' ({f.hint})' if f.hint else ''}"] for f in findings]
        output.data("\n" + table(["severity", "column", "finding"], rows))
    else:
        output.data("data  nothing to report")
    lines = [[row["provider"], "yes" if row["runs"] else "no", "; ".join(row["refuses"])] for row in portability]
    output.data("\n" + table(["provider", "runs it", "why not"], lines))
    if not valid:
        output.warn(f"provider {resolved.spec.provider!r} would not run this")
    return 0 if valid else 2


def _findings(resolved: "Resolved") -> "list[Finding]":
    """What the data check finds; data that cannot be read from here has nothing to find."""
    from cloudautoml.data import prepare_for

    spec = resolved.spec
    data = None if "://" in str(spec.data.train) else prepare_for(spec, strict=False)
    return list(data.findings) if data is not None else []


def _portability(resolved: "Resolved") -> list[dict[str, Any]]:
    from cloudautoml import registry
    from cloudautoml.config import provider_for
    from cloudautoml.errors import CloudAutoMLError, UnknownNameError

    spec, rows = resolved.spec, list[dict[str, Any]]()
    names = registry.names("providers")
    if spec.provider not in names:
        place = resolved.settings.origins.place(("provider",))
        known = [*names, *resolved.settings.profiles]
        raise UnknownNameError("provider", spec.provider, known, where=str(place) if place else None)
    for name in names:
        try:
            gaps = provider_for(spec, name, origins=resolved.settings.origins).check(spec)
        except CloudAutoMLError as exc:  # a setting, an extra or a value that this one asks for
            if name == spec.provider:
                raise
            refuses = [f"{exc.message}{f'; {exc.hint}' if exc.hint else ''}"]
        else:
            refuses = [str(gap) for gap in gaps]
        rows.append({"provider": name, "runs": not refuses, "refuses": refuses})
    return rows
