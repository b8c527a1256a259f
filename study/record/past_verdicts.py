"""How each claim was judged before, and what the changelog says of it.

The verdicts, and the bands that became others, lie in files that ``nox -s origins`` derives from
the project's history, so that a site needs no history to show them. The reasons are sentences of
the changelog, which name the claims that they are about.
"""

import re

FILE, BANDS = "verdicts.json", "bands.json"
FILES = (FILE, BANDS)
"""The files beside the references."""
SENTENCES = re.compile(r"(?<=[.!?])(?<!\bal\.)\s+(?=[A-Z*`“])")
"""What stands between two sentences of one line."""
CHANGELOG = "CHANGELOG.md"


def sentences(changelog: str) -> dict[str, list[str]]:
    r"""Return the sentences of a changelog by the claims that they name.

    Args:
        changelog: its text, in which the ids of claims are set in italics.

    >>> sentences("- *he-halves* is contradicted now. So it goes.\\n- Others stay.")
    {'he-halves': ['he-halves is contradicted now.']}
    """
    by_claim: dict[str, list[str]] = {}
    for line in changelog.splitlines():
        for sentence in re.split(SENTENCES, line.strip().removeprefix("- ")):
            for claim in re.findall(r"\*([a-z0-9]+(?:-[a-z0-9]+)+)\*", sentence):
                plain = re.sub(r"[*`]", "", sentence)
                by_claim.setdefault(claim, []).append(plain)
    return by_claim
