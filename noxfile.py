"""The manual of the project: ``nox -l`` lists what it can do, ``nox -s NAME`` does it.

One environment, ``.nox/study``, holds torch and everything else that runs; it is made once and
brought up to date only when the requirements or ``constraints.txt`` change. The site is built
in a light environment of its own.
"""

import hashlib
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.stop_on_first_error = True

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
HTML = "docs/_build/html"
VERSIONS = "docs/_build/versions"
ALL = "experiment=glob(*)"
SPREAD = ("-n", "logical", "--dist", "loadgroup", "--no-loadscope-reorder")
"""Tests that share something go to one process, and those that take longest go first."""


@nox.session(venv_backend="none")
def study(session: nox.Session) -> None:
    """Run the whole study at its quick size; print each verdict beside the reference."""
    session.run(python(session), "-m", "study", "-m", ALL, "scale=quick", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """Build the site, without torch; nox -s site -- --version puts it beside older versions."""
    needed = nox.project.dependency_groups(PROJECT, "site")
    session.install("-q", "-c", "constraints.txt", *needed)
    beside = "--version" in session.posargs
    html = f"{VERSIONS}/{PROJECT['project']['version']}" if beside else HTML
    tags = ("-t", "versions") if beside else ()
    trees = f"docs/_build/doctrees{'-versions' if beside else ''}"
    session.run("sphinx-build", "-n", "-W", "-q", *tags, "-d", trees, "docs", html)
    if beside:
        session.run("python", "-m", "study.site.versions", VERSIONS)
    session.log(f"open {(ROOT / html / 'index.html').as_uri()}")


@nox.session(default=False)
def book(session: nox.Session) -> None:
    """Print the site as one book, a PDF of parts and chapters; this needs Chromium."""
    site(session)
    pdf = ROOT / "docs/_build/signal-through-depth.pdf"
    session.run("python", "-m", "study.site.book", HTML, str(pdf))
    session.log(f"open {pdf.as_uri()}")


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Make what an archive wants of this version: sources and site in one file, described."""
    site(session)
    session.run("python", "-m", "study.release", HTML, str(ROOT / "dist"))


@nox.session(venv_backend="none", default=False)
def tests(session: nox.Session) -> None:
    """Run the tests on all cores; arguments after -- go to pytest."""
    session.run(python(session), "-m", "pytest", *SPREAD, *session.posargs)


@nox.session(venv_backend="none", default=False)
def browser(session: nox.Session) -> None:
    """Look at the site in Chromium: nox -s browser [-- --full], which looks at every page."""
    session.run(python(session), "-m", "pytest", "tests/browser", *session.posargs)


@nox.session(venv_backend="none", default=False)
def full(session: nox.Session) -> None:
    """Run every test from nothing, with coverage: each control, replay and page."""
    session.run(python(session), "-m", "pytest", "--full", "--cov", *SPREAD, *session.posargs)


@nox.session(python=PYTHONS, default=False)
def pythons(session: nox.Session) -> None:
    """Run the tests on every declared Python found here: nox -s pythons or pythons-3.12.

    Each has an environment of its own, with a torch of its own, which may be gigabytes.
    """
    session.install("-q", "-c", "constraints.txt", *needed("test"))
    session.run("python", "-m", "pytest", *SPREAD, *session.posargs)


@nox.session(default=False)
def upgrade(session: nox.Session) -> None:
    """Try the newest versions, say what they change: nox -s upgrade [-- torch==2.13.0 ...].

    A version after -- holds a package back; all other arguments go to pytest.
    """
    held = [argument for argument in session.posargs if "==" in argument]
    chosen = [argument for argument in session.posargs if argument not in held]
    wanted = ("--upgrade", "--upgrade-strategy", "eager", *needed("test", "lint"), *held)
    folder = Path(session.create_tmp())
    plan, report = folder / "plan.json", folder / "tests.xml"
    session.install("-q", "--dry-run", "--ignore-installed", "--report", str(plan), *wanted)
    report.unlink(missing_ok=True)  # one of an earlier time says nothing of today
    say = (python(session), "-m", "tests.upgrade", str(plan))
    session.run(*say, external=True)
    # Not quietly: pip names the size of what it is about to download.
    session.install(*wanted, silent=False)
    # One test looks at many references, so all that it says is wanted.
    options = ("-o", "verbosity_assertions=2", f"--junitxml={report}")
    session.run("python", "-m", "pytest", *SPREAD, *options, *chosen, success_codes=[0, 1, 2])
    session.run(*say, str(report), external=True)


@nox.session(venv_backend="none", default=False)
def controls(session: nox.Session) -> None:
    """Make the negative controls anew that are stale: nox -s controls [-- NAME ...]."""
    session.run(python(session), "-m", "study", "controls", *session.posargs)


@nox.session(venv_backend="none", default=False)
def faults(session: nox.Session) -> None:
    """Plant known faults and note which tests notice each: nox -s faults [-- [--full] NAME ...]."""
    session.run(python(session), "-m", "tests.faults", *session.posargs)


@nox.session(venv_backend="none", default=False)
def run(session: nox.Session) -> None:
    """Run one experiment: nox -s run -- experiment=NAME [scale=quick] [experiment.FIELD=VALUE]."""
    session.run(python(session), "-m", "study", *session.posargs)


@nox.session(venv_backend="none", default=False)
def new(session: nox.Session) -> None:
    """Write the files of a new experiment, to be filled in: nox -s new -- GROUP/NAME."""
    session.run(python(session), "-m", "study", "new", *session.posargs)


@nox.session(venv_backend="none", default=False)
def compare(session: nox.Session) -> None:
    """Print the latest runs beside the reference: nox -s compare [-- NAME ...]."""
    session.run(python(session), "-m", "study", "compare", *session.posargs)


@nox.session(venv_backend="none", default=False)
def draw(session: nox.Session) -> None:
    """Judge and draw again from stored numbers, without a rerun: nox -s draw [-- NAME ...]."""
    session.run(python(session), "-m", "study", "draw", *session.posargs)


@nox.session(venv_backend="none", default=False)
def reference(session: nox.Session) -> None:
    """Run the whole study at its reference size, on the full MNIST."""
    session.run(python(session), "-m", "study", "-m", ALL, "data=mnist", *session.posargs)


@nox.session(venv_backend="none", default=False)
def promote(session: nox.Session) -> None:
    """Make the latest runs the committed reference: nox -s promote -- NAME ..."""
    session.run(python(session), "-m", "study", "promote", *session.posargs)


@nox.session(venv_backend="none", default=False)
def costs(session: nox.Session) -> None:
    """Let what draws took here tell others how long a run will take them."""
    session.run(python(session), "-m", "study", "costs", *session.posargs)


@nox.session(venv_backend="none", default=False)
def rehearse(session: nox.Session) -> None:
    """Say what a long run would take: nox -s rehearse -- experiment=glorot_table scale=paper."""
    session.run(python(session), "-m", "study", "rehearse", *session.posargs)


@nox.session(venv_backend="none", default=False)
def origins(session: nox.Session) -> None:
    """Derive from the history whether each claim or numbers of it came first."""
    session.run(python(session), "-m", "study", "origins", *session.posargs)


@nox.session(venv_backend="none", default=False)
def archive(session: nox.Session) -> None:
    """Put the raw draws of the latest runs into one file each: nox -s archive [-- NAME ...]."""
    session.run(python(session), "-m", "study", "archive", *session.posargs)


@nox.session(venv_backend="none", default=False)
def benchmarks(session: nox.Session) -> None:
    """Measure speed against what the machine can do, in the same run."""
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        # -P, since one of them is called study as well.
        command = (python(session), "-P", str(path))
        session.run(*command, *session.posargs, env={"PYTHONPATH": str(ROOT)})


@nox.session(venv_backend="none", default=False)
def cluster(session: nox.Session) -> None:
    """Install what engine=dask and engine=slurm need into the environment of the study."""
    extra = PROJECT["project"]["optional-dependencies"]["cluster"]
    session.run(python(session), "-m", "pip", "install", "-q", "-c", "constraints.txt", *extra)


@nox.session(venv_backend="none", default=False)
def lint(session: nox.Session) -> None:
    """Check the format, the lint rules and the types."""
    interpreter = python(session)
    session.run(interpreter, "-m", "ruff", "format", "--check", ".")
    session.run(interpreter, "-m", "ruff", "check", ".")
    session.run(interpreter, "-m", "mypy")


@nox.session(default=False)
def citation(session: nox.Session) -> None:
    """Validate CITATION.cff."""
    # Without the constraints: cffconvert wants an old jsonschema, and nothing else is with it.
    session.install(*nox.project.dependency_groups(PROJECT, "citation"))
    session.run("cffconvert", "--validate")


@nox.session(default=False)
def libraries(session: nox.Session) -> None:
    """Hold the table of initialisers against Keras, JAX and Flax as they are today."""
    # Their own versions are not pinned, as nothing of the study rests on them.
    packages = nox.project.dependency_groups(PROJECT, "libraries")
    session.install("-q", "-c", "constraints.txt", *packages)
    # The other tests, and what they share, want torch.
    session.run("python", "-m", "pytest", "--noconftest", "tests/theory/test_libraries.py")


def python(session: nox.Session) -> str:
    """Return the interpreter of the environment that holds torch; make it first if need be.

    A session of its own for each environment would install torch anew in each.
    """
    folder = ROOT / ".nox" / "study"
    stamp = folder / "installed.sha256"
    packages = needed("test", "lint")
    content = "\n".join([*packages, (ROOT / "constraints.txt").read_text()])
    wanted = hashlib.sha256(content.encode()).hexdigest()
    interpreter = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not stamp.is_file() or stamp.read_text() != wanted:
        session.log("setting up .nox/study; torch makes this take minutes, once")
        install = (str(interpreter), "-m", "pip", "install", "-q", "-c", "constraints.txt")
        session.run(sys.executable, "-m", "venv", str(folder), external=True)
        session.run(*install, *packages, external=True)
        stamp.write_text(wanted)
    return str(interpreter)


def needed(*groups: str) -> list[str]:
    """Return what the study requires to run, and with some groups of dependencies."""
    required: list[str] = PROJECT["project"]["dependencies"]
    return [*required, *nox.project.dependency_groups(PROJECT, *groups)]
