"""The delay desk as an HTTP service: one flight in, a probability and advice out.

Routes
------
POST /predict   one flight, or a list of at most ``MAX_BATCH``; one answer each
GET  /health    is this process alive? touches nothing, so that it cannot be slow
GET  /ready     may it be sent traffic? asks the model one question to find out
GET  /model     which model answers: version, threshold, columns, trained on what

Decisions that a reviewer asks about
------------------------------------
- The model is loaded once, before the port answers; a model that cannot be loaded
  stops the start. Loading a model file can run code that is inside it: give this
  service only folders that your own training wrote.
- A carrier or destination that is well formed but unknown to the model is answered,
  with a warning: the rest of the flight still says something, and the airline that
  opened a route this morning is not the passenger's mistake. What is malformed, out
  of physical bounds or not a field of ours is refused with 422.
- Every error is a problem document (RFC 9457) whose ``detail`` is one sentence with
  the field, what was found and what was expected.
- ``predict`` is a plain ``def``: FastAPI runs it in a thread, so that ``/health``
  answers while the model computes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from delay_desk import features, train

MAX_BATCH = 100  # flights in one request
MAX_BODY = 64 * 1024  # bytes: a full batch needs about 20 KiB
MAX_IN_FLIGHT = 64  # predictions accepted at a time; the next one is told to wait
MAX_ERRORS = 20  # sentences in one problem document

logger = logging.getLogger("delay_desk.serve")


# --- what comes in -----------------------------------------------------------

_LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


def _local_time(value: object) -> datetime:
    """Accept ``2013-08-05T17:30`` and nothing else that pydantic would guess at."""
    if not isinstance(value, str) or not _LOCAL_TIME.fullmatch(value):
        raise ValueError("not a local time")
    moment = datetime.fromisoformat(value)
    if not 2000 <= moment.year < 2100:
        raise ValueError("not in this century")
    return moment


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _measured(name: str, unit: str) -> Any:
    """Describe a weather field: within the limits in which training believes it."""
    low, high = features.LIMITS[name]
    return Field(
        default=None,
        ge=low,
        le=high,
        description=f"a number of {unit} from {low:g} to {high:g}, or null",
    )


class FlightRequest(BaseModel):
    """One flight, two hours before it departs. Weather may be left out.

    The description of each field is also the second half of its error sentence.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "carrier": "UA",
                    "origin": "EWR",
                    "dest": "ORD",
                    "departs": "2013-08-05T17:30",
                    "wind_speed": 12.7,
                    "visib": 10.0,
                    "precip": 0.0,
                    "temp": 78.1,
                }
            ]
        },
    )

    carrier: str = Field(
        pattern="^[A-Z0-9]{2}$",
        description="an airline code of two capital letters or digits, such as 'UA'",
    )
    origin: Literal["EWR", "JFK", "LGA"] = Field(
        description="one of 'EWR', 'JFK' and 'LGA'"
    )
    dest: str = Field(
        pattern="^[A-Z]{3}$",
        description="an airport code of three capital letters other than the origin,"
        " such as 'ORD'",
    )
    departs: Annotated[datetime, BeforeValidator(_local_time)] = Field(
        description="a local time between 2000 and 2099 without an offset,"
        " such as '2013-08-05T17:30'",
    )
    wind_speed: Number | None = _measured("wind_speed", "miles per hour")
    visib: Number | None = _measured("visib", "miles")
    precip: Number | None = _measured("precip", "inches in the hour")
    temp: Number | None = _measured("temp", "degrees Fahrenheit")

    @field_validator("dest")
    @classmethod
    def _leaves_the_origin(cls, dest: str, info: ValidationInfo) -> str:
        if dest == info.data.get("origin"):
            raise ValueError("the destination is the origin")
        return dest


FlightBatch = Annotated[list[FlightRequest], Field(min_length=1, max_length=MAX_BATCH)]


def _kind_of_body(body: object) -> str:
    return "list" if isinstance(body, list) else "one"


# Told apart by their shape, so that an error speaks about the one that was meant.
PredictBody = Annotated[
    Annotated[FlightRequest, Tag("one")] | Annotated[FlightBatch, Tag("list")],
    Discriminator(_kind_of_body),
]


# --- what goes out -----------------------------------------------------------


class Prediction(BaseModel):
    """The answer for one flight."""

    probability: float = Field(
        ge=0, le=1, description="that it arrives over 30 minutes late, or not at all"
    )
    advice: Literal["rebook", "keep"] = Field(
        description="rebook where the probability is at or above the threshold"
    )
    model_version: str
    warnings: list[str] = Field(description="what the model did not know; often empty")


class ModelCard(BaseModel):
    """Which model answers."""

    version: str
    threshold: float
    columns: list[str]
    trained_on: str


class FieldProblem(BaseModel):
    """One thing wrong with a request."""

    pointer: str = Field(description="JSON pointer to the place, such as '#/0/carrier'")
    detail: str


class Problem(BaseModel):
    """A problem document, RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="one sentence: field, found, expected")
    instance: str
    errors: list[FieldProblem] = Field(default_factory=list)


class ModelError(RuntimeError):
    """The model answered with something that is not a probability."""


# --- predicting --------------------------------------------------------------


def _warnings(bundle: train.Bundle, flight: FlightRequest) -> list[str]:
    """Name the codes that the model has not seen in training."""
    return [
        f"{name} {code!r} was not in the training data: the answer rests on the rest"
        for name, code in (("carrier", flight.carrier), ("dest", flight.dest))
        if code not in bundle.categories[name]
    ]


def predict_flights(
    bundle: train.Bundle, flights: Sequence[FlightRequest]
) -> list[Prediction]:
    """Answer all flights with one call of the model.

    Parameters
    ----------
    bundle : train.Bundle
        The model with its threshold, columns and known categories.
    flights : sequence of FlightRequest
        Validated requests, at least one.

    Returns
    -------
    list of Prediction
        One for each flight, in the same order.

    Raises
    ------
    ModelError
        When a probability is not finite: JSON has no NaN, and an answer must not
        turn into null on its way out.
    """
    rows = features.from_requests(
        [flight.model_dump(mode="json") for flight in flights]
    )
    probabilities = bundle.model.predict_proba(rows[list(bundle.columns)])[:, 1]
    if not np.isfinite(probabilities).all():
        raise ModelError("the model gave a probability that is not a number")
    return [
        Prediction(
            probability=float(p),
            advice="rebook" if p >= bundle.threshold else "keep",
            model_version=bundle.version,
            warnings=_warnings(bundle, flight),
        )
        for flight, p in zip(flights, probabilities, strict=True)
    ]


def _canary() -> FlightRequest:
    """Build the flight that readiness asks about: the example of the documentation."""
    example = FlightRequest.model_config["json_schema_extra"]["examples"][0]  # type: ignore[index]
    return FlightRequest.model_validate(example)


# --- errors ------------------------------------------------------------------


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Build a problem document of RFC 9457 with the right media type."""
    document = Problem(
        title=HTTPStatus(status).phrase,
        status=int(status),
        detail=detail,
        instance=request.url.path,
        errors=list(errors),
    )
    return JSONResponse(
        document.model_dump(),
        status_code=int(status),
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )


def _shown(value: object) -> str:
    """Show a found value on one line, cut where it is long."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


def _found_and_expected(error: Mapping[str, Any], field: str | None) -> tuple[str, str]:
    """Say what stood there and what should have: the two halves of the sentence."""
    fields = FlightRequest.model_fields
    if error["type"] == "too_long":
        return f"a list of {error['ctx']['actual_length']}", f"at most {MAX_BATCH}"
    if error["type"] == "too_short":
        return "an empty list", "at least one flight"
    if error["type"] == "extra_forbidden":
        return "a field that is not ours", f"only {', '.join(fields)}"
    missing = error["type"] == "missing"
    found = "nothing" if missing else _shown(error["input"])
    if field in fields:
        return found, str(fields[field].description)
    return found, f"a JSON object with {', '.join(fields)}, or a list of them"


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    """Turn one pydantic error into a pointer and a sentence."""
    path = list(error["loc"][2:])  # without "body" and the tag of the union
    field = str(path[-1]) if path and isinstance(path[-1], str) else None
    where = field or "body"
    if path and isinstance(path[0], int):
        where = f"flight {path[0]}" + (f", {field}" if field else "")
    found, expected = _found_and_expected(error, field)
    pointer = "#" + "".join(f"/{step}" for step in path)
    return FieldProblem(
        pointer=pointer, detail=f"{where}: found {found}, expected {expected}."
    )


async def _on_invalid(request: Request, exc: Exception) -> JSONResponse:
    """Answer a body that did not parse (400, 415) or did not validate (422)."""
    assert isinstance(exc, RequestValidationError)
    errors = exc.errors()
    if errors[0]["type"] == "json_invalid":
        place, reason = errors[0]["loc"][1], errors[0]["ctx"]["error"]
        detail = f"body: found no valid JSON ({reason}, character {place})."
        return problem(request, HTTPStatus.BAD_REQUEST, detail)
    if isinstance(exc.body, bytes):
        sent = request.headers.get("content-type", "none")
        detail = f"Content-Type: found {sent}, expected application/json."
        return problem(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    problems = [_field_problem(error) for error in errors]
    detail = problems[0].detail
    if len(problems) > 1:
        detail = f"{detail[:-1]} (the first of {len(problems)} errors)."
    return problem(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        detail,
        errors=problems[:MAX_ERRORS],
    )


def _paths(app: FastAPI) -> list[str]:
    """List what this service answers, without the pages about it."""
    return list(app.openapi()["paths"])


async def _on_http_error(request: Request, exc: Exception) -> JSONResponse:
    """Answer 404, 405, 413 and 503 in the same form as everything else."""
    assert isinstance(exc, StarletteHTTPException)
    detail, headers = str(exc.detail), exc.headers or {}
    if exc.status_code == HTTPStatus.NOT_FOUND:
        paths = ", ".join(sorted(_paths(request.app)))
        detail = f"path: found {request.url.path}, expected one of {paths}."
    elif exc.status_code == HTTPStatus.BAD_REQUEST:
        detail = "body: found bytes that cannot be read, expected JSON in UTF-8."
    elif exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = headers.get("Allow", "another")
        detail = f"method: found {request.method}, expected {allowed}."
    return problem(request, exc.status_code, detail, headers=headers)


async def _on_failure(request: Request, _: Exception) -> JSONResponse:
    """Answer a fault of ours without its details: the server logs the traceback."""
    detail = "The service failed to answer; the request itself was valid."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


class BodyLimit:
    """ASGI middleware that stops reading a body beyond ``limit`` bytes.

    The declared length is checked first; a chunked body declares none, so that the
    bytes are counted as they come.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a ``receive`` that counts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            if int(declared) > self.limit:
                raise self._too_large(int(declared))
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                raise self._too_large(seen)
            return message

        await self.app(scope, counted, send)

    def _too_large(self, size: int) -> HTTPException:
        return HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"body: found {size} bytes or more, expected at most {self.limit}.",
        )


# --- the application ---------------------------------------------------------


async def _loaded(request: Request) -> train.Bundle:
    """Give a route the model, or refuse while there is none."""
    bundle: train.Bundle | None = getattr(request.app.state, "bundle", None)
    if bundle is None:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE, "model: found none loaded, expected one."
        )
    return bundle


def _refuse_when_full(request: Request) -> None:
    taken = request.app.state.in_flight
    if taken >= MAX_IN_FLIGHT:
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"load: found {taken} predictions in flight, expected fewer than"
            f" {MAX_IN_FLIGHT}; ask again in a second.",
            headers={"Retry-After": "1"},
        )


async def _seat(request: Request) -> AsyncIterator[None]:
    """Hold one of the ``MAX_IN_FLIGHT`` places while a prediction is made.

    A queue that only grows answers nobody in time; a quick 503 lets a balancer ask
    another replica. Dependencies that are coroutines run on the event loop, one at a
    time, so that the counter needs no lock.
    """
    _refuse_when_full(request)
    request.app.state.in_flight += 1
    try:
        yield
    finally:
        request.app.state.in_flight -= 1


Loaded = Annotated[train.Bundle, Depends(_loaded)]

_PROBLEM = {
    "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}
}


def _problems(**reasons: str) -> dict[int | str, dict[str, Any]]:
    """Document error replies: ``_problems(s422="the flight is not valid")``."""
    return {
        int(status[1:]): {"description": reason, **_PROBLEM}
        for status, reason in reasons.items()
    }


router = APIRouter()


@router.post(
    "/predict",
    dependencies=[Depends(_seat)],
    responses=_problems(
        s400="the body is not JSON",
        s413=f"the body is over {MAX_BODY} bytes",
        s415="the body is not declared as JSON",
        s422="a field is missing, malformed, out of bounds or not ours",
        s500="the model failed",
        s503="no model is loaded, or too many predictions are in flight",
    ),
)
def predict(body: PredictBody, bundle: Loaded) -> Prediction | list[Prediction]:
    """Advise on one flight, or on a list of them in the same order."""
    flights = body if isinstance(body, list) else [body]
    started = time.perf_counter()
    predictions = predict_flights(bundle, flights)
    logger.info(
        "predicted flights=%d rebook=%d warnings=%d model=%s ms=%.1f",
        len(flights),
        sum(p.advice == "rebook" for p in predictions),
        sum(bool(p.warnings) for p in predictions),
        bundle.version,
        1000 * (time.perf_counter() - started),
    )
    return predictions if isinstance(body, list) else predictions[0]


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process answers. A restart is the cure where it does not."""
    return {"status": "alive"}


@router.get("/ready", responses=_problems(s503="do not send traffic here"))
def ready(bundle: Loaded, request: Request) -> dict[str, str]:
    """Ask the model about one flight; say whether traffic may come."""
    _refuse_when_full(request)
    try:
        predict_flights(bundle, [_canary()])
    except Exception as error:
        logger.exception("the model cannot answer the canary flight")
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "model: found one that fails on the example flight, expected an answer.",
        ) from error
    return {"status": "ready", "model_version": bundle.version}


@router.get("/model", responses=_problems(s503="no model is loaded"))
async def model_card(bundle: Loaded) -> ModelCard:
    """Say which model answers."""
    return ModelCard(
        version=bundle.version,
        threshold=float(bundle.threshold),
        columns=list(bundle.columns),
        trained_on=str(bundle.trained_on),
    )


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def _lifespan(source: train.Bundle | str | Path) -> Lifespan:
    """Load the model before the first request, and let go of it after the last."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if isinstance(source, (str, Path)):
            bundle = await run_in_threadpool(train.load, Path(source))
        else:
            bundle = source
        app.state.bundle = bundle
        logger.info("serving model %s", bundle.version)
        yield
        app.state.bundle = None

    return lifespan


def create_app(source: train.Bundle | str | Path) -> FastAPI:
    """Build the service around one model.

    Parameters
    ----------
    source : train.Bundle or str or pathlib.Path
        A bundle in memory, or the folder that ``train.save`` wrote. A folder is
        loaded when the application starts, once. Loading may run code from the
        folder: never pass one that you did not write or verify.

    Returns
    -------
    fastapi.FastAPI
        The application; run it with uvicorn, or ask it in tests through
        ``fastapi.testclient.TestClient`` used as a context manager, which starts it.

    Examples
    --------
    >>> from fastapi.testclient import TestClient
    >>> from delay_desk import train
    >>> with TestClient(create_app(train.example_bundle())) as client:
    ...     reply = client.post("/predict", json={"carrier": "UA"})
    >>> reply.status_code, reply.headers["content-type"]
    (422, 'application/problem+json')
    >>> reply.json()["detail"]  # doctest: +ELLIPSIS
    "origin: found nothing, expected one of 'EWR', ... (the first of 3 errors)."

    References
    ----------
    Nottingham, M., Wilde, E. and Dalal, S. (2023). Problem Details for HTTP APIs.
    RFC 9457.

    Taught in: deployment/prediction-service
    """
    app = FastAPI(
        title="Delay desk",
        summary="Should a passenger who changes planes in New York rebook?",
        version="1.0.0",
        lifespan=_lifespan(source),
        exception_handlers={
            RequestValidationError: _on_invalid,
            StarletteHTTPException: _on_http_error,
            Exception: _on_failure,
        },
    )
    app.state.in_flight = 0
    app.add_middleware(BodyLimit, limit=MAX_BODY)
    app.include_router(router)
    return app


def app_from_environment() -> FastAPI:
    """Build the service from ``DELAY_DESK_MODEL``, a folder that ``train.save`` wrote.

    The factory for ``uvicorn --factory delay_desk.serve:app_from_environment``: a
    worker process gets its settings from the environment, not from arguments.

    Raises
    ------
    RuntimeError
        When the variable is not set.
    """
    folder = os.environ.get("DELAY_DESK_MODEL")
    if not folder:
        raise RuntimeError(
            "DELAY_DESK_MODEL: found nothing, expected the folder of a saved model"
        )
    return create_app(folder)


# --- the command -------------------------------------------------------------


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m delay_desk.serve", description="Serve a saved model over HTTP."
    )
    parser.add_argument(
        "--model",
        default=os.environ.get("DELAY_DESK_MODEL"),
        help="folder that train.save wrote (default: $DELAY_DESK_MODEL)",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 asks for a free one")
    arguments = parser.parse_args(argv)
    if not arguments.model:
        parser.error("--model: found nothing, expected the folder of a saved model")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, then finish what is in flight and return 0."""
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        bundle = train.load(Path(arguments.model))
        listener = socket.create_server((arguments.host, arguments.port))
    except (OSError, ValueError) as error:
        print(f"delay desk: cannot start: {error}", file=sys.stderr)
        return 1
    with listener:
        host, port = listener.getsockname()[:2]
        print(f"delay desk: listening on http://{host}:{port}", flush=True)
        # uvicorn raises the signal again when it has shut down: let that be quiet.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        config = uvicorn.Config(
            create_app(bundle),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
        )
        uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
