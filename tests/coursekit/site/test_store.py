"""What a browser keeps of its reader, in Node."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .node import node

_EMPTY = {
    "version": 1,
    "questions": {},
    "pages": {},
    "last": {"page": "", "section": "", "at": 0},
    "exercises": {},
    "edits": {},
    "plan": {"pathway": "", "start": None, "hours": None},
    "checklist": {},
    "settings": {"theme": "auto"},
}
_ANSWER = {"picks": ["2"], "right": True, "at": 5, "page": "a/b", "step": 1, "due": 9}
_FULL = _EMPTY | {
    "questions": {"q": _ANSWER},
    "pages": {"a/b": {"opened": 3, "done": None}, "a/c": {"opened": 3, "done": 4}},
    "last": {"page": "a/b", "section": "idea", "at": 7},
    "exercises": {
        "a/b": {
            "questions": {"q1": "passed", "q2": "not yet"},
            "hints": {"q2": 1},
            "at": 6,
        }
    },
    "edits": {"a/b": {"cell-1": {"of": "abc", "text": "x = 1\n"}}},
    "plan": {"pathway": "steady", "start": "2026-11-23", "hours": 7.5},
    "checklist": {"python": True},
    "settings": {"theme": "dark"},
}
_READ = 'localStorage.setItem("course", text); return course.store.read();'


def _read(kept):
    return node(
        _READ, "store", text=kept if isinstance(kept, str) else json.dumps(kept)
    )


def test_what_is_sound_is_read_as_it_was_written():
    assert _read(_FULL) == _FULL


def test_a_browser_that_keeps_nothing_gives_a_whole_value():
    assert node("return course.store.read();", "store") == _EMPTY


def test_answers_from_before_there_were_versions_are_kept():
    old = {"questions": {"q": {"picks": ["2"], "right": True, "at": 5}}}
    answer = _ANSWER | {"page": "", "step": 0, "due": None}
    assert _read(old) == _EMPTY | {"questions": {"q": answer}}


def test_junk_is_dropped_and_what_stands_beside_it_is_kept():
    kept = {
        "version": 1,
        "questions": {"q": _ANSWER, "r": {"picks": "2"}, "s": None, "t": [1]},
        "pages": {"a/b": {"opened": "today"}, "a/c": {"opened": 1, "done": "yes"}},
        "last": "here",
        "exercises": {
            "a/b": {
                "at": 1,
                "questions": {"q1": "perfect", "q2": "passed"},
                "hints": {"q1": "two", "q2": 2},
            }
        },
        "edits": {"a/b": {"cell-1": {"of": 1, "text": 2}}, "a/c": 7},
        "plan": {"pathway": 3, "start": "2026-02-30", "hours": -1},
        "checklist": {"python": True, "sql": "yes"},
        "settings": {"theme": "pink"},
        "more": {"of": "it"},
    }
    passed = {"a/b": {"questions": {"q2": "passed"}, "hints": {"q2": 2}, "at": 1}}
    assert _read(kept) == _EMPTY | {
        "questions": {"q": _ANSWER},
        "pages": {"a/c": {"opened": 1, "done": None}},
        "exercises": passed,
        "edits": {"a/b": {}, "a/c": {}},
        "checklist": {"python": True},
    }


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
_NAME = st.text(max_size=8) | st.sampled_from(["__proto__", "constructor", "a/b"])
_TIME = st.integers(0, 2**45)
_SOUND = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "questions": st.dictionaries(
            _NAME,
            st.fixed_dictionaries(
                {
                    "picks": st.lists(st.text(max_size=3), max_size=3),
                    "right": st.booleans(),
                    "at": _TIME,
                    "page": _NAME,
                    "step": st.integers(0, 5),
                    "due": st.none() | _TIME,
                }
            ),
            max_size=3,
        ),
        "pages": st.dictionaries(
            _NAME,
            st.fixed_dictionaries({"opened": _TIME, "done": st.none() | _TIME}),
            max_size=3,
        ),
        "last": st.fixed_dictionaries({"page": _NAME, "section": _NAME, "at": _TIME}),
        "exercises": st.dictionaries(
            _NAME,
            st.fixed_dictionaries(
                {
                    "questions": st.dictionaries(
                        _NAME,
                        st.sampled_from(["passed", "not yet", "not answered yet"]),
                    ),
                    "hints": st.dictionaries(_NAME, st.integers(0, 5)),
                    "at": _TIME,
                }
            ),
            max_size=2,
        ),
        "edits": st.dictionaries(
            _NAME,
            st.dictionaries(
                _NAME, st.fixed_dictionaries({"of": st.text(), "text": st.text()})
            ),
            max_size=2,
        ),
        "plan": st.fixed_dictionaries(
            {
                "pathway": _NAME,
                "start": st.none() | st.dates().map(lambda day: day.isoformat()),
                "hours": st.none() | st.integers(1, 80),
            }
        ),
        "checklist": st.dictionaries(_NAME, st.just(True), max_size=3),
        "settings": st.fixed_dictionaries(
            {"theme": st.sampled_from(["auto", "light", "dark"])}
        ),
    }
)
_SLOW = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
# One Node for many values: it is its start that takes time.
_MANY = 12


@_SLOW
@given(st.lists(_JSON, min_size=_MANY, max_size=_MANY))
def test_whatever_stands_there_is_read_without_an_error_and_reading_settles(values):
    source = """
    return values.map((value) => {
      localStorage.setItem("course", JSON.stringify(value));
      const once = course.store.read();
      localStorage.setItem("course", JSON.stringify(once));
      return [Object.keys(once), once, course.store.read()];
    });"""
    for keys, once, twice in node(source, "store", values=values):
        assert keys == list(_EMPTY)
        assert once == twice


@_SLOW
@given(st.lists(_SOUND, min_size=_MANY, max_size=_MANY))
def test_what_is_exported_and_imported_after_clearing_is_the_same(values):
    source = """
    return texts.map((text) => [true, false].map((replace) => {
      localStorage.setItem("course", text);
      const file = course.store.exported();
      course.store.clear();
      course.store.imported(file, { replace });
      return course.store.read();
    }));"""
    texts = [json.dumps(value) for value in values]
    for value, (replaced, merged) in zip(
        values, node(source, "store", texts=texts), strict=True
    ):
        assert replaced == value
        # Merged into nothing, all comes back but the theme, which is this browser's;
        # of a page, a time of zero is no time, and a plan without a pathway is none.
        for key in ("questions", "exercises", "edits", "checklist"):
            assert merged[key] == value[key]


def test_importing_takes_the_newest_of_each_entry():
    newer = _ANSWER | {"at": 6, "right": False}
    theirs = _FULL | {
        "questions": {"q": newer, "r": _ANSWER},
        "pages": {"a/b": {"opened": 2, "done": 2}},
        "last": {"page": "a/z", "section": "", "at": 1},
        "exercises": {"a/b": {"questions": {}, "hints": {}, "at": 1}},
        "settings": {"theme": "light"},
    }
    source = """
    localStorage.setItem("course", JSON.stringify(theirs));
    const file = course.store.exported();
    localStorage.setItem("course", JSON.stringify(ours));
    course.store.imported(file);
    return course.store.read();"""
    merged = node(source, "store", ours=_FULL, theirs=theirs)
    assert merged["questions"] == {"q": newer, "r": _ANSWER}
    assert merged["pages"]["a/b"] == {"opened": 3, "done": 2}
    assert merged["pages"]["a/c"] == {"opened": 3, "done": 4}
    for key in ("last", "exercises", "settings"):
        assert merged[key] == _FULL[key]


def _refusal(text):
    source = """
    localStorage.setItem("course", JSON.stringify(full));
    let says = "";
    try { course.store.imported(text, { replace: true }); }
    catch (error) { says = error.message; }
    return [says, course.store.read()];"""
    says, kept = node(source, "store", text=text, full=_FULL)
    assert kept == _FULL
    return says


def test_a_file_that_is_not_ours_gets_one_sentence_and_changes_nothing():
    for text in ("", "no JSON", "[]", "null", "{}", json.dumps(_FULL), '"course"'):
        assert _refusal(text).startswith("This file does not hold progress")


def test_a_file_of_a_newer_version_gets_one_sentence_and_changes_nothing():
    text = json.dumps({"kind": "course-progress", "version": 2})
    assert "newer edition" in _refusal(text)


def test_what_a_newer_edition_wrote_is_not_overwritten():
    source = """
    const text = JSON.stringify({ version: 2, future: true });
    localStorage.setItem("course", text);
    const kept = course.store.update((all) => { all.checklist.sql = true; });
    const same = localStorage.getItem("course") === text;
    return [kept, same, course.store.read().checklist];
    """
    assert node(source, "store") == [False, True, {"sql": True}]


_UPDATES = """
const heard = [];
document.addEventListener("course:change", () => heard.push("change"));
document.addEventListener("course:unkept", ({ detail }) => heard.push(detail.says));
localStorage.fault = fault;
const kept = course.store.update((all) => { all.checklist.sql = true; });
const change = (all) => { all.checklist.api = true; };
const quiet = course.store.update(change, { quiet: true });
const value = course.store.read().checklist;
localStorage.fault = null;
return [kept, quiet, value, heard, localStorage.getItem("course")];
"""


def test_an_update_is_kept_and_told():
    kept, quiet, value, heard, text = node(_UPDATES, "store", fault=None)
    assert (kept, quiet) == (True, True)
    assert value == json.loads(text)["checklist"] == {"sql": True, "api": True}
    assert heard == ["change", "change"]


def test_storage_that_is_full_or_forbidden_breaks_nothing_and_is_said():
    for fault in ("full", "forbidden"):
        kept, quiet, value, heard, text = node(_UPDATES, "store", fault=fault)
        assert (kept, quiet, text) == (False, False, None)
        assert value == {"sql": True, "api": True}, "it holds until the page is left"
        assert [word for word in heard if word != "change"] == [heard[1]]
        assert "no room" in heard[1]


def test_what_does_not_fit_is_never_written():
    source = """
    course.store.update((all) => Object.assign(all, { pages: { a: 1 }, extra: 1 }));
    return JSON.parse(localStorage.getItem("course"));"""
    assert node(source, "store") == _EMPTY


def test_other_tabs_are_heard():
    source = """
    let heard = 0;
    document.addEventListener("course:change", () => { heard += 1; });
    for (const key of ["course", "other", null])
      browser.dispatchEvent(Object.assign(new Event("storage"), { key }));
    return heard;"""
    assert node(source, "store") == 2
