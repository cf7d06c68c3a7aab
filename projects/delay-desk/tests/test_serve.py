"""What the service promises to whoever calls it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from delay_desk import features, serve, train

FLIGHT = {
    "carrier": "UA",
    "origin": "EWR",
    "dest": "ORD",
    "departs": "2013-08-05T17:30",
}
JSON = {"content-type": "application/json"}


class FixedModel:
    """A model whose answer is known: the i-th row gets the i-th probability."""

    def __init__(self, *probabilities: float) -> None:
        self.probabilities = probabilities
        self.calls: list[pd.DataFrame] = []

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        self.calls.append(rows)
        late = np.resize(np.asarray(self.probabilities, dtype=float), len(rows))
        return np.column_stack([1 - late, late])


def bundle_of(*probabilities: float, threshold: float = 0.5) -> Any:
    return SimpleNamespace(
        model=FixedModel(*probabilities),
        threshold=threshold,
        version="test-1",
        columns=list(features.COLUMNS),
        trained_on="nothing",
        categories={"carrier": ("UA", "B6"), "dest": ("ORD", "BOS")},
    )


@contextlib.contextmanager
def client_for(bundle: Any) -> Iterator[TestClient]:
    app = serve.create_app(bundle)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_for(bundle_of(0.7)) as client:
        yield client


def assert_problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    document = reply.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"].endswith(".")
    assert "Traceback" not in reply.text
    return document


# --- answers -----------------------------------------------------------------


def test_one_flight_gets_one_answer(client: TestClient) -> None:
    reply = client.post("/predict", json=FLIGHT)
    assert reply.status_code == 200
    assert reply.json() == {
        "probability": 0.7,
        "advice": "rebook",
        "model_version": "test-1",
        "warnings": [],
    }


def test_a_list_is_answered_in_its_order_with_one_call_of_the_model() -> None:
    bundle = bundle_of(0.9, 0.1, 0.6)
    with client_for(bundle) as client:
        replies = client.post("/predict", json=[FLIGHT] * 3).json()
    assert [r["probability"] for r in replies] == [0.9, 0.1, 0.6]
    assert [r["advice"] for r in replies] == ["rebook", "keep", "rebook"]
    assert len(bundle.model.calls) == 1


@pytest.mark.parametrize(
    ("probability", "advice"),
    [(0.3, "rebook"), (math.nextafter(0.3, 0), "keep"), (0.31, "rebook")],
)
def test_the_threshold_itself_means_rebook(probability: float, advice: str) -> None:
    with client_for(bundle_of(probability, threshold=0.3)) as client:
        assert client.post("/predict", json=FLIGHT).json()["advice"] == advice


def test_the_model_sees_its_columns_in_its_order_whatever_the_json_order() -> None:
    bundle = bundle_of(0.5)
    bundle.columns = list(features.COLUMNS)[::-1]
    shuffled = dict(reversed(FLIGHT.items()))
    with client_for(bundle) as client:
        client.post("/predict", json=shuffled)
    assert list(bundle.model.calls[0].columns) == bundle.columns


def test_an_unknown_code_is_answered_with_a_warning(client: TestClient) -> None:
    unknown = FLIGHT | {"carrier": "ZZ", "dest": "XYZ"}
    answer = client.post("/predict", json=unknown).json()
    assert answer["probability"] == 0.7
    assert len(answer["warnings"]) == 2
    assert "carrier 'ZZ'" in answer["warnings"][0]
    assert "dest 'XYZ'" in answer["warnings"][1]


def test_missing_weather_and_null_weather_are_the_same_row() -> None:
    bundle = bundle_of(0.5)
    with client_for(bundle) as client:
        client.post("/predict", json=FLIGHT)
        client.post("/predict", json=FLIGHT | {"temp": None, "precip": None})
    pd.testing.assert_frame_equal(*bundle.model.calls)


def test_a_batch_of_the_limit_fits_in_the_body_limit(client: TestClient) -> None:
    full = FLIGHT | {
        "wind_speed": 12.65858,
        "visib": 10.123456,
        "precip": 0.123456,
        "temp": 78.123456,
    }
    reply = client.post("/predict", json=[full] * serve.MAX_BATCH)
    assert reply.status_code == 200
    assert len(reply.json()) == serve.MAX_BATCH


# --- refusals ----------------------------------------------------------------

WRONG_VALUES = [
    ("carrier", "United"),
    ("carrier", "ua"),
    ("carrier", "UA\n"),
    ("carrier", 7),
    ("origin", "LAX"),
    ("origin", None),
    ("dest", "EWR"),  # the origin
    ("dest", "O'H"),
    ("departs", "2013-08-05"),
    ("departs", "2013-08-05T17:30Z"),
    ("departs", "2013-08-05T17:30-04:00"),
    ("departs", "2013-13-05T17:30"),
    ("departs", "9999-01-01T00:00"),  # beyond what pandas can hold
    ("departs", "1013-08-05T17:30"),
    ("departs", 1375723800),
    ("wind_speed", "12"),
    ("wind_speed", True),
    ("wind_speed", -1),
    ("wind_speed", 1048.36),  # stands in the real weather table of 2013
    ("visib", 101),
    ("precip", -0.01),
    ("temp", 300.15),  # kelvin
    ("temp", [70]),
]


@pytest.mark.parametrize(("field", "value"), WRONG_VALUES)
def test_a_wrong_value_is_refused_by_name_found_and_expected(
    client: TestClient, field: str, value: object
) -> None:
    reply = client.post("/predict", json=FLIGHT | {field: value})
    problem = assert_problem(reply, 422)
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{field}"]
    assert problem["detail"].startswith(f"{field}: found {json.dumps(value)}, expected")


@pytest.mark.parametrize("field", sorted(FLIGHT))
def test_a_missing_field_is_named(client: TestClient, field: str) -> None:
    short = {name: value for name, value in FLIGHT.items() if name != field}
    problem = assert_problem(client.post("/predict", json=short), 422)
    assert problem["detail"].startswith(f"{field}: found nothing, expected ")


def test_a_misspelt_field_is_not_ignored(client: TestClient) -> None:
    reply = client.post("/predict", json=FLIGHT | {"windspeed": 12.0})
    problem = assert_problem(reply, 422)
    assert problem["detail"].startswith("windspeed: found a field that is not ours")
    assert "wind_speed" in problem["detail"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(
    client: TestClient, number: str
) -> None:
    body = json.dumps(FLIGHT)[:-1] + f', "temp": {number}}}'
    problem = assert_problem(client.post("/predict", content=body, headers=JSON), 422)
    assert problem["errors"][0]["pointer"] == "#/temp"


def test_all_errors_are_listed_and_the_first_is_the_detail(client: TestClient) -> None:
    problem = assert_problem(client.post("/predict", json={}), 422)
    assert len(problem["errors"]) == 4
    assert "(the first of 4 errors)" in problem["detail"]


def test_the_list_of_errors_is_bounded(client: TestClient) -> None:
    problem = assert_problem(client.post("/predict", json=[{}] * 50), 422)
    assert len(problem["errors"]) == serve.MAX_ERRORS
    assert "(the first of 200 errors)" in problem["detail"]


def test_an_error_in_a_list_names_the_flight(client: TestClient) -> None:
    batch = [FLIGHT, FLIGHT | {"origin": "LAX"}]
    problem = assert_problem(client.post("/predict", json=batch), 422)
    assert problem["errors"][0]["pointer"] == "#/1/origin"
    assert problem["detail"].startswith('flight 1, origin: found "LAX"')


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "body: found an empty list, expected at least one flight."),
        ([FLIGHT] * 101, "body: found a list of 101, expected at most 100."),
        (3, "body: found 3, expected a JSON object"),
        ("UA", 'body: found "UA", expected a JSON object'),
        ([FLIGHT, 3], "flight 1: found 3, expected a JSON object"),
        (None, "body: found nothing, expected a JSON object"),
    ],
)
def test_a_body_of_the_wrong_shape(
    client: TestClient, body: object, sentence: str
) -> None:
    problem = assert_problem(client.post("/predict", json=body), 422)
    assert problem["detail"].startswith(sentence)


@pytest.mark.parametrize(
    "content", [b'{"carrier": "UA",', b"", b"\xff\xfe", b"[" * 20_000]
)
def test_bytes_that_are_no_json_are_a_400_or_a_422(
    client: TestClient, content: bytes
) -> None:
    reply = client.post("/predict", content=content, headers=JSON)
    assert_problem(reply, 422 if content == b"" else 400)


def test_a_body_not_declared_as_json_is_a_415(client: TestClient) -> None:
    reply = client.post(
        "/predict", content=json.dumps(FLIGHT), headers={"content-type": "text/plain"}
    )
    problem = assert_problem(reply, 415)
    assert problem["detail"] == (
        "Content-Type: found text/plain, expected application/json."
    )


def test_a_body_over_the_limit_is_a_413_with_and_without_its_length(
    client: TestClient,
) -> None:
    declared = b" " * (serve.MAX_BODY + 1)
    chunked = (b" " * 1024 for _ in range(serve.MAX_BODY // 1024 + 1))
    for content in (declared, chunked):
        reply = client.post("/predict", content=content, headers=JSON)
        problem = assert_problem(reply, 413)
        assert str(serve.MAX_BODY) in problem["detail"]


def test_wrong_paths_and_methods_are_problems_too(client: TestClient) -> None:
    problem = assert_problem(client.get("/predictions"), 404)
    assert "/predict" in problem["detail"]
    reply = client.get("/predict")
    assert_problem(reply, 405)
    assert reply.headers["allow"] == "POST"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FLIGHT, "temp", "x"]), inner, max_size=5)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(body=json_values)
def test_no_json_whatever_makes_a_500(body: object) -> None:
    with client_for(bundle_of(0.5)) as client:
        content = json.dumps(body).encode()
        reply = client.post("/predict", content=content, headers=JSON)
    assert reply.status_code in {200, 422}


# --- faults of ours ----------------------------------------------------------


def test_a_failing_model_is_a_500_without_its_secrets() -> None:
    bundle = bundle_of(0.5)

    def fail(rows: pd.DataFrame) -> np.ndarray:
        raise RuntimeError("password=hunter2")

    bundle.model.predict_proba = fail
    with client_for(bundle) as client:
        problem = assert_problem(client.post("/predict", json=FLIGHT), 500)
        assert "hunter2" not in json.dumps(problem)
        assert client.get("/health").status_code == 200
        assert_problem(client.get("/ready"), 503)


def test_a_probability_that_is_nan_is_a_500_and_not_a_null() -> None:
    with client_for(bundle_of(0.4, math.nan)) as client:
        assert_problem(client.post("/predict", json=[FLIGHT, FLIGHT]), 500)


def test_when_every_seat_is_taken_the_next_one_is_told_to_wait() -> None:
    with client_for(bundle_of(0.5)) as client:
        state: Any = client.app
        state.state.in_flight = serve.MAX_IN_FLIGHT
        reply = client.post("/predict", json=FLIGHT)
        assert_problem(reply, 503)
        assert reply.headers["retry-after"] == "1"
        assert_problem(client.get("/ready"), 503)
        assert client.get("/health").status_code == 200


def test_seats_are_given_back_after_answers_refusals_and_failures() -> None:
    bundle = bundle_of(0.5)
    with client_for(bundle) as client:
        app: Any = client.app
        client.post("/predict", json=FLIGHT)
        client.post("/predict", json={})
        bundle.model.predict_proba = None
        client.post("/predict", json=FLIGHT)
        assert app.state.in_flight == 0


# --- life --------------------------------------------------------------------


def test_health_and_ready_differ_before_the_model_is_there() -> None:
    app = serve.create_app(bundle_of(0.5))
    client = TestClient(app)  # not entered: the lifespan has not begun
    assert client.get("/health").json() == {"status": "alive"}
    assert_problem(client.get("/ready"), 503)
    assert_problem(client.post("/predict", json=FLIGHT), 503)


def test_a_folder_is_loaded_once_before_the_first_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loads: list[Path] = []

    def load(folder: Path) -> Any:
        loads.append(folder)
        return bundle_of(0.5)

    monkeypatch.setattr(train, "load", load)
    with client_for(str(tmp_path)) as client:
        for _ in range(3):
            assert client.post("/predict", json=FLIGHT).status_code == 200
    assert loads == [tmp_path]


def test_the_model_card(client: TestClient) -> None:
    assert client.get("/model").json() == {
        "version": "test-1",
        "threshold": 0.5,
        "columns": list(features.COLUMNS),
        "trained_on": "nothing",
    }


def test_the_documentation_names_the_errors_and_their_form(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    replies = document["paths"]["/predict"]["post"]["responses"]
    assert {"200", "400", "413", "415", "422", "500", "503"} == set(replies)
    assert list(replies["422"]["content"]) == ["application/problem+json"]
    flight = document["components"]["schemas"]["FlightRequest"]
    assert flight["additionalProperties"] is False
    assert flight["required"] == ["carrier", "origin", "dest", "departs"]


def test_the_environment_must_name_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DELAY_DESK_MODEL", raising=False)
    with pytest.raises(RuntimeError, match="DELAY_DESK_MODEL: found nothing"):
        serve.app_from_environment()
    monkeypatch.setenv("DELAY_DESK_MODEL", "somewhere")
    assert isinstance(serve.app_from_environment(), FastAPI)


# --- with the real model and a real process ----------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    train.save(train.example_bundle(), path)
    return path


def test_the_service_answers_what_the_model_says(folder: Path) -> None:
    bundle = train.load(folder)
    flights = [FLIGHT, FLIGHT | {"carrier": "B6", "temp": 30.0, "precip": 0.2}]
    rows = features.from_requests(flights)
    expected = bundle.model.predict_proba(rows[list(bundle.columns)])[:, 1]
    with client_for(folder) as client:
        replies = client.post("/predict", json=flights).json()
        assert client.get("/ready").status_code == 200
        assert client.get("/model").json()["version"] == bundle.version
    np.testing.assert_allclose([r["probability"] for r in replies], expected)
    assert [r["warnings"] for r in replies] == [[], []]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "delay_desk.serve", *arguments]


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"listening on (http://\S+)", line)
        assert found, f"found {line!r}, expected an address"
        yield process, found.group(1)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_command_prints_its_address_serves_and_stops_gracefully(
    folder: Path,
) -> None:
    with running("--model", str(folder), "--port", "0") as (process, url):
        reply = httpx.post(f"{url}/predict", json=FLIGHT, timeout=30)
        assert reply.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=120, check=False
    )


def test_a_port_in_use_is_one_sentence_and_a_failure(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--model", str(folder), "--port", str(port))
    assert done.returncode == 1
    assert re.fullmatch(r"delay desk: cannot start: .*in use.*\n", done.stderr)
    assert done.stdout == ""


def test_a_missing_folder_is_one_sentence_and_a_failure(tmp_path: Path) -> None:
    done = run("--model", str(tmp_path / "nowhere"), "--port", "0")
    assert done.returncode == 1
    assert re.fullmatch(r"delay desk: cannot start: .*nowhere.*\n", done.stderr)
