"""Hand exercises to a class: a release, data of each learner's own, a syllabus."""

from coursekit.grading.assign.command import assign

__all__ = ["assign"]
