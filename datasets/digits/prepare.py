"""Rebuild the digits table from scikit-learn's copy: `python prepare.py`."""

import sys
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_digits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import Table, write


def main() -> None:
    """Flatten the pictures row by row, write, register."""
    digits = load_digits()
    frame = pd.DataFrame(
        digits.data.astype("int64"), columns=[f"p{i}" for i in range(64)]
    )
    frame["label"] = digits.target.astype("int64")
    write("digits", {"digits": Table(frame, compressed=True)})


if __name__ == "__main__":
    main()
