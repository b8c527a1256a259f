"""A Dask scheduler that runs already."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client
from distributed.security import Security

from study.configuring import DaskSettings
from study.engine.cluster import Cluster, connected
from study.errors import StudyError

TIMEOUT_SECONDS = 10
"""So long a scheduler has to answer."""


@contextmanager
def cluster(settings: DaskSettings) -> Iterator[Cluster]:
    """Give the workers of a running scheduler.

    Args:
        settings: where it is, and how it is known to be the right one.

    Raises:
        StudyError: if it does not answer, or if a file cannot be read.
    """
    address = f"engine.address={settings.address}"
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # one line says what went wrong
    try:
        client = Client(
            settings.address,
            security=security(settings),
            timeout=TIMEOUT_SECONDS,
            set_as_default=False,
        )
    except OSError:
        raise StudyError(f"{address}: no scheduler answers there; is it running?") from None
    with connected(Cluster(client, address)) as workers:
        yield workers


def security(settings: DaskSettings) -> Security | None:
    """Return how a connection is secured; None for one that does not leave this machine.

    Args:
        settings: with the files of certificates, or without any.

    Raises:
        StudyError: if a file is not there.
    """
    files = {"ca": settings.ca, "cert": settings.cert, "key": settings.key}
    for name, file in files.items():
        if file is not None and not Path(file).is_file():
            raise StudyError(f"engine.{name}={file}: no such file")
    if not settings.address.startswith("tls:"):
        return None
    return Security(
        tls_ca_file=settings.ca,
        tls_client_cert=settings.cert,
        tls_client_key=settings.key,
        require_encryption=True,
    )
