"""GraphQL over HTTP: one request, one response, or one stream of events."""

from collections.abc import Mapping
from types import MappingProxyType

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from app.auth.actors import UnknownUser
from app.auth.claims import InvalidToken
from resolvers.context import Process
from schema.execution.admission import Throttled
from schema.execution.answers import Answer, Answers
from schema.execution.bodies import BodyRefused, ClientGone, read_body
from schema.execution.callers import Caller, identify
from schema.execution.documents import Document, Documents
from schema.execution.executing import refused
from schema.execution.failures import failure
from schema.execution.measuring import TooLarge
from schema.execution.metrics import Metrics
from schema.execution.negotiation import EVENT_STREAM, GRAPHQL, JSON, Accepted, accepted
from schema.execution.origins import Origins
from schema.execution.requests import BadRequest, GraphQLRequest, of_json, of_parameters
from schema.execution.responses import Headers, Reply, problem, told
from schema.execution.sse import stream
from schema.execution.trusted import NotTrusted, TrustedDocuments, UnknownDocument
from schema.execution.watching import Watched

_STATUS = MappingProxyType({"UNAVAILABLE": 503, "TIMEOUT": 504, "THROTTLED": 429})
_READ = frozenset(
    {b"accept", b"authorization", b"content-type", b"content-length", b"host", b"if-none-match", b"origin"}
    | {b"sec-fetch-site", b"x-client"}
)


class HttpEndpoint:
    """Answers queries and mutations, and lets subscriptions be followed."""

    def __init__(
        self,
        process: Process,
        documents: Documents,
        answers: Answers,
        *,
        trusted: TrustedDocuments,
        origins: Origins,
        metrics: Metrics,
        largest_body: int,
        development: bool,
    ) -> None:
        self._process = process
        self._documents = documents
        self._answers = answers
        self._trusted = trusted
        self._origins = origins
        self._metrics = metrics
        self._largest_body = largest_body
        self._development = development

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _READ}
        origin = headers.get(b"origin")
        more = [*self._origins.headers(origin), (b"x-request-id", scope["request_id"].encode())]
        if scope["method"] == "OPTIONS" and origin is not None:
            await Reply(204, b"").send(send, self._origins.preflight(origin))
            return
        if not self._origins.admits(origin, headers.get(b"host"), headers.get(b"sec-fetch-site")):
            await problem(403, "Pages of this origin may not use the endpoint.", code="FORBIDDEN").send(send, more)
            return
        accept = accepted(headers.get(b"accept", ""))
        media = accept.json or JSON
        try:
            asked = await self._asked(scope, headers, receive)
            reply = await self._respond(scope, headers, asked, accept, receive, send, more)
        except ClientGone:
            return
        except BadRequest as error:
            reply = problem(400, str(error), media=media)
        except BodyRefused as error:
            reply = problem(error.status, str(error), media=media, headers=error.headers)
        except Exception as error:  # noqa: BLE001  # the edge of the process: logged and masked
            reply = _failed(error, media)
        if reply is not None:
            await reply.send(send, more)

    async def _asked(self, scope: Scope, headers: Mapping[bytes, str], receive: Receive) -> GraphQLRequest:
        if scope["method"] in {"GET", "HEAD"}:
            return of_parameters(scope["query_string"])
        if scope["method"] != "POST":
            raise BodyRefused(405, "Send GET or POST.", ((b"allow", b"GET, HEAD, POST"),))
        content_type = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        if content_type != JSON:
            raise BodyRefused(415, f"Send {JSON}.")
        return of_json(await read_body(receive, headers.get(b"content-length"), self._largest_body))

    async def _respond(
        self,
        scope: Scope,
        headers: Mapping[bytes, str],
        asked: GraphQLRequest,
        accept: Accepted,
        receive: Receive,
        send: Send,
        more: Headers,
    ) -> Reply | None:
        if accept.json is None and not accept.events:
            return problem(406, f"Accept {GRAPHQL}, {JSON} or {EVENT_STREAM}.")
        media = accept.json or JSON
        try:
            caller = await identify(
                self._process,
                headers.get(b"authorization"),
                client=headers.get(b"x-client"),
                ip=scope["client"][0] if scope.get("client") else None,
            )
        except InvalidToken as error:
            return told(401, {"errors": [failure(error)]}, media, ((b"www-authenticate", b"Bearer"),))
        try:
            asked = self._trusted.read(asked)
        except UnknownDocument:
            message = "No document is known by this id."
            return problem(_refusal(media), message, code="PERSISTED_QUERY_NOT_FOUND", media=media)
        except NotTrusted:
            message = "Only trusted documents are answered: name one by its documentId."
            return problem(_refusal(media), message, code="PERSISTED_QUERY_NOT_FOUND", media=media)
        document = self._documents.read(asked.query)
        kind = document.kind(asked.operation_name)
        wrong = _unanswerable(document, kind, scope["method"], accept, media)
        if wrong is not None:
            self._metrics.refused()
            return wrong
        if kind is OperationType.SUBSCRIPTION or accept.json is None:
            results = self._answers.follow(document, asked, caller)
            with self._metrics.streams.track_inprogress():
                await stream(results, caller, receive, send, more)
            return None
        return await self._answered(scope, headers, document, kind, asked, caller, media, receive)

    async def _answered(
        self,
        scope: Scope,
        headers: Mapping[bytes, str],
        document: Document,
        kind: OperationType | None,
        asked: GraphQLRequest,
        caller: Caller,
        media: str,
        receive: Receive,
    ) -> Reply | None:
        seconds = self._answers.timeout_seconds if kind is OperationType.QUERY else None
        async with Watched(receive, seconds) as watch:
            answer = await self._answers.answer(document, asked, caller)
        if watch.gone:
            return None
        self._metrics.answered(answer)
        status = 200 if answer.executed else _refusal(media)
        more = [*_timings(answer)] if self._development else []
        if scope["method"] == "GET" and asked.document_id is not None and answer.executed:
            tag = answer.tag()
            more += [(b"etag", tag), (b"cache-control", b"private, no-cache"), (b"vary", b"Authorization, Accept")]
            if tag in headers.get(b"if-none-match", "").encode("latin-1").replace(b" ", b"").split(b","):
                return Reply(304, b"", media, more)
        return Reply(status, answer.body, media, more)


def _unanswerable(
    document: Document, kind: OperationType | None, method: str, accept: Accepted, media: str
) -> Reply | None:
    if document.node is None:
        return told(_refusal(media), refused(document), media)
    if kind is None:
        message = "operationName must name one of the document's operations."
        return problem(_refusal(media), message, code="GRAPHQL_VALIDATION_FAILED", media=media)
    if kind is OperationType.SUBSCRIPTION and not accept.events:
        message = f"Subscriptions are followed over graphql-transport-ws, or with Accept: {EVENT_STREAM}."
        return problem(_refusal(media), message, media=media)
    if kind is OperationType.MUTATION and method != "POST":
        return problem(405, "Mutations are sent by POST.", media=media, headers=((b"allow", b"POST"),))
    return None


def _refusal(media: str) -> int:
    """Return the status of a request that was understood and not executed: plain JSON knows no other than 200."""
    return 400 if media == GRAPHQL else 200


def _failed(error: Exception, media: str) -> Reply:
    told_error = failure(error)
    code = told_error["extensions"]["code"]
    if isinstance(error, TooLarge):
        return told(_refusal(media), {"errors": [told_error]}, media)
    status = _STATUS.get(code, 500)
    headers: Headers = ()
    if isinstance(error, UnknownUser):
        return told(401, {"errors": [told_error]}, media, ((b"www-authenticate", b"Bearer"),))
    if isinstance(error, Throttled):
        headers = ((b"retry-after", b"%d" % error.retry_after),)
    elif status == 503:
        headers = ((b"retry-after", b"5"),)
    return told(status, {"errors": [told_error]}, media, headers)


def _timings(answer: Answer) -> list[tuple[bytes, bytes]]:
    told_seconds = ", ".join(f"{name};dur={seconds * 1000:.3f}" for name, seconds in answer.seconds.items())
    return [(b"server-timing", f"{answer.way};desc=path, {told_seconds}".encode())]
