"""Where the sources of a book are, and where the build puts what it makes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The folders of one checkout.

    Attributes
    ----------
    root
        The checkout's folder. Tests give small books of their own.

    Examples
    --------
    >>> Layout(Path("book")).chapters.as_posix()
    'book/chapters'
    """

    root: Path

    @property
    def chapters(self) -> Path:
        """The pages, one folder a part."""
        return self.root / "chapters"

    @property
    def solutions(self) -> Path:
        """The sources of the exercises, one folder a part."""
        return self.root / "solutions"

    @property
    def library(self) -> Path:
        """The library that the pages build."""
        return self.root / "ml_from_scratch"

    @property
    def benchmarks(self) -> Path:
        """What the last run of all benchmarks measured."""
        return self.root / "benchmarks" / "results.json"

    @property
    def grader_benchmarks(self) -> Path:
        """What was measured of the grader."""
        return self.root / "benchmarks" / "grader.json"

    @property
    def site_benchmarks(self) -> Path:
        """What was measured of the site's pages."""
        return self.root / "benchmarks" / "site.json"

    @property
    def registry(self) -> Path:
        """The data sets' checksums."""
        return self.root / "datasets" / "registry.json"

    @property
    def build(self) -> Path:
        """Everything generated; deleting it costs time, never work."""
        return self.root / "_build"

    @property
    def cache(self) -> Path:
        """What jupyter-cache keeps: executed notebooks by key."""
        return self.build / "jupyter-cache"

    @property
    def runs(self) -> Path:
        """One JSON file a page: its key, run time, memory, versions, or its error."""
        return self.build / "runs"

    @property
    def source(self) -> Path:
        """The tree that Sphinx reads: executed notebooks and plain pages."""
        return self.build / "source"

    @property
    def html(self) -> Path:
        """The site."""
        return self.build / "html"

    @property
    def site_state(self) -> Path:
        """What the site was built from, when it was last built without a fault."""
        return self.build / "site.state"

    @property
    def notebooks(self) -> Path:
        """The notebooks for download and for Colab."""
        return self.build / "notebooks"

    @property
    def search_path(self) -> list[Path]:
        """Folders from which pages import our packages when they run here."""
        projects = sorted(self.root.glob("projects/*/src"))
        return [self.root, *projects]

    @property
    def packages(self) -> dict[str, Path]:
        """Our top-level packages by import name, each with its folder."""
        found = {}
        for folder in self.search_path:
            for init in sorted(folder.glob("*/__init__.py")):
                found[init.parent.name] = init.parent
        return found


def here() -> Layout:
    """Return the layout of the checkout that this package stands in.

    Raises
    ------
    SystemExit
        If there is no checkout around it (a wheel has no chapters).
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "chapters").is_dir():
        raise SystemExit(
            f"There is no folder 'chapters' in {root}: the book is built from a "
            "checkout of its repository, not from the installed package."
        )
    return Layout(root)
