"""The one kind of error that is a message to the person at the keyboard."""


class StudyError(Exception):
    """A mistake or a lack that one line explains; shown without a traceback."""
