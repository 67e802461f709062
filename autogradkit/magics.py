"""The IPython magics: `%%trace`, `%trace`, `%storage`, `%graph`, `%ledger`, `%train`.

Rests on tracing and widgets; loaded by `%load_ext autogradkit`. How a traced cell is run is in `traced_cells.py`.
"""

from __future__ import annotations

from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

import autogradkit
from autogradkit.traced_cells import TracedCells, trace_arguments
from autogradkit.tracing.trace import Trace

_MODELS = ("lenet", "mlp")


@magics_class
class AutogradkitMagics(Magics):
    """What `%load_ext autogradkit` registers."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.cells = TracedCells(shell)

    @trace_arguments
    @line_cell_magic
    def trace(self, line: str, cell: str | None = None) -> Any:
        """Trace tensors: forward values, the graph, and every gradient on it.

        As a cell magic it runs the cell as usual and then draws it; as a line magic it evaluates an expression. The trace
        is kept in the variable NAME if one is given.
        """
        if cell is None:
            return self._trace_expression(line)
        return self.cells.run_as_magic(line, cell)

    def _trace_expression(self, line: str) -> Any:
        if not line.strip():
            raise UsageError("%trace: write an expression to trace after it, or %%trace on top of a cell.")
        with autogradkit.record() as found:
            value = self._evaluate("trace", line)
        self.cells.show(found, line.strip())
        return value

    @magic_arguments()
    @argument("tensors", nargs="*", help="names of tensors, or expressions such as a.t() or a[1:]")
    @line_magic
    def storage(self, line: str) -> None:
        """Show tensors, their strides and the memory they share.

        Example: %storage a b a.t()
        """
        wanted = split_expressions(line)
        if not wanted:
            raise UsageError("%storage: name one or more tensors, for example: %storage a b")
        tensors = {text: self._tensor("storage", text) for text in wanted}
        from autogradkit.widgets.storage import storage_map

        display(storage_map(tensors))

    @magic_arguments()
    @argument("tensor", nargs="*", help="a tensor computed from others, for example a loss")
    @argument("--nodes", action="store_true", help="write PyTorch's names of the graph's nodes, too")
    @line_magic
    def graph(self, line: str) -> None:
        """Draw the graph behind a tensor that was computed before, traced or not.

        Example: %graph loss
        """
        words = split_expressions(line)
        nodes = "--nodes" in words
        line = " ".join(word for word in words if word != "--nodes")
        tensor = self._one_tensor("graph", line)
        from autogradkit.widgets.graph import GraphView

        try:
            found = Trace.from_tensor(tensor, self._namespace())
        except ValueError as error:
            raise UsageError(f"%graph {line.strip()}: {error}") from None
        found.source = line.strip()
        display(GraphView(found, node_names=nodes))

    @magic_arguments()
    @argument("tensor", nargs="*", help="a tensor whose .grad is to be followed, for example a weight")
    @line_magic
    def ledger(self, line: str) -> None:
        """Show how a tensor's .grad grew, one slice for each backward call, and follow it from now on.

        Example: %ledger w
        """
        tensor = self._one_tensor("ledger", line)
        if not tensor.requires_grad:
            raise UsageError(
                f"%ledger {line.strip()}: this tensor does not require grad, so backward never adds to its .grad. "
                "Make it with requires_grad=True, or call .requires_grad_()."
            )
        from autogradkit.widgets.ledger import grad_ledger

        try:
            ledger = grad_ledger(line.strip(), tensor, history=self.cells.history(tensor))
        except ValueError as error:
            raise UsageError(f"%ledger: {error}") from None
        display(ledger)

    @magic_arguments()
    @argument("model", nargs="?", default="lenet", help="lenet, mlp, or the name of a model of your own")
    @argument("--epochs", type=int, help="how often to go through the training digits")
    @argument("--lr", type=float, help="the learning rate")
    @argument("--batch-size", type=int, help="digits in one step")
    @argument("--seed", type=int, help="of the initial weights and the order of the digits")
    @line_magic
    def train(self, line: str) -> Any:
        """Train a model on the bundled handwritten digits and watch it learn, with pause, step and stop.

        Example: %train lenet --epochs 3
        """
        options = parse_argstring(self.train, line)
        for name in ("epochs", "batch_size", "lr"):
            given = getattr(options, name)
            if given is not None and given <= 0:
                raise UsageError(f"%train: --{name.replace('_', '-')} must be above 0, got {given}")
        from autogradkit.widgets.train_magic import train_from_magic

        namespace = self._namespace()
        if options.model not in _MODELS and not isinstance(namespace.get(options.model), autogradkit.nn.Module):
            raise UsageError(
                f"%train: there is no model '{options.model}'. Use lenet, mlp, or the name of a model you made."
            )
        return train_from_magic(
            options.model,
            namespace,
            epochs=options.epochs,
            lr=options.lr,
            batch_size=options.batch_size,
            seed=options.seed,
        )

    # -- what the user named ----------------------------------------------------------------------------------------

    def _namespace(self) -> dict[str, Any]:
        assert self.shell is not None
        return self.shell.user_ns

    def _evaluate(self, magic: str, text: str) -> Any:
        try:
            return eval(compile(text.strip(), f"<%{magic}>", "eval"), self._namespace())
        except NameError as error:
            raise UsageError(f"%{magic}: {error}. Run the cell that makes it first.") from None
        except SyntaxError:
            raise UsageError(f"%{magic}: '{text.strip()}' is no expression that Python can evaluate.") from None

    def _tensor(self, magic: str, text: str) -> Any:
        try:
            value = self._evaluate(magic, text)
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(f"%{magic}: '{text}' raised {type(error).__name__}: {error}") from None
        if not (isinstance(value, autogradkit.Tensor) or _is_torch_tensor(value)):
            self._refuse(magic, text, value)
        return value

    def _refuse(self, magic: str, text: str, value: Any) -> NoReturn:
        hint = " Use autogradkit.from_numpy(...) on it." if type(value).__name__ == "ndarray" else ""
        raise UsageError(f"%{magic}: '{text}' is a {type(value).__name__}, not a tensor.{hint}")

    def _one_tensor(self, magic: str, line: str) -> Any:
        wanted = split_expressions(line)
        if len(wanted) != 1:
            found = "none" if not wanted else f"{len(wanted)}: {', '.join(wanted)}"
            raise UsageError(f"%{magic}: name one tensor, for example: %{magic} w (got {found})")
        return self._tensor(magic, wanted[0])


def _is_torch_tensor(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "untyped_storage")


def split_expressions(line: str) -> list[str]:
    """Split at spaces and commas outside brackets and quotes: `a b[0, 1] a.t()` is three expressions."""
    parts: list[str] = []
    current, depth, quote = "", 0, ""
    for character in line:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character in " \t," and not depth:
            parts.append(current)
            current = ""
            continue
        current += character
    return [part for part in (*parts, current) if part]


_REGISTERED: dict[int, AutogradkitMagics] = {}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; loading again changes nothing."""
    if id(shell) in _REGISTERED:
        return
    magics = _REGISTERED[id(shell)] = AutogradkitMagics(shell)
    shell.register_magics(magics)
    magics.cells.install()
    for name in ("storage", "graph", "ledger"):
        shell.set_hook("complete_command", _complete_tensors, str_key=f"%{name}")
    shell.set_hook("complete_command", _complete_models, str_key="%train")


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    magics = _REGISTERED.pop(id(shell), None)
    if magics is None:
        return
    magics.cells.remove()
    for kind, names in {"line": ("trace", "storage", "graph", "ledger", "train"), "cell": ("trace",)}.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)


def _complete_tensors(shell: Any, event: Any) -> list[str]:
    """The names of the tensors that the user has."""
    return sorted(
        name
        for name, value in shell.user_ns.items()
        if not name.startswith("_") and isinstance(value, autogradkit.Tensor) and name.startswith(event.symbol)
    )


def _complete_models(shell: Any, event: Any) -> list[str]:
    own = [
        name
        for name, value in shell.user_ns.items()
        if not name.startswith("_")
        and hasattr(value, "parameters")
        and hasattr(value, "forward")
        and not isinstance(value, type)
    ]
    return [name for name in (*_MODELS, *sorted(own)) if name.startswith(event.symbol)]
