"""How `%%trace` runs a cell: as the cell it is, with a recorder beside it.

Rests on tracing and widgets; used by `magics.py`. A clean-up transform turns the `%%trace` line into a comment and hooks
before and after the cell start and stop the recorder, so that `Out`, `;`, top-level `await`, line numbers, tracebacks and
the status of a failing cell are IPython's own. Above another cell magic, which has to stand first, the line is left out.
Where neither can be (below another cell magic, in a nested run) it stays, and the ordinary magic runs the code.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import linecache
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from autogradkit.tracing.failed_dtype import FailedDtype, failed_dtype
from autogradkit.tracing.failed_view import FailedView, failed_view
from autogradkit.tracing.foreign import INSTEAD, pytorchs_names
from autogradkit.tracing.labels import CellCount, file_label, with_article
from autogradkit.tracing.namespace import class_name, holds
from autogradkit.tracing.notes import explain
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.trace import Trace

_HEADER = re.compile(r"%%trace(?:[ \t]+(?P<arguments>.*?))?[ \t]*$")
_TIMED = ("<timed exec>", "<timed eval>")  # as what IPython compiles a `%%time` cell, whose text it keeps nowhere
_RUN = InteractiveShell.run_cell_async.__code__


def trace_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments of `%%trace`."""
    named = argument("name", nargs="?", help="a variable to keep the trace in")
    nodes = argument("--nodes", action="store_true", help="write PyTorch's names of the graph's nodes, too")
    return magic_arguments()(named(nodes(function)))


@trace_arguments
def _trace(line: str) -> None:
    """Stands for the magic when its line is parsed before the cell runs."""


def parsed(magic: str, function: Callable[..., Any], line: str) -> Any:
    """The arguments on a magic's line. Raises UsageError, naming the magic, for those that it does not take."""
    try:
        return parse_argstring(function, line)
    except UsageError as error:
        raise UsageError(f"{magic}: {error}. {magic}? shows what it takes.") from None
    except ValueError as error:  # a quotation that nothing closes
        raise UsageError(f"{magic}: {error} in {line.strip()}") from None


class Header(NamedTuple):
    """What a `%%trace` line says."""

    name: str | None
    nodes: bool


def _header_in(arguments: str) -> Header:
    """What stands behind `%%trace`. Raises UsageError for what it does not take."""
    found = parsed("%%trace", _trace, arguments)
    if found.name is not None and (not found.name.isidentifier() or keyword.iskeyword(found.name)):
        raise UsageError(f"%%trace: '{found.name}' cannot be the name of a variable.")
    return Header(found.name, found.nodes)


def header_of(cell: str) -> Header | None:
    """What a cell's `%%trace` line says; None if the cell is not one to be traced in place."""
    first, _, body = cell.partition("\n")
    match = _HEADER.match(first)
    if match is None or not body.strip() or _HEADER.match(body.lstrip().partition("\n")[0]):
        return None
    try:
        return _header_in(match["arguments"] or "")
    except UsageError:
        return None  # the ordinary magic will say what is wrong


def taken_by(name: str | None, namespace: Mapping[str, Any]) -> str:
    """Why a trace must not take this name: what it stands for is no trace; empty where it may."""
    if name is None or holds(namespace.get(name), Trace):
        return ""
    if name in namespace:
        return f"'{name}' is {with_article(class_name(namespace[name]))} already"
    return f"'{name}' is Python's own" if hasattr(builtins, name) else ""


def cells_under_way() -> int:
    """How many cells run, one in the other: read from the stack, since an interrupt may come before one is counted."""
    frame, count = sys._getframe(1), 0
    while frame is not None:
        count += frame.f_code is _RUN
        frame = frame.f_back
    return count


class TracedCells:
    """Runs `%%trace` cells of one shell and shows what they did."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell: Any = shell
        self._count = CellCount(shell)
        self._recorder: EventRecorder | None = None
        self._source = ""
        self._cell_files: frozenset[str] = frozenset()  # what the traced cell was compiled as
        self.failed_view: FailedView | FailedDtype | None = None  # what the last error was, if it was one
        self.last_error = ""  # its type
        self._header = Header(None, False)

    def install(self) -> None:
        """Hook into the shell."""
        self.shell.input_transformer_manager.cleanup_transforms.insert(0, self.transform)
        for event, callback in self._callbacks():
            self.shell.events.register(event, callback)

    def _callbacks(self) -> list[tuple[str, Callable[[Any], None]]]:
        return [("pre_run_cell", self._before), ("post_run_cell", self._after), ("post_run_cell", self._leave)]

    def remove(self) -> None:
        """Take the hooks out again, those that are there; a cell that is being traced runs on untraced."""
        self._let_go()
        self.shell.__dict__.pop("showtraceback", None)
        transforms = self.shell.input_transformer_manager.cleanup_transforms
        if self.transform in transforms:
            transforms.remove(self.transform)
        for event, callback in self._callbacks():
            if callback in self.shell.events.callbacks[event]:
                self.shell.events.unregister(event, callback)

    def _let_go(self) -> None:
        """Stop the recorder, also one that an interrupt has left at the end of an earlier cell."""
        if self._recorder is not None:
            self._recorder.stop()
            self._recorder = None

    def transform(self, lines: list[str]) -> list[str]:
        """Turn the `%%trace` line of a cell into a comment; above another cell magic, take it away."""
        if cells_under_way() or not lines or self._header_of("".join(lines)) is None:
            return lines
        below = lines[1:]
        return below if "".join(below).lstrip().startswith("%%") else ["# " + lines[0], *below]

    def _header_of(self, cell: str) -> Header | None:
        """What a cell's `%%trace` line says; None where it is not to be traced in place, and the magic says why."""
        header = header_of(cell)
        return None if header is None or taken_by(header.name, self.shell.user_ns) else header

    # -- around the cell --------------------------------------------------------------------------------------------

    def _before(self, info: Any) -> None:
        if cells_under_way() > 1:
            return
        self._let_go()
        self._count.begins(info)
        self._explain_before_traceback()
        header = self._header_of(info.raw_cell)
        if header is not None:
            self._header = header
            self._source = info.raw_cell.partition("\n")[2]
            magic, _, code = self._source.lstrip().partition("\n")
            if magic.split()[0] == "%%time":
                linecache.cache.update((file, (len(code), None, code.splitlines(True), file)) for file in _TIMED)
            self._start()

    def _after(self, result: Any) -> None:
        if cells_under_way():
            return
        self.shell.__dict__.pop("showtraceback", None)
        if self._recorder is not None:
            trace = self._stop(result.error_in_exec)
            if result.error_before_exec is None:  # a SyntaxError: nothing ran, and the error says all
                self._keep(trace)
                self.show(trace, self._source)
        for file in _TIMED:
            linecache.cache.pop(file, None)

    def _leave(self, result: Any) -> None:
        """Let go of what `_after` still had in hand, if an interrupt came then."""
        if not cells_under_way():
            self._let_go()

    def _start(self) -> None:
        self._recorder = EventRecorder()
        self._recorder.start()

    def _stop(self, error: BaseException | None) -> Trace:
        recorder = self._recorder
        assert recorder is not None
        self._let_go()
        if error is not None:
            self._explain(error, recorder)
        self._cell_files = recorder.outermost_files()
        return Trace.of(recorder.finish(error, self._label, self._source))

    def _explain(self, error: BaseException, recorder: EventRecorder | None) -> None:
        """Add the note, and keep what `%why` draws; what a magic refuses is no error of the learner's code."""
        if not isinstance(error, UsageError):
            self.failed_view = failed_view(error) or failed_dtype(error)
            self.last_error = class_name(error)
            explain(error, recorder, self.failed_view)

    def _explain_before_traceback(self) -> None:
        """Have note and picture come before the traceback if the cell fails."""
        shell = self.shell
        original = shell.showtraceback

        def showtraceback(*args: Any, **kwargs: Any) -> None:
            error = sys.exc_info()[1]
            if cells_under_way() <= 1 and error is not None:
                if self._recorder is None:
                    self._explain(error, None)
                else:
                    trace = self._stop(error)
                    self._keep(trace)
                    self.show(trace, self._source)
                    self._show_cause(error)
            original(*args, **kwargs)

        shell.__dict__["showtraceback"] = showtraceback

    def _label(self, filename: str) -> str:
        """A file as the learner knows it: "cell" for the traced one, "In[3]" for another."""
        return "cell" if filename in self._cell_files else file_label(filename)

    def _keep(self, trace: Trace) -> None:
        if self._header.name is not None:
            self.shell.user_ns[self._header.name] = trace

    # -- as an ordinary magic ---------------------------------------------------------------------------------------

    def run_as_magic(self, line: str, cell: str) -> Any:
        """Run a cell where the line could not become a comment: above or below another cell magic."""
        self._header = _header_in(line)
        taken = taken_by(self._header.name, self.shell.user_ns)
        if taken:
            raise UsageError(f"%%trace: {taken}. Choose another name for the trace.")
        if not cell.strip():
            raise UsageError("%%trace: the cell is empty. Write the code to trace below the %%trace line.")
        if self._recorder is not None:
            raise UsageError("%%trace: this code is being traced already.")
        self._source = cell
        self._start()
        error: BaseException | None = None
        try:
            return self._run(cell)
        except BaseException as caught:
            error = caught
            raise
        finally:
            if self._recorder is not None:
                trace = self._stop(error)
                self._keep(trace)
                self.show(trace, cell)
                if error is not None:
                    self._show_cause(error)

    def _run(self, cell: str) -> Any:
        transformed = self.shell.transform_cell(cell)
        name = self.shell.compile.cache(transformed, self.shell.execution_count, cell)
        tree: Any = self.shell.compile.ast_parse(transformed, name)
        namespace = self.shell.user_ns
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(self.shell.compile(tree, name, "exec"), namespace)
        if last is None:
            return None
        value = eval(self.shell.compile(ast.Expression(last.value), name, "eval"), namespace)
        return None if cell.rstrip().endswith(";") else value

    # -- showing ----------------------------------------------------------------------------------------------------

    def show(self, trace: Trace, source: str) -> None:
        """Draw a trace in the notebook."""
        from autogradkit.widgets.graph import GraphView

        trace.source = source
        nodes, self._header = self._header.nodes, Header(None, False)
        if not trace.events:
            print(f"Nothing was traced: {self._why_nothing(trace, source)}")
            return
        view = GraphView(trace, node_names=nodes)
        display(view)
        in_a_terminal = getattr(self.shell, "kernel", None) is None
        if in_a_terminal:  # no page can ask more of it, and ipywidgets keeps what is open
            view.close()

    def _why_nothing(self, trace: Trace, source: str) -> str:
        if trace.notes:
            return " ".join(trace.notes)
        names = pytorchs_names(source, self.shell.user_ns)
        if not names:
            return "no tensor operation ran in this cell."
        used = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
        return f"this code computes with PyTorch itself ({used}), which autogradkit does not see into. {INSTEAD}"

    def _show_cause(self, error: BaseException) -> None:
        """Draw what was wrong beside the trace, where that is memory."""
        from autogradkit.widgets.storage import failed_view_map

        if self.failed_view is not None and not isinstance(error, UsageError):
            display(failed_view_map(self.failed_view))
