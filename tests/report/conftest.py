"""Results of an experiment that nobody has."""

import pytest
from invented_results import toy_results


@pytest.fixture(scope="session")
def toy():
    """Results of an experiment that nobody has."""
    return toy_results()
