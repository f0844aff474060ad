"""What the cases of one process share: data, weights, frozen outputs, footprints, distances.

Sharing changes no figure: whatever is kept would be computed again to the last bit.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import nn

from ptmbench import stages
from ptmbench.catalog.places import feature_cache
from ptmbench.catalog.schemes import metric_schemes
from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import FULL, Case, ModelSpec, VariantSpec
from ptmbench.catalog.traits import Trains
from ptmbench.engine import data, source_distance, tasks
from ptmbench.engine.corruptions.stress import Condition, CorruptedSamples, Stress, conditions
from ptmbench.engine.cost import footprint
from ptmbench.engine.cost.footprint import Example
from ptmbench.engine.datasets.base import LabelledImages
from ptmbench.engine.device import Device, resolve
from ptmbench.engine.foreign_code import built
from ptmbench.engine.inputs.batches import Inputs, kept_in, largest
from ptmbench.engine.inputs.pictures import Encoded
from ptmbench.engine.methods import fine_tune, low_rank
from ptmbench.engine.methods.fine_tune import Trainable
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.dense_network import DenseModel
from ptmbench.engine.models.provider import provider_of
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES
from ptmbench.engine.seeding import seeded_draws
from ptmbench.engine.transfer import feature_identity
from ptmbench.engine.transfer.feature_store import FeatureStore
from ptmbench.engine.transfer.features import FeatureCache, Frozen
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.engine.transfer.trained import Work
from ptmbench.engine.variants.table import SERVED
from ptmbench.errors import UsageError
from ptmbench.records.case_record import SourceDistance
from ptmbench.records.measured import Footprint, Missing, Timing

DENSE_BATCH = 16  # pictures at most that the throughput of detectors and segmenters is measured with
WHOLE = {"": nn.Identity()}  # nothing behind the module itself
TRAINABLE = {
    Trains.LAST_STAGE: fine_tune.last_stage,
    Trains.LAST_TWO_STAGES: fine_tune.last_two_stages,
    Trains.NORMS: fine_tune.norms_alone,
    Trains.BIASES: fine_tune.biases_alone,
    Trains.ADAPTER: low_rank.adapted,
}


def weights_seed(spec: ModelSpec, seed: int) -> int:
    """The seed that the weights depend on: only a random control draws new ones for each seed."""
    return seed if spec.random else 0


@dataclass(slots=True)
class Workbench:
    """Caches over one set of settings on one device."""

    settings: RunSettings
    device: Device = field(init=False)
    _data: dict[str, data.TaskData] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _models: dict[tuple[str, int], LoadedModel | DenseModel] = field(default_factory=dict)
    _frozen: FeatureCache = field(default_factory=FeatureCache)
    _corrupted: CorruptedSamples = field(default_factory=CorruptedSamples)
    _footprints: dict[tuple[object, ...], Footprint] = field(default_factory=dict)
    _timings: dict[tuple[object, ...], Timing] = field(default_factory=dict)
    _training_bytes: dict[tuple[object, ...], int | Missing] = field(default_factory=dict)
    _distances: dict[tuple[str, str], float] = field(default_factory=dict)
    _identities: dict[tuple[str, int], feature_identity.Identity | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.device = resolve(self.settings)
        folder = feature_cache()
        if folder is not None:
            self._frozen.store = FeatureStore(folder)

    @property
    def note(self) -> str | None:
        """Why features are not kept on disk, where they should be; it moves no figure."""
        return None if self._frozen.store is None else self._frozen.store.note

    def task_data(self, case: Case) -> data.TaskData:
        """The case's data set, loaded once."""
        name = case.task.dataset
        if name in self._refused:
            raise UsageError(self._refused[name])
        if name not in self._data:
            stages.HERE.at("reading the data")
            try:
                self._data[name] = data.load(name, skip_bad=self.settings.skip_bad)
            except UsageError as error:
                self._refused[name] = str(error)  # faulty data is read once, not once a model and method
                raise
        return self._data[name]

    def loaded(self, case: Case, seed: int) -> LoadedModel | DenseModel:
        """The case's model, its backbone on the device, or what makes detectors or segmenters of it."""
        spec = case.model
        key = spec.name, weights_seed(spec, seed)
        if key not in self._models:
            stages.HERE.at("loading the model")
            with built(spec.name):
                model = provider_of(spec).build(spec, key[1])
            if isinstance(model, LoadedModel):
                self.device.place(model.backbone)
            self._models[key] = model
        return self._models[key]

    def model(self, case: Case, seed: int) -> LoadedModel:
        """The case's model where it gives features."""
        found = self.loaded(case, seed)
        assert isinstance(found, LoadedModel)
        return found

    def encoded(self, case: Case) -> Encoded:
        """All samples as the case's model wants them, on the CPU."""
        preprocessing, found = self.loaded(case, 0).preprocessing, self.task_data(case)
        stages.HERE.at("preparing the inputs")
        return found.encoded(preprocessing, self._kept)

    def _kept(self, inputs: Inputs) -> Inputs:
        """The inputs, what is decoded for them kept where features are."""
        store = self._frozen.store
        return inputs if store is None else kept_in(inputs, store.folder, feature_identity.of_decoding())

    def rows(self, case: Case) -> Rows:
        """Where in the model's outputs the labels of the task stand."""
        return Rows.of(self.task_data(case), self.encoded(case))

    def scorer(self, case: Case) -> Scorer:
        """The metric of the case's kind of task over its data."""
        brought = tuple(row for row in metric_schemes().values() if case.task.kind in row.kinds)
        found = self.task_data(case)
        return Scorer(tasks.kind_of(case.task.kind, plain=getattr(found.samples, "plain", False)), found, brought)

    def poolings(self, case: Case) -> tuple[str | None, ...]:
        """The poolings that the model offers for this kind of task, the usual one first; (None,): it has no choice."""
        return tasks.KINDS[case.task.kind].poolings(self.model(case, 0).backbone.sizes) or (None,)

    def backbone(self, case: Case, seed: int, pooling: str | None = None) -> Backbone:
        """The case's backbone with a pooling, or with its usual one for this kind of task."""
        backbone, usual = self.model(case, seed).backbone, self.poolings(case)[0]
        name = pooling or usual
        return backbone if name is None else backbone.pooled_by(name)

    def feature_size(self, case: Case, shape: tuple[int, ...], pooling: str | None = None) -> int:
        """How many features the case's backbone gives of an input of that shape."""
        return shape[-1] if self.model(case, 0).passes_on else self.backbone(case, 0, pooling).feature_size

    def network(self, case: Case, seed: int) -> Trainable:
        """A fresh copy of backbone and head, divided into what the method trains and what it leaves."""
        found = self.loaded(case, seed)
        if isinstance(found, DenseModel):
            network = found.assemble(self.task_data(case).classes, seed)
            if case.method.trains is Trains.HEAD:
                network.freeze_body()
            return Trainable(fixed=None, trained=network)
        backbone = self.backbone(case, seed)
        head = tasks.head(backbone.feature_size, self.task_data(case).classes, seed)
        with seeded_draws("adapters", case.model.architecture, seed):
            return TRAINABLE.get(case.method.trains, fine_tune.whole)(backbone, head)

    def features(
        self,
        case: Case,
        seed: int,
        pooling: str | None = None,
        condition: Condition | None = None,
        examples: tuple[int, ...] | None = None,
    ) -> Frozen:
        """The backbone's features of all samples, of some `examples`, or of the test examples under a condition."""
        backbone = self.backbone(case, seed, pooling)
        if backbone.pooling is None:
            return self._outputs(
                *(case, seed, "features", (backbone, WHOLE)), variant=case.variant, condition=condition, some=examples
            )
        usable = {name: backbone.pools[name] for name in self.poolings(case) if name is not None}
        if any(True for pool in usable.values() for _ in pool.parameters()):  # with weights it has a cost of its own
            usable = {backbone.pooling: usable[backbone.pooling]}
        shared = nn.Sequential(backbone.trunk, backbone.tail)
        return self._outputs(
            *(case, seed, "features", (shared, usable)),
            variant=case.variant,
            end=backbone.pooling,
            condition=condition,
            some=examples,
        )

    def trunk_outputs(self, case: Case, condition: Condition | None = None) -> Frozen:
        """What the frozen trunk makes of all samples, or of the test examples under a condition.

        Always in full: it is what the last stage is trained on, and a variant serves the whole network afterwards.
        """
        trunk = self.model(case, 0).backbone.trunk
        return self._outputs(case, 0, "trunk", (trunk, WHOLE), variant=FULL, condition=condition)

    def _outputs(
        self,
        case: Case,
        seed: int,
        part: str,
        modules: tuple[nn.Module, Mapping[str, nn.Module]],
        *,
        variant: VariantSpec,
        end: str = "",
        condition: Condition | None = None,
        some: tuple[int, ...] | None = None,
    ) -> Frozen:
        model = self.model(case, seed)
        weights = case.model.name, weights_seed(case.model, seed), model.weights_sha256
        key = (*weights, part, variant, model.preprocessing, case.task.dataset, self.device.precision, condition, some)

        def parts() -> tuple[nn.Module, Mapping[str, nn.Module]]:
            serve = SERVED[variant.name]
            return serve(modules[0]), {name: serve(module) for name, module in modules[1].items()}

        def encoded() -> Encoded:
            return self.encoded(case) if condition is None else self.corrupted(case, condition)

        examples = some if condition is None else self.task_data(case).split.test

        def identity() -> feature_identity.Identity | None:
            known = self._identity(case, seed)
            if known is None:
                return None
            data = self.task_data(case)
            return {
                **known,
                **feature_identity.of_data(data.sha256, data.samples, encoded().inputs),
                "part": part,
                "variant": variant.name,
                "condition": condition,
                "examples": feature_identity.of_examples(examples),
            }

        return self._frozen.get(
            *(key, end, parts, lambda: encoded().inputs, self.device),
            examples=examples,
            identity=identity,
        )

    def _identity(self, case: Case, seed: int) -> feature_identity.Identity | None:
        """What the features of the case's model depend on besides the data; None where that is not known for sure."""
        key = case.model.name, weights_seed(case.model, seed)
        if key not in self._identities:
            around = feature_identity.of_surroundings(self.device)
            model = feature_identity.of_model(case.model, self.model(case, seed), key[1])
            self._identities[key] = None if around is None or model is None else {**around, **model}
        return self._identities[key]

    def stress(self, case: Case) -> Stress | None:
        """What the case is put through besides its clean test examples; None where nothing was asked for."""
        found = conditions(self.task_data(case).samples) if self.settings.corruptions else ()
        return Stress(self.scorer(case), found) if found else None

    def corrupted(self, case: Case, condition: Condition) -> Encoded:
        """All samples as the case's model wants them, the test examples corrupted."""
        data, preprocessing = self.task_data(case), self.loaded(case, 0).preprocessing
        return self._corrupted.encoded(case.task.dataset, data, preprocessing, condition)

    def footprint(self, case: Case) -> Footprint:
        """What backbone and head cost, measured once an architecture, number of classes and input shape."""
        model, untimed = self.loaded(case, 0), self.settings.untimed
        shape, classes = self.encoded(case).shape, self.task_data(case).classes
        key = (case.model.architecture, case.variant, classes, shape, case.task.kind, untimed)
        if key not in self._footprints:
            stages.HERE.at("measuring the cost")
            network, example, most = self._served(case, classes, shape)
            measured = footprint.measure(network, example, self.device, untimed=untimed, most=most)
            self._footprints[key] = replace(measured, timing=self._scoped(case, measured.timing))
        found = self._footprints[key]  # of a dense network the size is that in memory: no checkpoint holds all of it
        if isinstance(model, DenseModel):
            return found
        return replace(found, size_bytes=self._size_bytes(case, model))

    def _served(self, case: Case, classes: int, shape: tuple[int, ...]) -> tuple[nn.Module, Example, int | None]:
        """The whole network as it is served, what makes inputs for it, and the largest batch to measure it with."""
        model = self.loaded(case, 0)
        example = functools.partial(model.preprocessing.example, shape=shape)
        serve = SERVED[case.variant.name]
        if isinstance(model, DenseModel):
            return serve(model.assemble(classes, 0)), example, DENSE_BATCH
        head = tasks.head(self.feature_size(case, shape), classes, 0)
        return serve(fine_tune.whole(self.backbone(case, 0), head).trained), example, None

    def timing(self, case: Case, classes: int, shape: tuple[int, ...]) -> Timing:
        """How fast the case's network answers, measured once an architecture, number of classes and input shape.

        Args:
            case: The case; its data is not read.
            classes: How many labels its head tells apart.
            shape: Of one input.

        Returns:
            What `footprint` holds of it where nothing runs beside.
        """
        key = (case.model.architecture, case.variant, classes, shape, case.task.kind)
        if key not in self._timings:
            network, example, most = self._served(case, classes, shape)
            self._timings[key] = self._scoped(case, footprint.timing(network, example, self.device, most=most))
        return self._timings[key]

    def _scoped(self, case: Case, timing: Timing) -> Timing:
        """The timing of a detector or segmenter says what it is of: not only of a forward pass."""
        model = self.loaded(case, 0)
        return replace(timing, scope=model.scope) if isinstance(model, DenseModel) else timing

    def _size_bytes(self, case: Case, model: LoadedModel) -> int:
        """Bytes of the weights that are served: of the checkpoint in full, else of the variant of the backbone."""
        if case.variant == FULL:
            return model.size_bytes
        return footprint.state_bytes(SERVED[case.variant.name](model.backbone))

    def training_bytes(self, case: Case, work: Work, batch_size: int) -> int | Missing:
        """Peak memory of one training step on a batch of this work, measured once for what trains."""
        classes = self.task_data(case).classes
        key = (case.model.architecture, case.method.trains, classes, work.inputs.shape, case.task.kind, batch_size)
        if key not in self._training_bytes:
            network = self.network(case, 0).trained
            batch = next(work.batches([largest(work.inputs, batch_size)]))
            self._training_bytes[key] = footprint.training_peak(network, work.loss, batch, self.device)
        return self._training_bytes[key]

    def source_distance(self, case: Case) -> SourceDistance | Missing:
        """How far the task's training and validation images lie from the model's pre-training source."""
        if not case.model.pretrained:
            return Missing("a control: there is no pre-training source")
        if self.settings.budget.name == "smoke":
            return Missing("not measured at the smoke budget")
        samples, split = self.task_data(case).samples, self.task_data(case).split
        if not isinstance(samples, LabelledImages) or case.model.source not in IMAGE_SOURCES:
            return Missing("defined for images of tasks and sources that are at hand only")
        key = case.model.source, case.task.dataset
        if key not in self._distances:
            seen = samples.images[list(split.train + split.validation)]
            self._distances[key] = source_distance.frechet(
                source_distance.source_moments(case.model.source), source_distance.moments(seen)
            )
        return SourceDistance(kind=source_distance.KIND, value=self._distances[key])
