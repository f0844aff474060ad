"""Records a folder under results/ anew, from a clean checkout only: a record names the commit that made it.

python benchmarks/recording/record.py quick           results/embedded/quick-cpu-fp32
python benchmarks/recording/record.py standard        results/embedded/standard-cpu-fp32
python benchmarks/recording/record.py converged       results/converged/converged-cpu-fp32
python benchmarks/recording/record.py dense           results/dense/quick-cpu-fp32
python benchmarks/recording/record.py dense_standard  results/dense/standard-cpu-fp32
python benchmarks/recording/record.py robust          results/robust/quick-cpu-fp32
python benchmarks/recording/record.py trust           results/trust/quick-cpu-fp32, with the extras captum and peft
python benchmarks/recording/record.py quick --resume  what follows the name is handed to `ptmbench run`
python benchmarks/recording/record.py quick --dirty   whatever the checkout holds: such records are not committed
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from ptmbench.records.environment import commit

RESULTS = Path(__file__).parents[2] / "results"
HARDENED = "digits_20shot or photo_numerals_20shot or textures_5shot or shapes_5shot or sentiment_50shot or ner_100"
TRUSTED = "digits_5shot or digits_full or photo_numerals_full or sentiment_50shot"
LOOKED_INTO = "resnet or vae or bert or gpt"
METHODS = ("linear_probe", "knn", "dp_probe", "fine_tune", "lp_ft", "bitfit", "norm_only", "lora", "from_scratch")
GOING_ON = "digits_full or textures_full or topic_full"
COMMANDS = {
    "quick": ("embedded/quick-cpu-fp32", ()),
    "standard": ("embedded/standard-cpu-fp32", ("--budget", "standard", "-k", "not scene")),
    "converged": (
        "converged/converged-cpu-fp32",
        ("--budget", "converged", "-k", f"({GOING_ON}) and (fine_tune or from_scratch) and not last"),
    ),
    "dense": ("dense/quick-cpu-fp32", ("-k", "scene", "--seeds", "3")),
    "dense_standard": ("dense/standard-cpu-fp32", ("--budget", "standard", "-k", "scene")),
    "robust": (
        "robust/quick-cpu-fp32",
        ("-k", f"({HARDENED}) and (linear_probe or fine_tune or from_scratch) and not last", "--corruptions"),
    ),
    "trust": (
        "trust/quick-cpu-fp32",
        (
            *("-k", f"({TRUSTED}) and ({LOOKED_INTO}) and (glyphs or invented or random) and not simclr"),
            *(word for method in METHODS for word in ("--method", method)),
            *("--columns", "privacy,adversarial,attribution,forgetting,representation"),
        ),
    ),
}
UNCLEAN = (
    "expected a clean checkout, got commit {commit}: records name the commit that made them. Commit or stash the "
    "changes to ptmbench/ first, or add --dirty for records that are not to be committed"
)


def command_of(name: str, more: list[str]) -> list[str]:
    """What is run for a folder, as a list of words."""
    folder, options = COMMANDS[name]
    return [sys.executable, "-m", "ptmbench", "run", *options, "--results", str(RESULTS / folder), *more]


def main(typed: list[str] | None = None) -> int:
    """Runs the command of the named folder; 2 where the checkout is not clean."""
    parser = argparse.ArgumentParser(description="record a folder under results/ anew", allow_abbrev=False)
    parser.add_argument("name", choices=COMMANDS)
    parser.add_argument("--dirty", action="store_true", help="record from a checkout with uncommitted changes")
    arguments, more = parser.parse_known_args(typed)
    if not arguments.dirty and (commit().endswith("-dirty") or commit() == "unknown"):
        print(UNCLEAN.format(commit=commit()), file=sys.stderr)
        return 2
    # Features of an earlier run would bring the seconds that they took then.
    surroundings = {**os.environ, "PTMBENCH_CACHE": "off"}
    return subprocess.run(command_of(arguments.name, more), env=surroundings, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
