"""Whose file it is, and that nobody can write another's name on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.grading.intake.names import Roster, from_lms, legible, owner_of
from coursekit.grading.model import Learner

WORDS = st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=12)
FILES = st.text(min_size=1, max_size=30).filter(lambda t: "/" not in t)
IDS = st.integers(1, 10**12)


def learner_of(path, *roster):
    """Whose it is when nothing else was uploaded."""
    return Roster(roster, [owner(path)]).learner(owner(path))


def owner(path, trusted=None):
    parts = path.split("/")
    return owner_of(parts, len(parts) if trusted is None else trusted)


@pytest.mark.parametrize(
    ("name", "who", "user", "upload", "late"),
    [
        ("lovelaceada_123_4567_hw.ipynb", "lovelaceada", "123", 4567, False),
        ("lovelaceada_LATE_123_4567_hw-2.ipynb", "lovelaceada", "123", 4567, True),
        ("de_la_cruzana_9_1000_a_b_1_2.ipynb", "de_la_cruzana", "9", 1000, False),
        ("müllerjürgen_7_890_x.zip", "müllerjürgen", "7", 890, False),
        ("anon_aB3x9_4567_hw.ipynb", "anon_aB3x9", "anon_aB3x9", 4567, False),
        ("lovelaceada_LATE_123_text.html", "lovelaceada", "123", 0, True),
        ("LATE_anon_aB3x9_4567_hw.ipynb", "anon_aB3x9", "anon_aB3x9", 4567, True),
    ],
)
def test_canvas_names(name, who, user, upload, late):
    found = from_lms(name)
    assert (found.lms, found.name, found.user) == ("canvas", who, user)
    assert (found.upload, found.late) == (upload, late)


@pytest.mark.parametrize(
    ("name", "who", "user"),
    [
        ("Ada Lovelace_12345_assignsubmission_file_", "Ada Lovelace", "12345"),
        ("Ada Lovelace_12345_assignsubmission_file", "Ada Lovelace", "12345"),
        ("Ada Lovelace_12345_assignsubmission_file_hw.ipynb", "Ada Lovelace", "12345"),
        ("Participant_77_assignsubmission_onlinetext_", "Participant", "77"),
        ("Default group_assignsubmission_file_", "Default group", ""),
    ],
)
def test_moodle_names(name, who, user):
    found = from_lms(name)
    assert (found.lms, found.name, found.user) == ("moodle", who, user)
    assert found.late is None


@pytest.mark.parametrize(
    "name", ["ada.ipynb", "week_3.ipynb", "hw_2_12.ipynb", "2024_111_hw.ipynb", "_", ""]
)
def test_other_names_are_no_lms_names(name):
    assert from_lms(name) is None


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("ada.ipynb", "ada"),
        ("Ada.IPYNB.txt", "Ada"),
        ("ada/anything.ipynb", "ada"),
        ("ada/deep/er/anything.ipynb", "ada"),
        ("submitted/ada/homework/hw.ipynb", "ada"),
        ("Submissions/ada.ipynb", "ada"),
        ("submitted.ipynb", "submitted"),
        ("section one/Ada Lovelace_12_assignsubmission_file_/x.ipynb", "Ada Lovelace"),
        ("section/lovelaceada_1_2345_hw.ipynb", "lovelaceada"),
    ],
)
def test_without_an_lms_the_outermost_name_is_the_learners(path, who):
    assert owner(path).name == who


def test_two_spellings_of_one_name_are_one_learner():
    assert owner("Ada.ipynb").identity == owner("ada/x.ipynb").identity
    assert owner("Zoe\u0308.ipynb").identity == owner("zo\u00eb.ipynb").identity


@pytest.mark.parametrize(
    "path",
    [
        "Bob_2_assignsubmission_file_/Ada_1_assignsubmission_file_/x.ipynb",
        "Bob_2_assignsubmission_file_/ada_1_2345_x.ipynb",
        "Bob_2_assignsubmission_file_Ada_1_assignsubmission_file_x.ipynb",
        "Bob_2_assignsubmission_file_ada_1_2345_x.ipynb",
        "bob_2_9999_ada_1_2345_x.ipynb",
        "bob_2_9999_Ada_1_assignsubmission_file_x.ipynb",
    ],
)
def test_a_learner_cannot_write_anothers_name_behind_the_lmss(path):
    assert owner(path).user == "2"


def test_names_inside_of_a_learners_zip_file_are_not_believed():
    parts = "mallory.zip/ada_1_2345_x.ipynb"
    assert owner(parts, trusted=1).name == "mallory"
    assert owner(parts).user == "1"


@given(WORDS, IDS, st.integers(100, 10**12), FILES, st.booleans())
def test_every_canvas_name_is_read_back(word, user, upload, file, late):
    name = "n" + word  # Canvas takes names of digits alone apart
    mark = "LATE_" if late else ""
    found = from_lms(f"{name}_{mark}{user}_{upload}_{file}")
    assert (found.name, found.user, found.late) == (name, str(user), late)
    assert (found.upload, found.stem) == (upload, file)


@given(WORDS, IDS, FILES)
def test_every_moodle_name_is_read_back(word, user, file):
    found = from_lms(f"{word} {word}_{user}_assignsubmission_file_{file}")
    assert (found.name, found.user) == (f"{word} {word}", str(user))
    assert found.stem == file


@given(st.lists(FILES, min_size=1, max_size=4), st.integers(1, 4))
def test_every_path_is_somebodys(parts, trusted):
    roster = Roster([])
    learner = roster.learner(owner_of(parts, min(trusted, len(parts))))
    assert learner.key
    assert not set(learner.key) & set('/\\:*?"<>|\n')
    assert not learner.key.startswith(".")
    assert learner.name.isprintable()


@pytest.mark.parametrize(
    ("name", "stem", "series"),
    [
        ("x/hw-2.ipynb", "hw", 2),
        ("x/hw (3).ipynb", "hw", 3),
        ("x/hw.ipynb", "hw", 0),
        ("x/hw.ipynb.txt", "hw", 0),
        ("ada_1_2345_hw-2.ipynb", "hw", 2),
    ],
)
def test_the_number_that_repeated_uploads_get(name, stem, series):
    found = owner(name)
    assert (found.stem, found.series) == (stem, series)


def test_what_cannot_be_printed_is_replaced():
    assert legible("a\u202eb\nc\x00d\ud800é") == "a\ufffdb\ufffdc\ufffdd\ufffdé"


# --- the roster ---

ADA = Learner(key="ada", name="Ada Lovelace", id="123")
BOB = Learner(key="bob@x.org", name="Bob King Bo", id="7")


@pytest.mark.parametrize(
    "path",
    [
        "lovelaceada_123_4567_hw.ipynb",
        "lovelaceada_999_4567_hw.ipynb",
        "Ada Lovelace_55_assignsubmission_file_/x.ipynb",
        "Lovelace Ada_55_assignsubmission_file_/x.ipynb",
        "ada.ipynb",
        "ADA/x.ipynb",
        "Ada Lovelace.ipynb",
        "Lovelace, Ada/x.ipynb",
        "123.ipynb",
    ],
)
def test_learners_of_the_roster_are_known_by_id_key_or_name(path):
    assert learner_of(path, ADA, BOB) is ADA


def test_middle_names_go_where_canvas_puts_them():
    assert learner_of("bobobking_8_4567_x.ipynb", ADA, BOB) is BOB


def test_moodles_number_is_no_ones_id_where_the_name_says_otherwise():
    path = "Bob King Bo_123_assignsubmission_file_/x.ipynb"
    assert learner_of(path, ADA, BOB) is BOB
    path = "Somebody Else_123_assignsubmission_file_/x.ipynb"
    assert learner_of(path, ADA, BOB).key == "Somebody-Else_123"


def test_a_name_that_two_of_the_roster_have_is_nobodys():
    other = Learner(key="ada2", name="Ada Lovelace", id="8")
    assert learner_of("lovelaceada_9_4567_x.ipynb", ADA, other).key == "lovelaceada_9"


@pytest.mark.parametrize(
    ("users", "meant"),
    [(("123", "99"), ["ada", "lovelaceada_99"]), (("98", "99"), ["l_98", "l_99"])],
    ids=["one-by-number", "neither"],
)
def test_of_two_uploaders_with_one_name_none_gets_the_others_marks(users, meant):
    owners = [owner(f"lovelaceada_{user}_4567_x.ipynb") for user in users]
    for some in (owners, owners[::-1]):
        roster = Roster([ADA, BOB], some)
        found = [roster.learner(one).key for one in owners]
        assert found == [key.replace("l_", "lovelaceada_") for key in meant]


def test_two_names_without_a_number_may_mean_one_learner():
    owners = [owner("ada.ipynb"), owner("Ada Lovelace/x.ipynb")]
    roster = Roster([ADA, BOB], owners)
    assert [roster.learner(one) for one in owners] == [ADA, ADA]


def test_new_learners_have_keys_of_their_own():
    roster = Roster([ADA])
    keys = [
        roster.learner(owner(path)).key
        for path in ("b c.ipynb", "b-c.ipynb", "b_1_2345_x.ipynb", "b_1.ipynb")
    ]
    assert len({key.casefold() for key in keys}) == 4
    assert keys[0] == "b-c"
    assert not roster.expects(owner("b c.ipynb"))
