"""GraphQL over HTTP: one request, one response."""

from types import MappingProxyType
from typing import Any

import orjson
from graphql import OperationType
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.auth.actors import UnknownUser
from app.auth.claims import InvalidToken
from resolvers.context import Process
from schema.execution.answers import Answers
from schema.execution.callers import identify
from schema.execution.documents import Document, Documents
from schema.execution.executing import refused
from schema.execution.failures import failure
from schema.execution.requests import BadRequest, GraphQLRequest, of_json, of_parameters

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
LARGEST_BODY = 1024 * 1024
_CLIENT_CLOSED = 499
_STATUS = MappingProxyType({"UNAVAILABLE": 503, "TIMEOUT": 504})


class HttpEndpoint:
    """Answers queries and mutations."""

    def __init__(self, process: Process, documents: Documents, answers: Answers) -> None:
        self._process = process
        self._documents = documents
        self._answers = answers

    async def answer(self, request: Request) -> Response:
        """Return the response with the status that GraphQL over HTTP asks for."""
        media = _accepted(request.headers.get("accept"))
        if media is None:
            return _answer(_said(f"Accept {GRAPHQL} or {JSON}."), JSON, 406)
        try:
            asked = await _asked(request)
        except BadRequest as error:
            return _answer(_said(str(error)), media, 400)
        except HTTPException as error:
            return _answer(_said(error.detail), media, error.status_code, error.headers)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_CLOSED)
        try:
            return await self._respond(request, asked, media)
        except Exception as error:  # noqa: BLE001  # the edge of the process: logged and masked
            told = failure(error)
            status = _STATUS.get(told["extensions"]["code"], 500)
            return _answer({"errors": [told]}, media, status, {"Retry-After": "5"} if status == 503 else None)

    async def _respond(self, request: Request, asked: GraphQLRequest, media: str) -> Response:
        headers = request.headers
        try:
            caller = await identify(
                self._process,
                headers.get("authorization"),
                client=headers.get("x-client"),
                ip=None if request.client is None else request.client.host,
            )
            await caller.actor()
        except (InvalidToken, UnknownUser) as error:
            return _answer({"errors": [failure(error)]}, media, 401, {"WWW-Authenticate": "Bearer"})
        document = self._documents.read(asked.query)
        wrong = _unanswerable(document, asked, request.method)
        if wrong is not None:
            if wrong[1] == 405:
                return _answer(wrong[0], media, 405, {"Allow": "POST"})
            return _answer(wrong[0], media, 400 if media == GRAPHQL else 200)
        answer = await self._answers.answer(document, asked, caller)
        return _sent(answer.body, media, 200 if answer.executed or media == JSON else 400)


def _unanswerable(document: Document, asked: GraphQLRequest, method: str) -> tuple[dict[str, Any], int] | None:
    if document.node is None:
        return refused(document), 400
    kind = document.kind(asked.operation_name)
    if kind is None:
        return _said("operationName must name one of the document's operations.", "GRAPHQL_VALIDATION_FAILED"), 400
    if kind is OperationType.SUBSCRIPTION:
        return _said("Subscriptions are followed over graphql-transport-ws."), 400
    if kind is OperationType.MUTATION and method != "POST":
        return _said("Mutations are sent by POST."), 405
    return None


async def _asked(request: Request) -> GraphQLRequest:
    if request.method != "POST":
        return of_parameters(request.query_params)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise HTTPException(415, f"Send {JSON}.")
    return of_json(await _body(request))


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        raise HTTPException(413, f"A request has at most {LARGEST_BODY} bytes.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"A request has at most {LARGEST_BODY} bytes.")
    return bytes(body)


def _accepted(accept: str | None) -> str | None:
    """Return the better of the two media types that the client accepts; JSON where it says nothing."""
    if not accept:
        return JSON
    wanted: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        wanted[name] = next((_quality(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    anything = wanted.get("application/*", wanted.get("*/*", 0.0))
    # Of equal wishes the one named first wins; what is only allowed by a wildcard comes last.
    offered = [*(name for name in wanted if name in {JSON, GRAPHQL}), JSON, GRAPHQL]
    best = max(offered, key=lambda name: wanted.get(name, anything))
    return best if wanted.get(best, anything) > 0 else None


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _said(message: str, code: str = "BAD_USER_INPUT") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def _answer(body: dict[str, Any], media: str, status: int, headers: Any = None) -> Response:
    return _sent(orjson.dumps(body), media, status, headers)


def _sent(body: bytes, media: str, status: int, headers: Any = None) -> Response:
    return Response(body, status_code=status, media_type=f"{media}; charset=utf-8", headers=headers)
