"""What a case costs: size, operations, time, memory and energy."""

from typing import Annotated

from pydantic import Field

from ptmbench.records.record_part import Count, RecordPart, Seconds

MAX_LATENCY_SAMPLES = 200
BUSY = 0.1  # of the time: a tenth in other hands moves a latency by more than the gate tolerates


class Latency(RecordPart):
    """Seconds for one batch, warmed up; the samples in the order measured, six digits each. `scope` says of what.

    `waited` is the share of the time in which the process was ready and did not get its cores: other work took them.
    Older records lack it.
    """

    scope: str = "forward pass"
    batch_size: Count
    p50: Seconds
    p95: Seconds
    p99: Seconds
    samples: Annotated[list[Seconds], Field(max_length=MAX_LATENCY_SAMPLES)]
    waited: float | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def busy(self) -> bool:
        """Whether the machine was busy with other work, so that the times say nothing."""
        return self.waited is not None and self.waited > BUSY


class PeakMemory(RecordPart):
    """Peak bytes while inferring one batch and in one training step; `kind` says how they were counted."""

    inference: Count | None
    inference_batch_size: Count
    training: Count | None
    training_batch_size: Count
    kind: str


class Cost(RecordPart):
    """What the backbone with its head costs. MACs and FLOPs (2 x MACs) are for one input, null where not countable."""

    parameters: Count
    trainable_parameters: Count
    size_bytes: Count
    macs: Count | None
    flops: Count | None
    thop_macs: Count | None
    uncounted_operations: list[str]
    latency_s: Latency | None
    throughput_per_s: float | None
    throughput_batch_size: Count | None
    peak_memory_bytes: PeakMemory
    train_time_s: Seconds | None
    feature_time_s: Seconds | None
    energy_j: float | None

    @property
    def carry_over_time_s(self) -> float | None:
        """Seconds at one seed for features and for fitting or training: what is there of the two."""
        spent = [seconds for seconds in (self.train_time_s, self.feature_time_s) if seconds is not None]
        return sum(spent) if spent else None
