"""Read what learners sent: folders as LMSs export them, notebooks in any condition.

Nothing that a learner wrote runs here. What cannot be read becomes a submission with
one plain sentence, and the rest of the folder goes on.
"""

from coursekit.grading.intake.cells import Found, pieces_of
from coursekit.grading.intake.folder import Intake, read_folder, take_in
from coursekit.grading.intake.reading import Unreadable, read_notebook

__all__ = [
    "Found",
    "Intake",
    "Unreadable",
    "pieces_of",
    "read_folder",
    "read_notebook",
    "take_in",
]
