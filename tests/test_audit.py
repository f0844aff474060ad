"""Tests of what `tox -e audit` makes of pip-audit's answer."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "audit.py"
SPEC = importlib.util.spec_from_file_location("audit", SCRIPT)
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "X", "fix_versions": []}],
}
SKIPPED = {"name": "c", "skip_reason": "not on PyPI"}


@pytest.mark.parametrize(
    ("found", "stderr", "code", "said"),
    [
        ({"dependencies": [GOOD]}, "", 0, "audit: 1 packages, 0 known vulnerabilities"),
        (
            {"dependencies": [GOOD, BAD]},
            "",
            1,
            "b 2: PYSEC-1, mended in 2.1\nb 2: X, mended in none\naudit: 2 p",
        ),
        ({"dependencies": [GOOD, SKIPPED]}, "", 0, "c was not audited: not on PyPI\naudit: 1 packages, 0"),
        ({"dependencies": [SKIPPED]}, "", 2, "no package was looked at"),
        (None, "Traceback", 2, "did not come to an end:\nTraceback"),
        (None, "ERROR: Could not connect to the feed", 75, "so nothing is known: run it with a network\nERROR"),
        (None, "Traceback\nrequests.exceptions.ConnectionError: Max retries exceeded", 75, "so nothing is known"),
    ],
    ids=["clean", "vulnerable", "skipped", "nothing", "broken", "unreachable", "refused"],
)
def test_each_end_has_a_code_of_its_own(found, stderr, code, said):
    """Nothing found, something found, an audit that broke and a service that is down are told apart."""
    ended, text = audit.verdict(found, stderr)

    assert code == ended
    assert said in text


@pytest.mark.parametrize(("line", "code"), [("print('oops')", 2), ("raise ConnectionError('no route')", 75)])
def test_what_is_no_answer_is_no_audit(monkeypatch, capsys, line, code):
    """Words where JSON is expected are a broken audit, a connection that fails is no service; neither is clean."""
    monkeypatch.setattr(audit, "COMMAND", ("python3", "-c", line))

    assert code == audit.main()
    assert "audit: " in capsys.readouterr().out
