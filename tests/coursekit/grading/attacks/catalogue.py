"""All attacks, and what no sentence about them may contain."""

from __future__ import annotations

import re

from .breaking import BREAKING
from .cheating import CHEATING
from .forging import FORGING
from .harming import HARMING

__all__ = ["ATTACKS", "NO_SENTENCE"]

ATTACKS = [*FORGING, *CHEATING, *HARMING, *BREAKING]
# Words of a programmer's, which nobody should have to read in a report.
NO_SENTENCE = re.compile(r"Traceback|Errno|Error\(|Exception\(|<class|0x[0-9a-f]{6}")
