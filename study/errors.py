"""The errors that are messages to the person at the keyboard, and one between engine and queue."""


class StudyError(Exception):
    """A mistake or a lack that one line explains; shown without a traceback."""


class EngineLostError(StudyError):
    """Where draws are made is gone, so that no job can go on; what is made is kept."""


class WorkerDiedError(Exception):
    """The process that made a draw died, again and again; other draws are not touched."""
