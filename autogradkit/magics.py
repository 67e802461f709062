"""The IPython magics: `%%trace`, `%trace`, `%storage`, `%strides`, `%why`, `%graph`, `%ledger`, `%train`, `%as_torch`.

Rests on tracing and widgets; `extension.py` registers them. How a traced cell is run is in `traced_cells.py`.
"""

from __future__ import annotations

import ast
import math
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

import autogradkit
from autogradkit.tracebacks import LearnersTracebacks, note_absence
from autogradkit.traced_cells import TracedCells, parsed, trace_arguments
from autogradkit.tracing.failed_dtype import failed_dtype
from autogradkit.tracing.failed_view import failed_view
from autogradkit.tracing.foreign import INSTEAD, is_pytorchs, is_pytorchs_tensor
from autogradkit.tracing.labels import with_article
from autogradkit.tracing.namespace import holds
from autogradkit.tracing.trace import Trace

MODELS = ("lenet", "mlp", "cnn", "rnn")
_WHY = (
    "It draws why a .view() or a .view(dtype) failed, right after the error, and, given a call such as %why b.reshape(6), why "
    "that copied or did not."
)


@magics_class
class AutogradkitMagics(Magics):
    """What `%load_ext autogradkit` registers."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.cells = TracedCells(shell)
        self.tracebacks = LearnersTracebacks(shell)

    @trace_arguments
    @line_cell_magic
    def trace(self, line: str, cell: str | None = None) -> Any:
        """Trace tensors: forward values, the graph, and every gradient on it.

        As a cell magic it runs the cell as usual and then draws it; as a line magic it evaluates an expression. The trace
        is kept in the variable NAME if one is given.

        Example:

            %%trace steps
            x = torch.tensor([1.0, 2.0], requires_grad=True)
            y = (x * x).sum()
            y.backward()

        draws how y came about and how the gradient 2x came back to x, and keeps it: steps.table(), steps.to_html().
        `%trace x.exp()` draws one expression.
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
        """Show tensors, their strides and the memory they share, also with NumPy arrays that have a name.

        Example: %storage a b a.t()
        """
        wanted = split_expressions(line)
        if not wanted:
            raise UsageError("%storage: name one or more tensors, for example: %storage a b")
        tensors = {text: self._tensor("storage", text) for text in wanted}
        from autogradkit.widgets.storage import storage_map

        try:
            found = storage_map(tensors, self._namespace())
        except ValueError as error:
            raise UsageError(f"%storage: {error}") from None
        except (RuntimeError, NotImplementedError) as error:  # without memory: sparse ones, PyTorch's meta ones
            raise UsageError(f"%storage {line.strip()}: there is no memory to show. {error}") from None
        display(found)

    @magic_arguments()
    @argument("tensor", nargs="*", help="a tensor, or an expression such as a.t()")
    @line_magic
    def strides(self, line: str) -> None:
        """Try any offset, sizes and strides on a tensor's storage, with sliders, and see what they show.

        Example: %strides a
        """
        tensor = self._one_tensor("strides", line)
        from autogradkit.widgets.strides import stride_explorer

        if tensor.is_sparse:
            raise UsageError(f"%strides {line.strip()}: a sparse tensor has no strides")
        display(stride_explorer(line.strip(), tensor, self._namespace()))

    @magic_arguments()
    @argument("call", nargs="*", help="a call on a tensor, such as b.reshape(6); without one, the last error is drawn")
    @line_magic
    def why(self, line: str) -> None:
        """Draw why the last error happened, where that is a matter of memory: a `.view()` that the strides do not allow.

        With a call on a tensor it draws whether the call copies, and why: a `.reshape()` that no strides can give.

        Examples: %why
                  %why b.reshape(6)
        """
        display(self._why_call(line.strip()) if line.strip() else self._why_failed())

    def _why_failed(self) -> Any:
        """The picture of the last error."""
        from autogradkit.widgets.storage import failed_view_map

        failed = self.cells.failed_view
        if failed is None:
            kind = self.cells.last_error
            last = (
                f"the last error, {with_article(kind)}, was no .view() that failed"
                if kind
                else "there was no error yet"
            )
            raise UsageError(f"%why: {last}. {_WHY}")
        return failed_view_map(failed)

    def _why_call(self, text: str) -> Any:
        """The picture of a call that fails, copies or shares."""
        from autogradkit.widgets.storage import failed_view_map, sharing_map

        receiver = _receiver(text)
        if receiver is None:
            raise UsageError(f"%why: '{text}' is no call on a tensor. {_WHY}")
        tensor = self._own_tensor("why", receiver)
        try:
            result = self._evaluate("why", text)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            failed = failed_view(error) or failed_dtype(error)
            if failed is None:
                raise UsageError(f"%why: '{text}' raised {type(error).__name__}: {error}. {_WHY}") from None
            return failed_view_map(failed)
        if not isinstance(result, autogradkit.Tensor):
            self._refuse("why", text, result)
        try:
            return sharing_map(receiver, tensor, text, result)
        except ValueError as error:
            raise UsageError(f"%why: {error}. {_WHY}") from None

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
    @argument("tensor", nargs="*", help="a tensor that requires grad, for example a weight")
    @argument(
        "--follow", action="store_true", help="go on with later cells, instead of keeping to what happened so far"
    )
    @line_magic
    def ledger(self, line: str) -> None:
        """Show how a tensor's .grad grew: which lines added what to it, traced or not, and when it was cleared.

        Example: %ledger w
        """
        wanted = split_expressions(line)
        follow = "--follow" in wanted
        unknown = [each for each in wanted if each.startswith("--") and each != "--follow"]
        if unknown:
            raise UsageError(f"%ledger: there is no option {unknown[0]}. The only one is --follow.")
        text = self._one_name("ledger", [each for each in wanted if each != "--follow"])
        value = self._value("ledger", text)
        from autogradkit.widgets.ledger import grad_ledger

        try:
            found = grad_ledger(text, value, follow=follow)
        except (TypeError, ValueError) as error:
            raise UsageError(f"%ledger: {error}") from None
        found.show()

    @magic_arguments()
    @argument("model", nargs="?", default="lenet", help="lenet, mlp, cnn, rnn, or the name of a model of your own")
    @argument("--epochs", type=int, help="how often to go through the training digits")
    @argument("--lr", type=float, help="the learning rate")
    @argument("--batch-size", type=int, help="digits in one step")
    @argument("--seed", type=int, help="of the initial weights and the order of the digits")
    @line_magic
    def train(self, line: str) -> Any:
        """Train a model on the bundled handwritten digits and watch it learn, with pause, step and stop.

        Example: %train lenet --epochs 3
        """
        options = parsed("%train", self.train, line)
        for name in ("epochs", "batch_size", "lr"):
            given = getattr(options, name)
            if given is not None and not 0 < given < (math.inf if name == "lr" else 10**9):
                end = "finite" if name == "lr" else f"below {10**9:,}"
                raise UsageError(f"%train: --{name.replace('_', '-')} must be above 0 and {end}, got {given}")
        if options.seed is not None and not -(2**63) <= options.seed < 2**64:
            raise UsageError(f"%train: --seed must fit into 64 bits, got {options.seed}")
        from autogradkit.widgets.train_magic import train_from_magic

        namespace = self._namespace()
        if options.model not in MODELS and is_pytorchs(namespace.get(options.model)):
            raise UsageError(
                f"%train: '{options.model}' is of PyTorch itself, which autogradkit cannot train on its digits. {INSTEAD}"
            )
        if options.model not in MODELS and not holds(namespace.get(options.model), autogradkit.nn.Module):
            raise UsageError(
                f"%train: there is no model '{options.model}'. Use lenet, mlp, cnn, rnn, or the name of a model you made."
            )
        if options.model not in MODELS and not any(True for _ in namespace[options.model].parameters()):
            raise UsageError(f"%train: '{options.model}' has no parameters that could learn.")
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

    @magic_arguments()
    @argument("off", nargs="?", help="`off` gives PyTorch's names back")
    @line_magic
    def as_torch(self, line: str) -> None:
        """Let `import torch` and `import torchvision` mean autogradkit from here on; `%as_torch off` ends it.

        Cells that were written for PyTorch then run unchanged, and can be traced.

        Example: %as_torch
                 import torch
        """
        from autogradkit.standing_in import as_torch

        if line.strip() not in ("", "off"):
            raise UsageError(f"%as_torch takes nothing, or off (got {line.strip()}).")
        stand_in = as_torch()
        if line.strip() == "off":
            stand_in.stop()
            return
        names = [name for name, value in self._namespace().items() if name[:1] != "_" and is_pytorchs(value)]
        if names:
            print(f"From PyTorch itself still: {', '.join(names)}. Run the imports again that made them.")

    def _evaluate(self, magic: str, text: str) -> Any:
        assert self.shell is not None
        text = text.strip()
        try:
            name = self.shell.compile.cache(text, self.shell.execution_count)  # so that lines and names are found
            code = compile(text, name, "eval")
        # NUL, surrogates and endless nesting raise the last three
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            hint = " Statements are written below %%trace." if magic == "trace" else ""
            raise UsageError(f"%{magic}: '{text}' is no expression that Python can evaluate.{hint}") from None
        try:
            return eval(code, self._namespace())
        except NameError as error:
            below = error.__traceback__.tb_next if error.__traceback__ is not None else None
            if below is not None and below.tb_next is not None:  # a function of the learner's lacks the name
                raise
            raise UsageError(f"%{magic}: {error}. Run the cell that makes it first.") from None

    def _value(self, magic: str, text: str) -> Any:
        try:
            return self._evaluate(magic, text)
        except UsageError:
            raise
        except Exception as error:
            note_absence(error)
            lines = [f"%{magic}: '{text}' raised {type(error).__name__}: {error}", *getattr(error, "__notes__", ())]
            raise UsageError("\n".join(lines)) from None

    def _tensor(self, magic: str, text: str) -> Any:
        value = self._value(magic, text)
        if not (holds(value, autogradkit.Tensor) or is_pytorchs_tensor(value)):
            self._refuse(magic, text, value)
        return value

    def _refuse(self, magic: str, text: str, value: Any) -> NoReturn:
        hint = ""
        if type(value).__name__ == "ndarray":
            hint = " Use autogradkit.from_numpy(...) on it."
        elif holds(value, autogradkit.nn.Module):
            hint = " Name what it gives, or one of its parameters."
        elif type(value) in (dict, list, tuple) and value:
            key = next(iter(value)) if type(value) is dict else 0
            hint = f" Name what lies in it, such as {text}[{key!r}]."
        raise UsageError(f"%{magic}: '{text}' is {with_article(type(value).__name__)}, not a tensor.{hint}")

    def _one_name(self, magic: str, wanted: list[str]) -> str:
        if len(wanted) != 1:
            found = "none" if not wanted else f"{len(wanted)}: {', '.join(wanted)}"
            blanks = " An expression is written without blanks." if len(wanted) > 1 else ""
            raise UsageError(f"%{magic}: name one tensor, for example: %{magic} w (got {found}).{blanks}")
        return wanted[0]

    def _one_tensor(self, magic: str, line: str) -> Any:
        return self._own_tensor(magic, self._one_name(magic, split_expressions(line)))

    def _own_tensor(self, magic: str, text: str) -> Any:
        tensor = self._tensor(magic, text)
        if is_pytorchs_tensor(tensor):
            raise UsageError(
                f"%{magic}: '{text}' is a tensor of PyTorch itself, which autogradkit does not see into. {INSTEAD}"
            )
        return tensor


def _receiver(text: str) -> str | None:
    """What a method is called on, or what is indexed: `b.t()` in `b.t().reshape(6)`."""
    try:
        found = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute):
        return ast.unparse(found.func.value)
    return ast.unparse(found.value) if isinstance(found, ast.Subscript | ast.Attribute) else None


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
