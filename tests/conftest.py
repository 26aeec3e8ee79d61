"""Hypothesis profiles: derandomised in CI, random locally; long studies in their full size with ``--full``."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="long studies in their full size (make study)")


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether long studies run in their full size."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _own_files() -> Iterator[None]:
    """A file that a test names (``--with``) is forgotten after it, so that the order of tests does not matter."""
    from theory import plugins

    before = dict(plugins._named)
    yield
    plugins._named.clear()
    plugins._named.update(before)
