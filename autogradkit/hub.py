"""`torch.hub`: published parameters, looked for in the folder that PyTorch uses too, and models from a folder's `hubconf.py`.

Files of parameters are fetched where they are not there yet; programs are not: a repository is one that somebody put there.
Rests on `downloads` and `load`. `vision.models` finds published parameters with it.
"""

import hashlib as _hashlib
import os as _os
import re as _re
import sys as _sys
from collections.abc import Iterator as _Iterator
from contextlib import contextmanager as _contextmanager
from importlib import util as _import_util
from pathlib import Path as _Path
from types import ModuleType as _ModuleType
from typing import Any as _Any
from urllib.parse import urlparse

from autogradkit import downloads as _downloads
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.serialization import load as _load

HASH_REGEX = _re.compile(r"-([a-f0-9]*)\.")  # in `resnet18-f37072fd.pth`, how the file's SHA-256 begins
_chosen: str | None = None


def get_dir() -> str:
    """The folder for what is published: the one given to `set_dir`, else `$TORCH_HOME/hub`, else `~/.cache/torch/hub`."""
    if _chosen is not None:
        return _chosen
    return _os.path.join(_get_torch_home(), "hub")


def _get_torch_home() -> str:
    caches = _os.getenv("XDG_CACHE_HOME", "~/.cache")
    return _os.path.expanduser(_os.getenv("TORCH_HOME", _os.path.join(caches, "torch")))


def set_dir(d: str | _os.PathLike[str]) -> None:
    """Look for what is published in the folder `d` from here on.

    >>> before = get_dir(); set_dir("~/models"); get_dir().endswith("/models")
    True
    >>> set_dir(before)
    """
    global _chosen
    _chosen = _os.path.expanduser(d)


@_entry
def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetch a file, which is whole or not there. Raises RuntimeError where its SHA-256 does not begin with `hash_prefix`."""

    def check(part: str) -> None:
        if hash_prefix is None:
            return
        with open(part, "rb") as file:
            digest = _hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest}")')

    _downloads.fetch(url, _Path(dst).expanduser(), check, progress=progress)


def published_file(
    url: str,
    model_dir: str | None = None,
    *,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
) -> str:
    """The path of what is published at `url`, in `model_dir` or in `checkpoints` of `get_dir()`; fetched if it is not there."""
    folder = _os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    _os.makedirs(folder, exist_ok=True)
    name = file_name or _os.path.basename(urlparse(url).path)
    path = _os.path.join(folder, name)
    if not _os.path.exists(path):
        print(f'Downloading: "{url}" to {path}')
        told = HASH_REGEX.search(name) if check_hash else None
        download_url_to_file(url, path, told and told[1], progress)
    return path


@_entry
def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: _Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> dict[str, _Any]:
    """What `load` reads from the file published at `url`, which is fetched unless it is in `model_dir` already.

    The folder is `checkpoints` in `get_dir()`, the name the URL's, unless others are given. With `check_hash` a name such as
    `net-0a1b2c3d.pth` says how the SHA-256 of a fetched file begins. Raises URLError where nothing answers, with the place
    where the file would be found; RuntimeError for another file.
    """
    path = published_file(url, model_dir, progress=progress, check_hash=check_hash, file_name=file_name)
    return _load(path, map_location=map_location, weights_only=weights_only)


def _repository(github: str, force_reload: bool, verbose: bool) -> str:
    """The folder of a repository that is in `get_dir()` already. Raises RuntimeError where it is not."""
    name, _, ref = github.partition(":")
    for each in (ref,) if ref else ("main", "master"):
        folder = _os.path.join(get_dir(), f"{name}/{each}".replace("/", "_"))
        if _os.path.exists(folder) and not force_reload:
            if verbose:
                print(f"Using cache found in {folder}", file=_sys.stderr)
            return folder
    raise RuntimeError(
        f"autogradkit fetches no programs: clone https://github.com/{name}, and give hub.load the folder, with source='local'"
    )


@_contextmanager
def _hubconf(folder: str) -> _Iterator[_ModuleType]:
    """A folder's `hubconf.py`, run; what lies beside it can be imported within the block."""
    spec = _import_util.spec_from_file_location("hubconf.py", _os.path.join(folder, "hubconf.py"))
    assert spec is not None  # the name ends in .py
    assert spec.loader is not None
    module = _import_util.module_from_spec(spec)
    _sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        _sys.path.remove(folder)


def _entrypoint(hubconf: _ModuleType, model: str) -> _Any:
    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    missing = [name for name in getattr(hubconf, "dependencies", ()) if _import_util.find_spec(name) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    function = getattr(hubconf, model, None)
    if not callable(function):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return function


@_entry
def load(
    repo_or_dir: str,
    model: str,
    *args: _Any,
    source: str = "github",
    trust_repo: bool | str = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: _Any,
) -> _Any:
    """What the function `model` of a folder's `hubconf.py` returns for the further arguments.

    With `source="local"` the folder is given; otherwise it is that of the repository "owner/name:ref" in `get_dir()`, which
    is not fetched, so nobody is asked whether to trust it. Raises RuntimeError where there is none, or no such function.
    """
    source = source.lower()
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    folder = repo_or_dir if source == "local" else _repository(repo_or_dir, force_reload, verbose)
    with _hubconf(folder) as hubconf:
        return _entrypoint(hubconf, model)(*args, **kwargs)


@_entry
def help(
    github: str, model: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: bool | str = "check"
) -> str | None:
    """The docstring of the function `model` in the `hubconf.py` of a repository that is in `get_dir()`."""
    with _hubconf(_repository(github, force_reload, True)) as hubconf:
        return _entrypoint(hubconf, model).__doc__


@_entry
def list(
    github: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str = "check",
    verbose: bool = True,
) -> _Any:
    """The names of the functions in the `hubconf.py` of a repository that is in `get_dir()`."""
    with _hubconf(_repository(github, force_reload, verbose)) as hubconf:
        return [name for name in dir(hubconf) if name[0] != "_" and callable(getattr(hubconf, name))]


__getattr__ = _absent_from("hub")
