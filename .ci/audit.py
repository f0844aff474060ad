"""Runs pip-audit over what is installed: `tox -e audit`.

Exit codes: 0 no known vulnerability, 1 there are some, 2 the audit could not be carried out, 75 (EX_TEMPFAIL) the
service that knows vulnerabilities cannot be reached, which says nothing of the packages.
"""

import json
import re
import subprocess
import sys
from typing import Any

CLEAN, VULNERABLE, BROKEN, UNREACHABLE = 0, 1, 2, 75
# How pip-audit ends without its service: what it says itself, and what requests and urllib3 raise through it.
NO_SERVICE = re.compile(
    r"Could not connect|not redirecting properly|ConnectionError|Max retries exceeded|ProxyError|timed out"
)
COMMAND = (sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off", "--format", "json")
LAST = 5  # lines of a failure that are shown


def audited() -> tuple[dict[str, Any] | None, str]:
    """What pip-audit has found, None where it did not come to an end, and what it said on stderr."""
    ran = subprocess.run(COMMAND, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        found = json.loads(ran.stdout)
    except ValueError:
        return None, ran.stderr
    return (found if isinstance(found, dict) else None), ran.stderr


def verdict(found: dict[str, Any] | None, said: str) -> tuple[int, str]:
    """The exit code, and what to print.

    Args:
        found: pip-audit's JSON; None where it did not come to an end.
        said: What it wrote to stderr.
    """
    if found is None:
        last = "\n".join(said.strip().splitlines()[-LAST:])
        if NO_SERVICE.search(said):
            return UNREACHABLE, f"audit: no service can be reached, so nothing is known: run it with a network\n{last}"
        return BROKEN, f"audit: pip-audit did not come to an end:\n{last}"
    packages = found["dependencies"]
    lines = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    lines += [f"{one['name']} was not audited: {one['skip_reason']}" for one in packages if "skip_reason" in one]
    looked_at = sum("vulns" in package for package in packages)
    faults = sum(len(package.get("vulns", ())) for package in packages)
    if not looked_at:
        return BROKEN, "\n".join([*lines, "audit: no package was looked at"])
    summary = f"audit: {looked_at} packages, {faults} known vulnerabilities"
    return (VULNERABLE if faults else CLEAN), "\n".join([*lines, summary])


def main() -> int:
    """Audits, prints and returns the exit code."""
    code, text = verdict(*audited())
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
