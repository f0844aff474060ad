"""Energy of a stretch of work, where the machine has a counter: NVML on NVIDIA GPUs, RAPL on Linux CPUs."""

from pathlib import Path

from ptmbench.engine.device import Device
from ptmbench.reading import text_of
from ptmbench.records.measured import Missing

RAPL = Path("/sys/class/powercap")


def _rapl_joules() -> float | Missing:
    """Energy of all processor packages since some moment, in joules."""
    counters = sorted(RAPL.glob("intel-rapl:?/energy_uj"))
    if not counters:
        return Missing("this machine has no energy counter that can be read (RAPL)")
    try:
        return sum(int(text_of(counter)) for counter in counters) / 1e6
    except OSError:
        return Missing("the energy counter (RAPL) may only be read by root here")


def _nvml_joules() -> float | Missing:
    """Energy of the first GPU since the driver was loaded, in joules."""
    try:
        import pynvml  # here: comes with the extra `gpu`
    except ImportError:
        return Missing("no energy counter: pip install nvidia-ml-py")
    try:
        pynvml.nvmlInit()
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(pynvml.nvmlDeviceGetHandleByIndex(0))) / 1e3
    except pynvml.NVMLError as error:
        return Missing(f"the GPU has no energy counter ({error})")


def counter_joules(device: Device) -> float | Missing:
    """The reading of the device's counter, to be subtracted from a later one."""
    return _nvml_joules() if device.type == "cuda" else _rapl_joules()


def spent(before: float | Missing, after: float | Missing) -> float | Missing:
    """Joules between two readings; a counter that wrapped around says nothing."""
    if isinstance(before, Missing):
        return before
    if isinstance(after, Missing):
        return after
    return after - before if after >= before else Missing("the energy counter wrapped around")
