"""The real site, built as a reader builds it, but with torch forbidden."""

import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "docs" / "_build"
"""Where ``nox -s site`` builds as well: what it has read is not read again here."""

BUILD = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("torch is forbidden here")

sys.meta_path.insert(0, NoTorch())
from sphinx.cmd.build import main
sys.exit(main(["-n", "-W", "-q", "-d", sys.argv[1], "docs", sys.argv[2]]))
"""


def build(folder: Path) -> Path:
    """Bring the site up to date, one process of the tests at a time; a warning fails the build."""
    command = [sys.executable, "-c", BUILD, str(folder / "doctrees"), str(folder / "html")]
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "html"
