"""Tombstones: ids of claims that are no longer made, and what to cite instead.

An id is never given to another statement. Where the meaning of one would change, it is retired
here, and its old place on the data sheet says so.
"""

from dataclasses import dataclass

from study.errors import StudyError
from study.record.claims import Verdict


@dataclass(frozen=True, kw_only=True)
class Retired:
    """An id that is not used any more.

    Attributes:
        id: the slug by which the claim was cited.
        experiment: the name of the experiment whose data sheet had its card.
        verdict: the last one, in the words of then.
        quantity: the key of the value that was read.
        successor: the id of the claim to cite instead; None if there is none.
        why: it was retired, in a sentence or two.

    Raises:
        StudyError: if it does not say why.
    """

    id: str
    experiment: str
    verdict: Verdict
    quantity: str
    successor: str | None
    why: str

    def __post_init__(self) -> None:
        """Refuse a tombstone without an inscription."""
        if not self.why.endswith("."):
            raise StudyError(f"{self.id}: why={self.why}: must be a sentence")


RETIRED: tuple[Retired, ...] = ()
"""All of them, oldest first."""
