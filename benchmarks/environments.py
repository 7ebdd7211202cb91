"""The environments of the peers: one each, with pinned versions, away from slicken's own.

.venv/bin/python benchmarks/environments.py              # those that speed is compared with
.venv/bin/python benchmarks/environments.py tigramite    # this one
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
PLACE = HERE / ".venvs"
NAMES = ("torch", "tensorflow", "jax")


def python_of(name: str) -> Path:
    """The Python of an environment, whether it is there or not."""
    return PLACE / name / "bin" / "python"


def install(name: str) -> None:
    """Make the environment as its requirements say, unless that was done before.

    Raises:
        subprocess.CalledProcessError: if pip fails.
    """
    requirements = HERE / "peers" / f"requirements-{name}.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = PLACE / name / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"installing {requirements.name}", flush=True)
    venv.create(PLACE / name, with_pip=True, clear=True)
    pip = [str(python_of(name)), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", str(requirements)], check=True)  # noqa: S603 (our own list)
    stamp.write_text(wanted)


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        try:
            install(name)
        except subprocess.CalledProcessError as error:
            # The benchmark goes on: it has a row with the reason for what cannot be run.
            print(f"{name} could not be installed: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
