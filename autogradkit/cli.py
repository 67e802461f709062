"""The command line: `lab` opens the lessons, `train` trains on the bundled digits, `run` runs a PyTorch script.

Rests on everything below; each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO, cast

from autogradkit import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    try:
        try:
            return _run(argv)
        finally:
            _flush(sys.stdout)  # here, where what cannot be written can still be told
    except KeyboardInterrupt:
        _tell("\nInterrupted.")
        return 130
    except BrokenPipeError:  # whoever read it has gone, as `| head` does: nobody to tell
        _write_nowhere("stdout")
        return 141
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF) or error.filename is not None:
            raise
        _write_nowhere("stdout")
        _tell(f"autogradkit: what it prints cannot be written: {error.strerror}")
        return 1
    finally:
        try:
            _flush(sys.stderr)
        except OSError:  # that something went wrong the exit status says
            _write_nowhere("stderr")


def _run(argv: Sequence[str] | None) -> int:
    for name in ("stdout", "stderr"):  # closed by whoever started it
        if getattr(sys, name) is None:
            setattr(sys, name, _nowhere())
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 2
    return arguments.command(arguments)


def _flush(stream: TextIO | None) -> None:
    """Write what waits to be written, where a script has left the stream there and open."""
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


def _tell(what: str) -> None:
    """Say why it ends; where that cannot be written either, the exit status says it."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: a script has closed it
        print(what, file=sys.stderr)


def _write_nowhere(name: str) -> None:
    """What is still waiting to be written is dropped, or Python would try again at its end, and complain."""
    nowhere = _nowhere()
    setattr(sys, name, nowhere)
    with contextlib.suppress(OSError):
        os.dup2(nowhere.fileno(), {"stdout": 1, "stderr": 2}[name])


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


class _Parser(argparse.ArgumentParser):
    """A parser whose help fails where it cannot be written: argparse's own would end as if it had been."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            file.write(message)
        else:
            with contextlib.suppress(OSError):  # Python 3.11.2's own would end with another status
                super()._print_message(message, file)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="autogradkit", description="PyTorch you can see through: tensors, autograd and training on NumPy."
    )
    parser.add_argument("--version", action="version", version=f"autogradkit {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    lab_help = "open the lessons in JupyterLab"
    lab_parser = commands.add_parser(
        "lab",
        help=lab_help,
        description=f"{lab_help[0].upper()}{lab_help[1:]}. They are copied into FOLDER/tutorials; what you edited "
        "there is never overwritten.",
    )
    lab_parser.add_argument("folder", nargs="?", type=Path, default=Path("autogradkit-lessons"), metavar="FOLDER")
    lab_parser.add_argument("--port", type=_port, help="the port of JupyterLab (default: 8888, or the next free one)")
    lab_parser.add_argument("--no-browser", action="store_true", help="only print the address")
    lab_parser.set_defaults(command=lab)

    train_help = "train a network on the bundled handwritten digits, or one that writes on the bundled sonnets"
    train_parser = commands.add_parser(
        "train", help=train_help, description=f"{train_help[0].upper()}{train_help[1:]}."
    )
    train_parser.add_argument("network", choices=("lenet", "mlp", "cnn", "rnn", "gpt"))
    train_parser.add_argument("--epochs", type=_positive, help="times through the training data")
    train_parser.add_argument(
        "--seed", type=_seed, default=0, help="of the initial weights and of the order of the data (default: 0)"
    )
    train_parser.add_argument(
        "--checkpoint", type=_file, metavar="FILE", help="written after each epoch; where it is there, the run goes on"
    )
    train_parser.add_argument(
        "--curves", type=_picture, metavar="FILE", help="loss and accuracy, as .png, .svg or .pdf"
    )
    train_parser.add_argument("--quiet", action="store_true", help="no progress bar and no samples, only the result")
    train_parser.set_defaults(command=train)

    run_help = "run a PyTorch script, unmodified, without PyTorch"
    run_parser = commands.add_parser(
        "run",
        help=run_help,
        description=f"{run_help[0].upper()}{run_help[1:]}: torch and torchvision mean autogradkit in it.",
    )
    run_parser.add_argument("script", metavar="SCRIPT", nargs="?")
    run_parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="what the script is given")
    run_parser.add_argument(
        "-m",
        dest="module",
        nargs=argparse.REMAINDER,
        metavar="MODULE [ARGS]",
        help="a module in its place, as python -m runs it",
    )
    run_parser.set_defaults(command=run)
    return parser


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535 is")
    return number


def _seed(text: str) -> int:
    digits = text.removeprefix("-")
    number = int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None
    if number is None or not -(2**63) <= number < 2**64:
        raise argparse.ArgumentTypeError(f"{text[:30]!r} is no seed: a whole number of at most 64 bits is")
    return number


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text[:30]!r} should be a whole number, from 1 to 999999999")
    return number


def _file(text: str) -> Path:
    path = Path(text)
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENOENT and path.parent.is_dir():
            return path  # it is to be made
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r}") from None
        raise argparse.ArgumentTypeError(f"{text[:30]!r}: {error.strerror}") from None
    return path


def _picture(text: str) -> Path:
    path = _file(text)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise argparse.ArgumentTypeError(f"{text!r} should end in .png, .svg or .pdf")
    return path


def lab(arguments: argparse.Namespace) -> int:
    """Copy the lessons and open the first one in JupyterLab, until it is stopped."""
    from autogradkit.lesson_copies import FIRST, SUBFOLDER, copy_lessons, lessons_folder

    missing = [name for name in ("jupyterlab", "ipykernel") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"autogradkit lab needs {' and '.join(missing)}, which this Python does not have. Install it with\n")
        print(f"    {Path(sys.executable).name} -m pip install jupyterlab ipykernel")
        return 1
    try:
        folder: Path = arguments.folder.expanduser().resolve()
    except RuntimeError as error:  # no such user, or links in a circle
        _tell(
            f"There is no folder {arguments.folder}: {str(error).rstrip('.')}. Name another folder: autogradkit lab FOLDER"
        )
        return 1
    try:
        done = copy_lessons(lessons_folder(), folder / SUBFOLDER)
    except OSError as error:
        _tell(f"The lessons cannot be copied: {error}. Name another folder: autogradkit lab FOLDER")
        return 1
    print(f"Your lessons are in {folder / SUBFOLDER}")
    if done.kept:
        print(f"Kept as you edited them: {', '.join(done.kept)}")
    if done.beside:
        print(f"Newer versions are beside them: {', '.join(done.beside)}")
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{SUBFOLDER}/{FIRST}"]
    if arguments.port is not None:
        options += [f"--ServerApp.port={arguments.port}", "--ServerApp.port_retries=0"]
    if arguments.no_browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container one often is root; only this machine can connect
        options.append("--allow-root")
    # Other defaults for this server only: no question about news over the first lesson. The user's own settings come first.
    configured = [os.environ.get("JUPYTER_CONFIG_PATH", ""), str(Path(__file__).parent / "_jupyter")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, configured))
    # Else jsonschema builds 38 parsers of addresses, which no schema of Jupyter's asks for: half of the time to start.
    sys.modules.setdefault("rfc3987_syntax", cast("Any", None))
    from jupyterlab.labapp import LabApp

    sys.stdout.flush()
    LabApp.launch_instance(argv=options)
    return 0


def train(arguments: argparse.Namespace) -> int:
    """Train a network by its recipe and say how well it does; 0 if it reaches the recipe's target."""
    from autogradkit.training_command import train

    return train(arguments, _tell)


def run(arguments: argparse.Namespace) -> int:
    """Run a script or a module that imports torch; its exit status."""
    from autogradkit.scripts import run_module, run_script, source_of

    if arguments.module:
        return run_module(arguments.module[0], arguments.module[1:])
    if arguments.script is None:
        _tell("autogradkit run: what is to be run? A SCRIPT, or -m MODULE")
        return 2
    try:
        source = source_of(arguments.script)
    except OSError as error:
        _tell(f"autogradkit run: can't open file '{arguments.script}': [Errno {error.errno}] {error.strerror}")
        return 2
    return run_script(source, arguments.script, arguments.arguments)
