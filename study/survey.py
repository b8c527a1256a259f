"""What one state of the study claims.

:mod:`study.history` runs this text in an interpreter of its own, in a checkout of every commit. It
therefore uses of the study only what every commit has: the names of the experiments, what they
export, and their settings.
"""

import json
from typing import Any


def survey() -> dict[str, Any]:
    """Describe each experiment of the study that is imported here.

    Returns:
        By the experiment's name, its module, its settings at reference size and, by the id of each
        claim, the quantity and the band.
    """
    from study import catalogue, configuring  # noqa: PLC0415 - of the commit that is surveyed

    experiments = {}
    for name in catalogue.names():
        experiment = catalogue.load(name)
        experiments[name] = {
            "module": catalogue.module(name),
            "settings": configuring.plain_settings(name, "reference"),
            "claims": {
                claim.id: {
                    "quantity": claim.quantity,
                    "band": [claim.band.low, claim.band.high],
                }
                for claim in experiment.claims
            },
        }
    return experiments


if __name__ == "__main__":
    print(json.dumps(survey()))  # noqa: T201 - read by study.history
