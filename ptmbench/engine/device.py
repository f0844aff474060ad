"""Where and how numbers are computed: device, precision, threads, determinism."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import Precision
from ptmbench.errors import UsageError
from ptmbench.records import environment


@dataclass(frozen=True, slots=True)
class Device:
    """A resolved device. Tensors and modules go there channels-last: faster for convolutions on CPU and GPU alike."""

    type: str
    precision: Precision
    threads: int

    @property
    def gpu(self) -> str:
        """The accelerator's name, or "none"."""
        return torch.cuda.get_device_name() if self.type == "cuda" else environment.NO_GPU

    def autocast(self) -> AbstractContextManager[object]:
        """bf16 autocast where the precision asks for it."""
        if self.precision == "bf16":
            return torch.autocast(self.type, dtype=torch.bfloat16)
        return nullcontext()

    def put(self, tensor: Tensor) -> Tensor:
        """A tensor on the device; from pinned memory, without waiting, on CUDA."""
        if tensor.device.type == self.type:
            pass
        elif self.type == "cuda":
            tensor = tensor.pin_memory().to("cuda", non_blocking=True)
        else:
            tensor = tensor.to(self.type)
        return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor

    def place(self, module: nn.Module) -> nn.Module:
        """A module on the device, channels-last."""
        return module.to(self.type).to(memory_format=torch.channels_last)

    def synchronise(self) -> None:
        """Waits until everything asked of the device is done."""
        if self.type == "cuda":
            torch.cuda.synchronize()
        elif self.type == "mps":
            torch.mps.synchronize()


def resolve(settings: RunSettings) -> Device:
    """The device of the settings: `auto` is CUDA, else MPS, else CPU, with bf16 on CUDA and fp32 elsewhere.

    Also sets the threads of the process, those of torch and those of BLAS and OpenMP behind NumPy and SciPy (such
    libraries as are loaded by then), and deterministic algorithms.
    """
    found = settings.device
    if found == "auto":
        found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if found == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch sees no CUDA device here; take --device cpu, or see ptmbench doctor")
    if found == "mps" and not torch.backends.mps.is_available():
        raise UsageError("--device mps: torch sees no MPS device here; take --device cpu, or see ptmbench doctor")
    precision = settings.precision
    if precision == "auto":
        precision = "bf16" if found == "cuda" else "fp32"
    threads = settings.threads or environment.threads_given() or environment.cores()
    torch.set_num_threads(threads)
    threadpool_limits(threads)  # else every small fit spins on all cores, whatever the record says of threads
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is not deterministic without it
    torch.use_deterministic_algorithms(True, warn_only=found != "cpu")
    # Filling fresh memory makes a read of it repeat; nothing here reads it, and filling took 3 to 8 % of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # of a module
    return Device(type=found, precision=precision, threads=threads)
