"""A command loads its own module alone: the table that says where each command is says so rightly."""

import subprocess
import sys
from importlib import import_module

from empirics.cli.order import COMMANDS


def test_every_command_is_where_the_table_says():
    found = {}
    for name in COMMANDS:
        before = {c.name for c in _commands()}
        import_module(f"empirics.cli.{name}")
        found |= {c.name: c.callback.__module__ for c in _commands() if c.name not in before}
    for name, commands in COMMANDS.items():
        for command in commands:
            callback = next((c.callback for c in _commands() if c.name == command), None)
            groups = [g.name for g in _root().registered_groups]
            assert command in groups if callback is None else callback.__module__ == f"empirics.cli.{name}"
    told = {command for commands in COMMANDS.values() for command in commands}
    assert {c.name for c in _commands()} <= told


def _root():
    from empirics.cli.root import app

    return app


def _commands():
    return _root().registered_commands


def test_a_command_does_not_load_the_others():
    code = (
        "import sys; from empirics.cli.app import run\n"
        "run(['bound', 'ood-error-literal', 'N_f=40', 'K=3', 'R=60'])\n"
        "print(*(name for name in ('torch', 'scipy', 'matplotlib', 'numpy.f2py', 'empirics.verification.results') "
        "if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "empirics", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("factbound ")
    assert "importlib.metadata" in done.stderr
    assert not any(name in done.stderr for name in ("sympy", "numpy", "typer"))
