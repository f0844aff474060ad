"""Cases as runs of an MLflow tracking server (extra `mlflow`): names as parameters, figures as metrics, record whole.

A record is logged once: its sha256 is a tag, and what carries it already is left alone.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ptmbench.analysis.case_rows import flat, make_row
from ptmbench.errors import StoreError, UsageError
from ptmbench.records.record import Record
from ptmbench.records.record_json import to_json
from ptmbench.records.store import ResultsFolder
from ptmbench.terminal import printable

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "ptmbench"
TAG = "ptmbench.sha256"
LONGEST = 500  # letters of a parameter or tag, which every kind of server takes
PAGE = 1000


def log(folders: Sequence[tuple[ResultsFolder, Sequence[Record]]], address: str) -> tuple[int, int]:
    """Logs every record; returns how many were new, and how many were there already."""
    client, failures = _client(address)
    records = [(folder, record) for folder, found in folders for record in found]
    try:
        experiment = _experiment(client)
        known = set(_known(client, experiment))
        fresh = [(folder, record) for folder, record in records if _sha256(record) not in known]
        for folder, record in fresh:
            _log(client, experiment, folder, record)
    except failures as error:
        said = printable(str(error).strip().splitlines()[0])
        raise StoreError(
            f"{address} does not take the records ({said}): give a tracking URI, such as http://localhost:5000 or "
            "sqlite:///mlflow.db; what was logged stays, the same command goes on"
        ) from None
    return len(fresh), len(records) - len(fresh)


def _client(address: str) -> "tuple[MlflowClient, tuple[type[Exception], ...]]":
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # its 7 keep a user with a typo waiting for minutes
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise UsageError("--mlflow needs mlflow: pip install 'ptmbench[mlflow]'") from None
    try:
        return MlflowClient(tracking_uri=address), (MlflowException, OSError)
    except (MlflowException, ImportError, ValueError) as error:
        said = printable(str(error).strip().splitlines()[0])
        raise UsageError(
            f"{address} is no tracking server ({said}): give a tracking URI, such as http://localhost:5000 or "
            "sqlite:///mlflow.db"
        ) from None


def _experiment(client: "MlflowClient") -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return str(found.experiment_id) if found else str(client.create_experiment(EXPERIMENT))


def _known(client: "MlflowClient", experiment: str) -> Iterator[str]:
    """The sha256 of every record that is there."""
    token: str | None = None
    while True:
        page = client.search_runs([experiment], max_results=PAGE, page_token=token)
        yield from (run.data.tags[TAG] for run in page if TAG in run.data.tags)
        token = page.token
        if not token:
            return


def _sha256(record: Record) -> str:
    return hashlib.sha256(to_json(record).encode()).hexdigest()


def _log(client: "MlflowClient", experiment: str, folder: ResultsFolder, record: Record) -> None:
    from mlflow.entities import Metric, Param, RunTag

    case, provenance = record.case, record.provenance
    run = client.create_run(experiment, run_name=case.id)
    identity, at = run.info.run_id, run.info.start_time
    metrics = [Metric(name, value, at, 0) for name, value in metrics_of(record).items()]
    params = [Param(name, value[:LONGEST]) for name, value in params_of(record).items()]
    tags = {"ptmbench.case": case.id, "ptmbench.folder": folder.path.name, "ptmbench.commit": provenance.commit}
    client.log_batch(identity, metrics, params, [RunTag(name, str(value)[:LONGEST]) for name, value in tags.items()])
    client.log_dict(identity, record.model_dump(mode="json"), "record.json")
    client.set_terminated(identity, "FINISHED" if record.status == "ok" else "FAILED")
    client.set_tag(identity, TAG, _sha256(record))  # last: a run that was cut off has none, and is logged again


def params_of(record: Record) -> dict[str, str]:
    """What was run, by name."""
    case = record.case
    return {
        "model": case.model.name,
        "family": case.model.family,
        "task": case.task.name,
        "kind": case.task.kind,
        "method": case.way,
        "budget": record.budget,
        "device": record.provenance.device,
        "precision": case.precision,
        "machine": record.provenance.machine.fingerprint,
        "status": record.status,
    }


def metrics_of(record: Record) -> dict[str, float]:
    """The figures of a table's row that there are, in SI units."""
    return {
        name: float(value)
        for name, value in flat(make_row(record), "mlflow").items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
