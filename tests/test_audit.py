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
    ("found", "is_reachable", "code", "said"),
    [
        ({"dependencies": [GOOD]}, True, 0, "audit: 1 packages, 0 known vulnerabilities"),
        (
            {"dependencies": [GOOD, BAD]},
            True,
            1,
            "b 2: PYSEC-1, mended in 2.1\nb 2: X, mended in none\naudit: 2 p",
        ),
        ({"dependencies": [GOOD, SKIPPED]}, True, 0, "c was not audited: not on PyPI\naudit: 1 packages, 0"),
        ({"dependencies": [SKIPPED]}, True, 2, "no package was looked at"),
        (None, True, 2, "did not come to an end:\nTraceback"),
        (None, False, 75, "cannot be reached, so nothing is known"),
    ],
    ids=["clean", "vulnerable", "skipped", "nothing", "broken", "unreachable"],
)
def test_each_end_has_a_code_of_its_own(found, is_reachable, code, said):
    """Nothing found, something found, an audit that broke and a service that is down are told apart."""
    ended, text = audit.verdict(found, "Traceback", is_reachable=is_reachable)

    assert code == ended
    assert said in text


def test_what_is_no_answer_is_no_audit(monkeypatch, capsys):
    """Without pip-audit, or with words where JSON is expected, the audit is broken or has no service, never clean."""
    monkeypatch.setattr(audit, "COMMAND", ("python3", "-c", "print('oops')"))
    monkeypatch.setattr(audit, "reachable", lambda: False)

    assert 75 == audit.main()
    assert "run it with a network" in capsys.readouterr().out


def test_an_address_that_does_not_answer_is_not_reachable(monkeypatch):
    """A refused connection is told as no service."""
    monkeypatch.setattr(audit, "SERVICE", "http://127.0.0.1:9/none")

    assert not audit.reachable(timeout_s=1)
