"""Imports: a user's own function named in a spec, so that another process in another folder finds it."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import Any

_FILE = ".py:"
_INSTALLED = tuple(Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib"))


def anchored(name: str, base: Path) -> str:
    """A name made independent of the working folder, where what it names is in a folder.

    Args:
        name: `module:name`, or `path/to/file.py:name`.
        base: The folder.

    Returns:
        `/path/to/file.py:name`; the name as it was where the folder holds no such file: an installed module.
    """
    place, separator, attribute = name.rpartition(":")
    if not separator:
        return name
    if _FILE in name:
        path = (base / Path(place).expanduser()).absolute()
        return f"{path}:{attribute}"
    beside = base.joinpath(*place.split("."))
    for path in (beside.with_name(f"{beside.name}.py"), beside / "__init__.py"):
        if path.is_file():
            return f"{path.absolute()}:{attribute}"
    return name


def name_of(value: Any) -> str:
    """Where a function or a class is, to be imported by another process.

    Returns:
        `/path/to/file.py:name`, or `module:name` where its module is installed.

    Raises:
        ValueError: It cannot be imported.
    """
    name, module = getattr(value, "__qualname__", ""), sys.modules.get(getattr(value, "__module__", None) or "")
    if not name or module is None:
        msg = f"{value!r} has no name to import it by: put it in a file, and give it as 'file.py:name'"
        raise ValueError(msg)
    if "<" in name:
        kind = "a lambda" if "<lambda>" in name else "made inside another function"
        msg = f"{name} is {kind}, and a trial's process has to import it: define it at the top level of a file"
        raise ValueError(msg)
    file = getattr(module, "__file__", None)
    if file is None:
        if module.__name__ == "__main__":
            msg = f"{name} was typed in, and a trial's process has to import it: write it to a file"
            raise ValueError(msg)
        return f"{module.__name__}:{name}"
    path = Path(file).resolve()
    if any(path.is_relative_to(folder) for folder in _INSTALLED):
        return f"{module.__name__}:{name}"
    return f"{path}:{name}"


def module_of(path: Path) -> tuple[str, Path]:
    """The name of the module that a file is, and the folder that it is imported from.

    The folder is the first one above the file that is no package itself.
    """
    folder = path.parent
    parts = [] if path.name == "__init__.py" else [path.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder
