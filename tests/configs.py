"""Settings of an experiment, as small as a test likes them."""

from typing import Any

from study import catalogue, configuring


def small_config(name: str, *more: str, **changes: Any) -> Any:  # noqa: ANN401 - of any experiment
    """Return the checked settings of quick size with changes.

    Args:
        name: of the experiment.
        more: scales that are laid over the quick one.
        changes: fields that are replaced as a whole, or parts of them by their dotted paths.
    """
    whole = {field: value for field, value in changes.items() if "." not in field}
    parts = {path: value for path, value in changes.items() if "." in path}
    settings = configuring.plain_settings(name, "quick", *more) | whole
    config = catalogue.load(name).config
    return configuring.checked(config, configuring.with_overrides(settings, parts))
