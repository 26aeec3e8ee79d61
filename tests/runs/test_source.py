"""Where runs come from."""

import builtins

from empirics.cli.app import run


def test_ctrl_c_while_torch_is_being_loaded_ends_in_one_line(monkeypatch, tmp_path, capsys):
    errors = iter([KeyboardInterrupt()])
    load = builtins.__import__

    def loading(name, *rest, **more):
        if name == "torch":
            raise next(errors, AttributeError("partially initialized module 'torch'"))
        return load(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", loading)
    assert run(["verify", "--preset", "quick", "--workers", "1", "--output", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "factbound: interrupted\n"
