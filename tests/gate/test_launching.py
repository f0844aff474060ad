"""Tests of `ptmbench.gate.launching`: what a launch is started with."""

import subprocess

from ptmbench.gate import launching


def test_launches_measure_what_they_compute(monkeypatch, tmp_path):
    """No launch reads features, with their seconds, that another one has kept, whatever the user's cache is."""
    monkeypatch.setenv("PTMBENCH_CACHE", str(tmp_path))
    started = []

    def note(_command, **options):
        started.append(options["env"])
        return subprocess.CompletedProcess((), 0)

    monkeypatch.setattr(subprocess, "run", note)
    launching.here().run([], tmp_path)

    assert ["off"] == [environment["PTMBENCH_CACHE"] for environment in started]
