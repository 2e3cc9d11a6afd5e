"""The user's model builder: found without being run, and loaded where it is needed."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.errors import SpecError
from cloudautoml.spec.imports import module_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Builder = Callable[[Any], Any]
    """Takes KerasTuner's `HyperParameters` and returns a Keras model."""

_WHERE = "search.space.builder"
_FORMS = "write it as 'my_models:build_model' or 'path/to/my_models.py:build_model'"


def find_builder(name: str) -> None:
    """Check that a builder is there, without importing anything of the user's.

    Args:
        name: `module:name`, or `/path/to/file.py:name`.

    Raises:
        SpecError: There is no such file or module, or it does not define the name.
    """
    place, _, attribute = name.rpartition(":")
    if not place or not attribute:
        raise SpecError(f"{name!r} does not name a builder", where=_WHERE, hint=_FORMS)
    source = Path(place) if place.endswith(".py") else _source_of(place)
    if source is None:
        return  # built in or compiled: only importing it would tell
    try:
        tree = ast.parse(source.read_bytes(), str(source))
    except FileNotFoundError:
        hint = f"{_FORMS}; relative paths start at the folder of the spec"
        raise SpecError(f"there is no file {source}", where=_WHERE, hint=hint) from None
    except (OSError, SyntaxError, ValueError) as exc:
        raise SpecError(f"{source} cannot be read as Python: {exc}", where=_WHERE) from exc
    defined = _defined_in(tree)
    if defined is not None and attribute.partition(".")[0] not in defined:
        functions = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        raise SpecError(
            f"{source} defines no {attribute!r}",
            where=_WHERE,
            hint=f"it defines: {', '.join(functions) or 'no function'}",
        )


def _source_of(module: str) -> Path | None:
    top, tried = module.partition(".")[0], "the folder of the spec, the working folder and the installed packages"
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError) as exc:
        raise SpecError(f"the module {module!r} cannot be imported: {exc}", where=_WHERE, hint=_FORMS) from exc
    if spec is None:
        raise SpecError(
            f"there is no module {module!r}; looked in {tried}",
            where=_WHERE,
            hint=f"{_FORMS}, or install the package {top!r}",
        )
    return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None


def _defined_in(tree: ast.Module) -> set[str] | None:
    """Names that a module may define; None when it imports everything of another one."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.ImportFrom() | ast.Import():
                names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            case _:
                pass
    return None if "*" in names else names


def load_builder(name: str) -> Builder:
    """Import a builder: a function of `hp`, a `HyperModel`, or a class of one.

    A file is imported as the module that it is, from the folder above its packages, which goes to the end of
    the import path: no file of the user's stands in for a library.

    Raises:
        SpecError: It cannot be imported, builds nothing, or trains its models itself.
    """
    place, _, attribute = name.rpartition(":")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow tells at its import is no news of the job
    try:
        found: Any = _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as exc:  # whatever the user's module raises
        raise SpecError(
            f"{name} cannot be imported: {type(exc).__name__}: {exc}",
            where=_WHERE,
            hint=f"python -c 'import {Path(place).stem}' in its folder shows where",
        ) from exc
    return _builder_of(found, name)


def load_function(name: str, *, where: str) -> Callable[..., Any]:
    """Import any function of the user's.

    Args:
        name: `module:name`, or `/path/to/file.py:name`.
        where: Path of the name in the spec, for the error.

    Raises:
        SpecError: It cannot be imported, or is no function.
    """
    place, _, attribute = name.rpartition(":")
    try:
        module: Any = _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
        found = getattr(module, attribute)
    except Exception as exc:  # whatever the user's module raises
        raise SpecError(f"{name} cannot be imported: {type(exc).__name__}: {exc}", where=where) from exc
    if not callable(found):
        raise SpecError(f"{name} is of type {type(found).__name__}, no function", where=where)
    return cast("Callable[..., Any]", found)


def _builder_of(found: Any, name: str) -> Builder:
    from keras_tuner import HyperModel

    if isinstance(found, type) and issubclass(found, HyperModel):
        try:
            found = found()
        except TypeError as exc:
            hint = f"make one in its file, {found.__name__.lower()} = {found.__name__}(...), and name that"
            raise SpecError(f"{name} needs arguments: {exc}", where=_WHERE, hint=hint) from exc
    if isinstance(found, HyperModel):
        if type(found).fit is not HyperModel.fit:
            raise SpecError(
                f"{name} has a fit() of its own, and here the task trains: it cuts epochs, measures and continues",
                where=_WHERE,
                hint="leave fit() away; epochs are an option of the estimator, batch_size one of this space",
            )
        found = found.build
    if not callable(found):
        raise SpecError(
            f"{name} is of type {type(found).__name__}, and neither a function nor a HyperModel", where=_WHERE
        )
    builder: Builder = found
    return builder


def _import_file(path: Path) -> Any:
    module, folder = module_of(path)
    for known in (module, "__main__"):  # a script that submits its own builder has it loaded already
        loaded = sys.modules.get(known)
        file = getattr(loaded, "__file__", None)
        if file is not None and Path(file).resolve() == path.resolve():
            return loaded
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    spec = None if module in sys.modules else importlib.util.find_spec(module)
    if spec is not None and spec.origin is not None and Path(spec.origin).resolve() == path.resolve():
        return importlib.import_module(module)
    # its name belongs to another module: it gets one that no other has
    alias = f"{module}@{path}"
    if alias not in sys.modules:
        spec = importlib.util.spec_from_file_location(alias, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[alias] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[alias])
        except BaseException:
            del sys.modules[alias]
            raise
    return sys.modules[alias]
