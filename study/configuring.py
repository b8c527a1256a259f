"""From what Hydra composed to frozen, checked settings, and from its errors to one line."""

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import torch
from annotated_types import Ge, Gt, Le, MinLen
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from study import catalogue
from study.errors import StudyError
from study.record.settings import STRICT

T = TypeVar("T")

CONF = Path(__file__).parents[1] / "conf"
GROUPS = ("data", "engine", "experiment")
SWEEP = ("-m", "--multirun")
WORDS = (
    "other words are list, claims, compare, report, promote, draw, controls, costs, rehearse, "
    "origins, archive, pool, new, gains and try"
)
BLOCKS = ("quick", "control", "paper", "brief")
"""Parts of an experiment's file that replace reference numbers at a scale of their name.

``quick`` is what a first run takes; ``control`` lies over it and has what negative controls need
beyond a first run, mostly draws; ``paper`` has the budget of the paper, where ours is smaller;
``brief`` makes a draw a matter of a second: of a training, some updates, which the tests make and
which can be made again on another machine before rounding has grown."""
LAID_OVER = {"control": "quick"}
"""The block that a block is laid over, by the name of the upper one."""


@dataclass(frozen=True, config=STRICT)
class DataSettings:
    """Which data, and what a byte is divided by."""

    name: Literal["auto", "mnist", "mnist_5k", "shapeset"]
    pixel_scale: Annotated[float, Gt(0)]


@dataclass(frozen=True, config=STRICT)
class LocalSettings:
    """So many processes of this machine; none means as many as there are cores."""

    name: Literal["local"]
    workers: Annotated[int, Ge(1), Le(4096)] | None


@dataclass(frozen=True, config=STRICT)
class DaskSettings:
    """A Dask scheduler that runs already: on this machine, else where TLS tells who it is."""

    name: Literal["dask"]
    address: str
    ca: str | None
    cert: str | None
    key: str | None

    def __post_init__(self) -> None:
        """Refuse an address that is none, or that others could read or write to."""
        address = urlsplit(self.address)
        field = f"address={self.address}"
        try:
            is_complete = address.hostname and address.port and address.scheme in {"tcp", "tls"}
        except ValueError:  # the port is no number
            is_complete = False
        if not is_complete:
            raise ValueError(f"{field}: must be tcp://HOST:PORT or tls://HOST:PORT")
        if address.scheme == "tcp" and not _is_loopback(str(address.hostname)):
            raise ValueError(f"{field}: beyond this machine only tls:// with ca, cert and key")
        for name, file in (("ca", self.ca), ("cert", self.cert), ("key", self.key)):
            if address.scheme == "tls" and file is None:
                raise ValueError(f"{name}=null: tls:// needs the files ca, cert and key")


@dataclass(frozen=True, config=STRICT)
class SlurmSettings:
    """What to ask of Slurm for each job, and how many jobs."""

    name: Literal["slurm"]
    queue: str | None
    account: str | None
    cores: Annotated[int, Ge(1)]
    memory: Annotated[str, StringConstraints(pattern=r"^\d+ ?[KMGT]i?B$")]
    walltime: Annotated[str, StringConstraints(pattern=r"^(\d+-)?\d+(:\d\d){0,2}$")]
    minimum_jobs: Annotated[int, Ge(0)]
    maximum_jobs: Annotated[int, Ge(1)]
    directives: tuple[str, ...]
    interface: str | None
    python: str | None
    folder: str | None

    def __post_init__(self) -> None:
        """Refuse a minimum above the maximum."""
        if self.minimum_jobs > self.maximum_jobs:
            most = f"maximum_jobs={self.maximum_jobs}"
            raise ValueError(f"minimum_jobs={self.minimum_jobs}: must be at most {most}")


EngineSettings: TypeAlias = Annotated[
    LocalSettings | DaskSettings | SlurmSettings, Field(discriminator="name")
]
"""Where draws are made."""


@dataclass(frozen=True, config=STRICT)
class StudySettings:
    """Everything but the experiment's own numbers."""

    scale: Literal["reference", "quick", "control", "paper", "brief"]
    device: Literal["cpu", "cuda"]
    output: Annotated[str, MinLen(1)]
    force: bool
    data: DataSettings
    engine: EngineSettings
    first: tuple[str, ...]


@dataclass(frozen=True)
class Composed:
    """What a command line asks for.

    Attributes:
        name: of the experiment.
        study: everything but its own numbers.
        experiment: its settings, not yet checked.
    """

    name: str
    study: StudySettings
    experiment: dict[str, Any]


def expanded(words: Sequence[str]) -> list[list[str]]:
    """Return the overrides of each job that a command line describes.

    Args:
        words: the command line's words: overrides and, for a sweep, ``-m`` or ``--multirun``.

    Raises:
        StudyError: if it is none, or names no experiment.

    >>> expanded(["-m", "experiment=tanh_gain,weight_fans", "scale=quick"])
    [['experiment=tanh_gain', 'scale=quick'], ['experiment=weight_fans', 'scale=quick']]
    """
    arguments = [word for word in words if word not in SWEEP]
    if options := [word for word in arguments if word.startswith("-")]:
        raise StudyError(f"{options[0]}: no such option; choose from {', '.join(SWEEP)}, {WORDS}")
    overrides = _parsed(arguments)
    choices = [_choices(override) for override in overrides]
    if not any(override.key_or_group == "experiment" for override in overrides):
        names = ", ".join(catalogue.names())
        raise StudyError(f"experiment: say which; choose from {names}; {WORDS}")
    jobs = [list(job) for job in product(*choices)]
    if len(jobs) > 1:
        if len(arguments) == len(words):
            raise StudyError(f"{' '.join(arguments)}: several values; --multirun runs each")
        if len({word for job in jobs for word in job if word.startswith("scale=")}) > 1:
            raise StudyError("scale: one size at a time, as all sizes of a run lie in one folder")
        fields = [
            override.input_line
            for override in overrides
            if override.key_or_group.startswith("experiment.")
        ]
        is_sweep = len({word for job in jobs for word in job if word.startswith("experiment=")}) > 1
        if fields and is_sweep:
            raise StudyError(
                f"{fields[0]}: can be set for one experiment only; name it with experiment="
            )
    return jobs


def composed(overrides: Sequence[str]) -> Composed:
    """Let Hydra compose the settings of one job.

    Args:
        overrides: the command line's, as :func:`expanded` gives them.

    Raises:
        StudyError: naming the field, the value and what is allowed.
    """
    name = ""
    grouped = []
    for override in _parsed(overrides):
        field, value = override.key_or_group, override.value()
        if field in GROUPS and not isinstance(value, str):
            raise StudyError(f"{field}={value}: name one of conf/{field}")
        if field.split(".")[0] == "hydra":
            raise StudyError(f"{override.input_line}: the study uses no such setting of Hydra")
        if field == "experiment":
            name = _named(str(value))
            grouped.append(f"experiment={catalogue.place(name)}")
        else:
            grouped.append(str(override.input_line))
    try:
        has_fields = any(
            word.partition("=")[0].lstrip("+~").startswith("experiment.") for word in grouped
        )
        config = _composed(tuple(grouped)) if has_fields else _swapped(name, tuple(grouped))
        study = study_settings(config)
        return Composed(name, study, experiment_settings(config, list(overrides)))
    except HYDRA_ERRORS as error:
        raise StudyError(one_line(error, name)) from None


def device(name: str) -> torch.device:
    """Return a device, or refuse one that is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise StudyError("device=cuda: torch sees no CUDA device; choose from cpu")
    return torch.device(name)


def study_settings(config: DictConfig) -> StudySettings:
    """Return the checked root settings.

    Args:
        config: what Hydra composed.

    Raises:
        StudyError: naming the field, the value and what is allowed.
    """
    return checked(StudySettings, _plain(config, leave_out="experiment"), prefix="")


def experiment_settings(config: DictConfig, overrides: Sequence[str]) -> dict[str, Any]:
    """Return an experiment's settings at the scale asked for, not yet checked.

    The block of the scale replaces reference numbers; what the command line says replaces both.

    Args:
        config: what Hydra composed.
        overrides: the command line's overrides of this job.
    """
    changes = OmegaConf.create({"experiment": {}})
    for override in _parsed(overrides):
        field, value = override.key_or_group, override.value()
        assignment = f"{field}={value}"
        if not field.startswith("experiment."):
            continue
        if override.is_delete() or value == {}:
            raise StudyError(f"{assignment}: a field cannot be taken away")
        block = [*field.split("."), ""][1]
        if block in BLOCKS and block not in _blocks(config.scale):
            raise StudyError(f"{assignment}: scale={config.scale} does not read the {block} block")
        OmegaConf.update(changes, field, value)
    blocks = [block for block in BLOCKS if block in config.experiment or block in LAID_OVER]
    if config.scale not in {"reference", *blocks}:
        raise StudyError(
            f"scale={config.scale}: this experiment has no block of that name; "
            f"choose from reference, {', '.join(blocks)}"
        )
    settings = at_scale(_plain(config.experiment), config.scale)
    return merged(settings, at_scale(_plain(changes.experiment), "reference"))


def yaml(name: str) -> Path:
    """Return the file that holds an experiment's settings."""
    return CONF / "experiment" / f"{catalogue.place(name)}.yaml"


def plain_settings(name: str, *scales: str) -> dict[str, Any]:
    """Return an experiment's settings as its YAML file has them, not yet checked.

    Args:
        name: the experiment's name.
        scales: ``reference`` or names of ``BLOCKS``, each laid over what comes before it.
    """
    return at_scale(_plain(_file(name)), *scales)


def brief(name: str, config: T) -> T | None:
    """Return settings with the brief block of an experiment laid over them.

    Args:
        name: the experiment's name.
        config: its settings, a dataclass.

    Returns:
        Settings of the same kind; None if its file has no such block.
    """
    block = _plain(_file(name)).get("brief")
    if block is None:
        return None
    return checked(type(config), merged(asdict(config), block))  # type: ignore[call-overload]


def at_scale(settings: Mapping[str, Any], *scales: str) -> dict[str, Any]:
    """Return settings at a scale: the block of its name laid over the rest, the others left out.

    >>> at_scale({"draws": 9, "quick": {"draws": 2}}, "quick")
    {'draws': 2}
    >>> at_scale({"draws": 9, "width": 8, "quick": {"width": 4, "draws": 2}}, "control")
    {'draws': 2, 'width': 4}
    """
    result = {key: value for key, value in settings.items() if key not in BLOCKS}
    for name in (block for scale in scales for block in _blocks(scale)):
        block = settings.get(name, {})
        if not isinstance(block, Mapping):
            raise StudyError(f"experiment.{name}={block}: must be fields and their values")
        result = merged(result, block)
    return result


def _blocks(scale: str) -> tuple[str, ...]:
    """Return the blocks that a scale reads, each laid over the one before it.

    >>> _blocks("control")
    ('quick', 'control')
    """
    return (LAID_OVER[scale], scale) if scale in LAID_OVER else (scale,)


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with changes laid over them, mapping by mapping.

    >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
    {'a': {'b': 1, 'c': 3}}
    """
    result = dict(settings)
    for key, value in changes.items():
        inner = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if inner else value
    return result


def with_overrides(settings: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with some fields, named by dotted paths, replaced.

    >>> with_overrides({"a": {"b": 1}, "c": 2}, {"a.b": 5})
    {'a': {'b': 5}, 'c': 2}
    """
    result = dict(settings)
    for path, value in overrides.items():
        for key in reversed(path.split(".")):
            value = {key: value}  # noqa: PLW2901 - wrapped from the innermost key outwards
        result = merged(result, value)
    return result


def checked(kind: type[T], settings: Mapping[str, Any], prefix: str = "experiment.") -> T:
    """Make a frozen record of settings, each of the right type and possible.

    Args:
        kind: a pydantic dataclass.
        settings: the values by field name.
        prefix: what stands before a field's name on the command line.

    Returns:
        The record.

    Raises:
        StudyError: naming the field, the value and what is allowed.
    """
    try:
        # As JSON, since there a list may fill a tuple while all else stays strict.
        record: T = _adapter(kind).validate_json(json.dumps(settings))  # type: ignore[arg-type]  # mypy: a class has a hash
    except ValidationError as error:
        raise StudyError("; ".join(_problem(kind, prefix, e) for e in error.errors())) from None
    return record


def one_line(error: Exception, name: str = "") -> str:
    """Say in one line what Hydra or OmegaConf refused.

    Args:
        error: what was raised while the settings were composed.
        name: of the experiment, where there is one.

    Returns:
        The field, the value and, where there are any, the choices; and how to add a field where a
        reader may name one.
    """
    cause = error.__cause__
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, choice = str(error.missing_cfg_file).partition("/")
        return f"{group}={choice}: no such {group}; choose from {', '.join(error.options)}"
    if isinstance(cause, OmegaConfBaseException) and isinstance(cause.parent_node, DictConfig):
        hint = re.search(r"use \+(.*)", str(error))
        choices = sorted(str(key) for key in cause.parent_node if key != "hydra")
        field = hint[1] if hint else cause.full_key
        message = f"{field}: no such field; choose from {', '.join(choices)}"
        root, *holder = str(cause.full_key).split(".")[:-1] or [""]
        if name and root == "experiment" and _is_by_name(name, holder):
            return f"{message}; +{field} adds one"
        return message
    if "Available options" in str(error):
        field = re.search(r"specify '(\w+)'", str(error))
        options = ", ".join(str(error).split("\n\t")[1:])
        return f"{field[1] if field else 'option'}: say which; choose from {options}; {WORDS}"
    override = getattr(error, "override", None)
    message = str(error).split("\nSee ")[0].replace("\n", ": ")
    return message if override is None or override in message else f"{override}: {message}"


def as_json(value: object) -> Any:  # noqa: ANN401 - JSON holds anything
    """Return a value as it comes back from JSON: a tuple as a list, a key as text."""
    return json.loads(json.dumps(value))


HYDRA_ERRORS = (HydraException, OmegaConfBaseException)
"""What may be raised while settings are composed."""


@lru_cache(maxsize=256)
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _file(name: str) -> DictConfig:
    path = yaml(name)
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, _stamp: int) -> DictConfig:
    content: Any = OmegaConf.load(path)
    return DictConfig(content)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _named(experiment: str) -> str:
    try:
        return catalogue.known(experiment)
    except StudyError as error:
        raise StudyError(f"experiment={error}") from None


def _composed(overrides: tuple[str, ...]) -> DictConfig:
    with initialize_config_dir(version_base=None, config_dir=str(CONF)):
        return compose("config", list(overrides))


def _swapped(name: str, overrides: tuple[str, ...]) -> DictConfig:
    """Return what Hydra composes where no field of the experiment is overridden.

    To compose takes a tenth of a second, so a sweep over experiments does it once.
    """
    rest = tuple(override for override in overrides if not override.startswith("experiment="))
    config = _rest(rest).copy()
    config.experiment = _file(name)
    return config


@lru_cache(maxsize=8)
def _rest(overrides: tuple[str, ...]) -> DictConfig:
    any_of_them = f"experiment={catalogue.place(catalogue.names()[0])}"
    return _composed((*overrides, any_of_them))


def _parsed(words: Sequence[str]) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(list(words))
    except HydraException as error:
        raise StudyError(one_line(error)) from None


def _choices(override: Override) -> list[str]:
    """Return an override for each value that it sweeps over; a pattern picks from names."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    field, value = override.key_or_group, override.value()
    if not isinstance(value, Glob):
        return [f"{field}={choice}" for choice in override.sweep_string_iterator()]
    names = catalogue.names() if field == "experiment" else _options(field)
    if not (matches := value.filter(names)):
        raise StudyError(f"{field}: nothing matches; choose from {', '.join(names)}")
    return [f"{field}={choice}" for choice in matches]


def _options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def _plain(node: object, leave_out: str = "") -> dict[str, Any]:
    content: Any = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    return {str(key): value for key, value in content.items() if key != leave_out}


def _is_by_name(experiment: str, path: Sequence[str]) -> bool:
    """Say whether a field of an experiment's settings holds things whose names are free."""
    kind = _kind_at(catalogue.load(experiment).config, path)
    return get_origin(kind) is dict and get_args(kind)[0] is str


def _kind_at(kind: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - a type, or a generic alias
    """Return the type of a field, by its path in a record; none if there is no such field.

    >>> _kind_at(StudySettings, ["data", "pixel_scale"])
    <class 'float'>
    """
    for part in path:
        if get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif is_dataclass(kind):
            kind = get_type_hints(kind).get(part)
        else:
            return None
    return kind


def _problem(kind: type, prefix: str, problem: ErrorDetails) -> str:
    """Say in a few words what is wrong with one field."""
    loc = problem["loc"]
    if loc[:1] == ("engine",) and len(loc) > 1:
        loc = ("engine", *loc[2:])  # pydantic names the kind of engine between
    field = prefix + ".".join(str(part) for part in loc)
    if problem["type"] == "missing":
        return f"{field}: missing"
    if problem["type"] == "value_error":  # fields that are good one by one; the record names them
        inner = f"{field}." if loc else prefix
        return f"{inner}{problem['ctx']['error']}"
    if problem["type"] == "union_tag_invalid":  # which kind of record it is to be
        ctx = problem["ctx"]
        return f"{field}.name={ctx['tag']}: input should be one of {ctx['expected_tags']}"
    assignment = f"{field}={problem['input']}: "
    if problem["type"] == "unexpected_keyword_argument":
        holder = _kind_at(kind, [str(part) for part in loc[:-1]])
        choices = sorted(getattr(holder, "__pydantic_fields__", {}))
        return assignment + f"no such field; choose from {', '.join(choices)}"
    message = problem["msg"].replace("an object", "a mapping of fields")
    return assignment + message[0].lower() + message[1:]
