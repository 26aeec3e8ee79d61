"""Options that stand for a setting."""

from empirics.cli.options import with_device
from empirics.experiments.load import load_config


def test_the_device_is_a_setting_and_the_option_wins():
    given = ["model.width=32", "compute.device=auto"]
    assert load_config("quick", None, with_device(given, None)).compute.device == "auto"
    chosen = load_config("quick", None, with_device(given, "cuda"))
    assert (chosen.compute.device, chosen.model.width) == ("cuda", 32)
    assert load_config("quick", None, with_device(None, None)) == load_config("quick")
