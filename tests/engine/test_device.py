"""Where and how numbers are computed."""

import threadpoolctl
import torch

from ptmbench.catalog.settings import check_settings
from ptmbench.engine.device import resolve
from ptmbench.engine.workbench import Workbench


def test_threads_are_those_of_every_library():
    """What is asked for holds for torch and for each BLAS and OpenMP that NumPy, SciPy and scikit-learn bring."""
    Workbench(check_settings(device="cpu", threads=1))  # its import loads all of them
    threads = {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
    assert dict.fromkeys(threads, 1) == threads
    assert 1 == torch.get_num_threads()


def test_fresh_memory_is_not_filled():
    """Algorithms are deterministic, and no time goes into filling memory that nothing reads."""
    resolve(check_settings(device="cpu", threads=1))
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.utils.deterministic.fill_uninitialized_memory
