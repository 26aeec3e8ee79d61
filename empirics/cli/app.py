"""The ``factbound`` command and its exit statuses.

0: nothing required is violated. 1: a required claim is violated. 2: bad usage or input, or something cannot be written
(one line). 3: no claim was tested, or with ``--strict`` a required one is undecided or not tested.
70: an internal error, a broken plug-in was asked for, or no worker process can start. 130: interrupted.
143: terminated by a signal. Where several apply, the first of 70, 1, 2, 3. Standard output that cannot be written and
signals are seen to in :mod:`empirics.__main__`.
"""

from __future__ import annotations

import errno
import sys
import traceback
from importlib import import_module

import typer

import theory
from empirics.cli.order import COMMANDS
from empirics.cli.plugins import load_files, with_broken_files
from empirics.errors import UsageError, WorkerError
from theory.plugins import BrokenPluginError, line_of
from theory.registry import origin
from theory.spelling import meant

# The command-line parser's own error, the base of the one that typer exports.
_ParserError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def run(arguments: list[str]) -> int:
    """Run the command line; the exit status is returned."""
    if getattr(theory, "DISTRIBUTION", None) != "factbound":
        return _fail(f"another package named 'theory' shadows factbound's: {theory.__file__}; remove or rename it")
    try:
        load_files(arguments)
        for module in _needed(arguments):
            import_module(f"empirics.cli.{module}")
        from empirics.cli.root import app

        found = app(args=arguments or ["--help"], prog_name="factbound", standalone_mode=False)
        status = found if isinstance(found, int) else 0
        return with_broken_files(status) if arguments else 2
    except theory.UnknownClaimError as error:
        return with_broken_files(_fail(str(error)))  # it may be a claim of a broken file
    except (UsageError, theory.DomainError) as error:
        return _fail(str(error))
    except WorkerError as error:
        return _fail(str(error), 70)
    except (BrokenPluginError, theory.BrokenClaimError) as error:
        return _broken(error)
    except _ParserError as error:
        return _fail(_explain(error, arguments))
    except typer.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("factbound: interrupted", file=sys.stderr)
        return 130
    except Exception as error:  # nothing is swallowed: the traceback is shown, and the status says internal error
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return _fail(f"cannot write {error.filename or 'a file'}: {error.strerror}")
        traceback.print_exc()
        if place := line_of(error):
            return _fail(f"{type(error).__name__}: {error} ({place})", 70)
        return _fail("internal error; the traceback above belongs in a report to the developers", 70)


def _needed(arguments: list[str]) -> list[str]:
    """The modules of the command that is asked for; all where that is not plain, as for help."""
    mine = [module for module, names in COMMANDS.items() if arguments and arguments[0] in names]
    return mine or list(COMMANDS)


def _broken(error: Exception) -> int:
    """A third party's defect is a line that names its file; a defect of ours has a traceback too."""
    if isinstance(error, theory.BrokenClaimError):
        source = origin(error.claim)
        if source is None:
            traceback.print_exc()
        return _fail(f"{error}" + (f" ({source})" if source else ""), 70)
    return _fail(str(error), 70)


def _explain(error: Exception, arguments: list[str]) -> str:
    """The parser's message, with the value that was given, which it leaves out for numbers."""
    if (name := getattr(error, "option_name", None)) and (context := getattr(error, "ctx", None)) is not None:
        options = [o for p in context.command.params for o in p.opts if o.startswith("--")]
        return f"{context.command_path} has no option {name}; {meant(name, options)}"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    for option in getattr(getattr(error, "param", None), "opts", ()):
        places = [i for i, word in enumerate(arguments[:-1]) if word == option]
        if places:  # of an option that is given twice the last counts
            given = f"{option}={arguments[places[-1] + 1]} is refused"
            _, typed, allowed = str(getattr(error, "message", "")).partition("Input should be ")
            return f"{given}: allowed is {allowed.partition(',')[0]}" if typed else f"{given}. {message}"
    return message


def _fail(message: str, status: int = 2) -> int:
    print("factbound: " + " ".join(message.split()), file=sys.stderr)
    return status
