"""State dicts: a module's parameters and buffers by name, and loading them back; the hooks of both, and what a class adds.

Rests on the module's registries and on its hooks (state_hooks.py); `Module` (module.py) is built on it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autogradkit.core.frames import entry
from autogradkit.core.own import named_as
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.hooks import RemovableHandle
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.hooks import registry
from autogradkit.nn.modules.members import Members
from autogradkit.nn.modules.state_hooks import StateHooks, _WrappedHook
from autogradkit.nn.uninitialized import is_lazy

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"  # the name of what `get_extra_state` gives
_NEVER_CALLED = (
    "Reached a code path in Module.{}() that should never be called. Please file an issue at "
    "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this bug."
)
_TO_META = (
    "for {}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, which is a no-op. "
    "(Did you mean to pass `assign=True` to assign items in the state dictionary to their corresponding key in the module "
    "instead of copying them in place?)"
)


class _IncompatibleKeys(NamedTuple):
    """What did not match when a state dict was loaded."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    __str__ = __repr__


_NONE = StateHooks()


class Stateful(Members):
    """A module's state. Every instance is a `Module`, which alone subclasses it."""

    _version = 1

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["_state_hooks_of_module"] = None

    # -- hooks, and what a class adds ---------------------------------------------------------------------------------

    def _made_state_hooks_of_module(self) -> StateHooks:
        own = self._state_hooks_of_module
        if own is None:
            own = self.__dict__["_state_hooks_of_module"] = StateHooks()
        return own

    _state_dict_pre_hooks = registry("_made_state_hooks_of_module", "before_saving")
    _state_dict_hooks = registry("_made_state_hooks_of_module", "after_saving")
    _load_state_dict_pre_hooks = registry("_made_state_hooks_of_module", "before_loading")
    _load_state_dict_post_hooks = registry("_made_state_hooks_of_module", "after_loading")

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before the module's part of a state dict is made."""
        return RemovableHandle.add(self._made_state_hooks_of_module().before_saving, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after it was made; the hook may edit it, and returns None."""
        hook._from_public_api = True
        return RemovableHandle.add(self._made_state_hooks_of_module().after_saving, hook)

    @entry
    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was previously registered via "
                "register_state_dict_post_hook"
            )
        return RemovableHandle.add(self._made_state_hooks_of_module().after_saving, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)` before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        return RemovableHandle.add(
            self._made_state_hooks_of_module().before_loading, _WrappedHook(hook, self if with_module else None)
        )

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after the module and those below were loaded; it returns None."""
        return RemovableHandle.add(self._made_state_hooks_of_module().after_loading, hook)

    def _remove_state_hooks_of(self, fn: Any) -> None:
        """Remove the hooks after saving and before loading whose attribute `fn` this is."""
        own = self._made_state_hooks_of_module()
        for hooks in (own.after_saving, own.before_loading):
            for number, hook in list(hooks.items()):
                if getattr(hook, "fn", None) is fn:
                    del hooks[number]

    @entry
    def get_extra_state(self) -> Any:
        """What a class adds to its state dict, under "_extra_state"; a class that adds something defines it."""
        raise RuntimeError(_NEVER_CALLED.format("get_extra_state"))

    @entry
    def set_extra_state(self, state: Any) -> None:
        """What a class does with its extra state when it is loaded."""
        raise RuntimeError(_NEVER_CALLED.format("set_extra_state"))

    # -- saving -------------------------------------------------------------------------------------------------------

    @entry
    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """Parameters and persistent buffers by dotted name, sharing memory; detached unless `keep_vars`."""
        if args:
            warn(
                "Positional args are being deprecated, use kwargs instead. Refer to https://pytorch.org/docs/main/generated/"
                "torch.nn.Module.html#torch.nn.Module.state_dict for details.",
                FutureWarning,
            )
            given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = given.get("destination") if destination is None else destination
            prefix = prefix or given.get("prefix", "")
            keep_vars = keep_vars or given.get("keep_vars", False)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        own = {"version": self._version}
        versions = getattr(destination, "_metadata", None)
        if versions is not None:
            versions[prefix[:-1]] = own
        hooks = self._state_hooks_of_module or _NONE
        for hook in list(hooks.before_saving.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in list(hooks.after_saving.values()):
            given = hook(self, destination, prefix, own)
            if given is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = given
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, tensor in self.__persistent().items():
            destination[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def __persistent(self) -> dict[str, Any]:
        buffers = {n: b for n, b in self._buffers.items() if n not in self._non_persistent_buffers_set}
        return {name: each for name, each in {**self._parameters, **buffers}.items() if each is not None}

    # -- loading ------------------------------------------------------------------------------------------------------

    @entry
    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy the values of a state dict into parameters and buffers (`assign`: take its tensors instead).

        Everything that does not match is collected before it raises: RuntimeError that lists missing and unexpected keys
        (`strict`) and sizes that differ.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        loading = _Loading(getattr(state_dict, "_metadata", None), assign)
        loading.load(self, OrderedDict(state_dict), "")
        problems = loading.problems
        if strict:
            for kind, keys in (("Unexpected", loading.unexpected), ("Missing", loading.missing)):
                if keys:
                    listed = ", ".join(f'"{key}"' for key in keys)
                    problems.insert(0, f"{kind} key(s) in state_dict: {listed}. ")
        if problems:
            listed = "\n\t".join(problems)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
        return _IncompatibleKeys(loading.missing, loading.unexpected)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        hooks = self._state_hooks_of_module or _NONE
        for hook in list(hooks.before_loading.values()):
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = self.__persistent()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                problem = self.__take(name, key, tensor, state_dict[key], assign)
                if problem is not None:
                    error_msgs.append(problem)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE_KEY_SUFFIX
        wanted = type(self).set_extra_state is not Stateful.set_extra_state
        if extra in state_dict:
            if wanted:
                self.set_extra_state(state_dict[extra])
            elif strict:
                unexpected_keys.append(extra)
        elif wanted and strict:
            missing_keys.append(extra)
        for key in state_dict if strict else ():
            if key.startswith(prefix) and key != extra:
                name, _, rest = key[len(prefix) :].partition(".")
                if name not in (self._modules if rest else own):
                    unexpected_keys.append(key)

    def __take(self, name: str, key: str, own: Tensor, value: Any, assign: bool) -> str | None:
        """Copy one value in; the complaint if that cannot be done."""
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint but '
                f"received {type(value)}"
            )
        if not is_lazy(own):
            if own.shape == () and value.shape == (1,):
                value = value[0]
            if value.shape != own.shape:
                return (
                    f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in current "
                    f"model is {own.shape}."
                )
        if own.is_meta and not value.is_meta and not assign:
            warn(_TO_META.format(key))
        try:
            with no_grad():
                if not assign:
                    own.copy_(value)
                    return None
                if isinstance(own, Parameter):
                    if isinstance(value, Parameter):
                        value.requires_grad_(own.requires_grad)
                    else:
                        value = Parameter(value, own.requires_grad)
                setattr(self, name, value)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are {own.size()} and whose '
                f"dimensions in the checkpoint are {value.size()}, an exception occurred : {error.args}."
            )
        return None


named_as("Module", Stateful)


class _Loading:
    """One loading: the versions that came with the dict, and what did not match so far."""

    def __init__(self, versions: Mapping[str, Any] | None, assign: bool) -> None:
        self.versions = versions
        self.assign = assign
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.problems: list[str] = []

    def load(self, module: Stateful, given: dict[str, Any], prefix: str) -> None:
        """Load a module and those below."""
        own: dict[str, Any] = {} if self.versions is None else self.versions.get(prefix[:-1], {})
        if self.assign:
            own["assign_to_params_buffers"] = True
        module._load_from_state_dict(given, prefix, own, True, self.missing, self.unexpected, self.problems)
        for name, child in module._modules.items():
            if child is not None:
                below = f"{prefix}{name}."
                self.load(child, {key: value for key, value in given.items() if key.startswith(below)}, below)
        keys = _IncompatibleKeys(self.missing, self.unexpected)
        for hook in list((module._state_hooks_of_module or _NONE).after_loading.values()):
            if hook(module, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, if "
                    "incompatible_keys need to be modified, it should be done inplace."
                )
