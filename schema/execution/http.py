"""GraphQL over HTTP: one request, one response, or one stream of events."""

import asyncio
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from types import MappingProxyType

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from app.auth.actors import UnknownUser
from app.auth.attendance import Attendance
from app.auth.claims import InvalidToken
from app.live.groups import Told
from app.metrics.figures import Figures
from resolvers.context import Process
from schema.execution.admission import Throttled
from schema.execution.answers import Answer, Answers
from schema.execution.bodies import BodyRefused, ClientGone, read_body
from schema.execution.callers import Caller, identify
from schema.execution.executing import refused
from schema.execution.failures import failure
from schema.execution.feeds import Feeds
from schema.execution.measuring import TooLarge
from schema.execution.negotiation import EVENT_STREAM, GRAPHQL, HTML, JSON, Accepted, accepted
from schema.execution.origins import Origins
from schema.execution.outbox import Channel
from schema.execution.preparing import Prepared, Requests, Sent
from schema.execution.requests import BadRequest, of_json, of_parameters
from schema.execution.responses import Headers, Reply, problem, told
from schema.execution.sse import stream
from schema.execution.traced import Traced
from schema.execution.trusted import DocumentRefused
from schema.execution.watching import Watch

_STATUS = MappingProxyType({"UNAVAILABLE": 503, "TIMEOUT": 504, "THROTTLED": 429, "FORBIDDEN": 403})
_JSON = JSON.encode()
# What a query may still take when the server is about to stop.
_LAST_SECONDS = 4.0


class HttpEndpoint:
    """Answers queries and mutations, and lets subscriptions be followed."""

    def __init__(
        self,
        process: Process,
        requests: Requests,
        answers: Answers,
        feeds: Feeds,
        attendance: Attendance,
        *,
        origins: Origins,
        figures: Figures,
        largest_body: int,
        development: bool,
        page: bytes | None = None,
    ) -> None:
        self._process = process
        self._requests = requests
        self._answers = answers
        self._feeds = feeds
        self._attendance = attendance
        self._origins = origins
        self._figures = figures
        self._largest_body = largest_body
        self._development = development
        self._page = page
        self._watch = Watch()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """End streams, so that their clients come again, and let queries have a little while yet."""
        self._ending.set()
        self._watch.hurry(_LAST_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        origin = _text(headers, b"origin")
        more = [*self._origins.headers(origin), (b"x-request-id", scope["request_id"].encode())]
        if origin is not None and scope["method"] == "OPTIONS":
            await Reply(204, b"").send(send, self._origins.preflight(origin))
            return
        if not self._origins.admits(origin, _text(headers, b"host"), _text(headers, b"sec-fetch-site")):
            await problem(403, "Pages of this origin may not use the endpoint.", code="FORBIDDEN").send(send, more)
            return
        if self._page is not None and _wants_page(scope, headers):
            await Reply(200, self._page, HTML).send(send, more)
            return
        accept = accepted(headers.get(b"accept", b""))
        media = accept.json or JSON
        try:
            sent = await self._sent(scope, headers, receive)
            reply = await self._respond(scope, headers, sent, accept, receive, send, more)
        except ClientGone:
            return
        except BadRequest as error:
            self._figures.refused.add("BAD_USER_INPUT")
            reply = problem(400, str(error), media=media)
        except BodyRefused as error:
            reply = problem(error.status, str(error), media=media, headers=error.headers)
        except DocumentRefused as error:
            self._figures.refused.add(error.code)
            reply = problem(_refusal(media), str(error), code=error.code, media=media)
        except Exception as error:  # noqa: BLE001  # the edge of the process: logged and masked
            reply = _failed(error, media, self._figures)
        if reply is not None:
            await reply.send(send, more)

    async def _sent(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Sent:
        method = scope["method"]
        if method == "POST":
            if headers.get(b"content-type") != _JSON and _media_of(headers) != JSON:
                raise BodyRefused(415, f"Send {JSON}.")
            return "body", await read_body(receive, headers.get(b"content-length"), self._largest_body)
        if method in {"GET", "HEAD"}:
            return "query string", scope["query_string"]
        raise BodyRefused(405, "Send GET or POST.", ((b"allow", b"GET, HEAD, POST"),))

    async def _respond(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        sent: Sent,
        accept: Accepted,
        receive: Receive,
        send: Send,
        more: Headers,
    ) -> Reply | None:
        prepared = self._requests.recognised(sent)
        if prepared is None:
            asked = of_json(sent[1]) if sent[0] == "body" else of_parameters(sent[1])
        if accept.json is None and not accept.events:
            return problem(406, f"Accept {GRAPHQL}, {JSON} or {EVENT_STREAM}.")
        media = accept.json or JSON
        client = scope.get("client")
        try:
            caller = await identify(
                self._process,
                _text(headers, b"authorization"),
                client=_text(headers, b"x-client"),
                ip=client[0] if client else None,
            )
        except InvalidToken as error:
            self._figures.refused.add("UNAUTHENTICATED")
            return told(401, {"errors": [failure(error)]}, media, ((b"www-authenticate", b"Bearer"),))
        if prepared is None:
            prepared = self._requests.prepare(asked, sent)
        kind = None if prepared.operation is None else prepared.operation.kind
        if kind is not OperationType.QUERY or accept.json is None:
            wrong = _unanswerable(prepared, kind, scope["method"], accept, media)
            if wrong is not None:
                self._figures.refused.add(prepared.document.code or "BAD_USER_INPUT")
                return wrong
            if kind is OperationType.SUBSCRIPTION or accept.json is None:
                # Once it has begun, a stream has no status of its own to refuse with.
                await caller.actor()
                self._figures.followed(prepared.name)
                with self._figures.streams:
                    follow = partial(self._follow, prepared, caller, _text(headers, b"last-event-id"))
                    await stream(follow, caller, self._attendance, self._ending, receive, send, more)
                return None
        with Traced(self._process.traces, prepared) as traced:
            async with self._watch.over(receive, self._seconds(kind)) as watched:
                answer = await self._answers.answer(prepared, caller)
            if watched.gone:
                return None
            traced.answered(answer)
        self._figures.answered(prepared.name, prepared.kind, answer.way, answer.code, answer.seconds)
        reply = Reply(200 if answer.executed else _refusal(media), answer.body, media)
        if self._development:
            reply.headers = _timings(answer)
        if scope["method"] == "GET" and prepared.asked.document_id is not None and answer.executed:
            return _tagged(reply, headers)
        return reply

    async def _follow(self, prepared: Prepared, caller: Caller, last: str | None, channel: Channel) -> None:
        """Fill a stream of events: with all that a subscription tells, or with the one answer of anything else."""
        if prepared.operation is not None and prepared.operation.kind is OperationType.SUBSCRIPTION:
            await self._feeds.follow(prepared, caller, channel, after=last or None)
            return
        with Traced(self._process.traces, prepared) as traced:
            async with asyncio.timeout(self._answers.timeout_seconds):
                answer = await self._answers.answer(prepared, caller)
            traced.answered(answer)
        await channel.send(Told(0, answer.body.decode()))

    def _seconds(self, kind: OperationType | None) -> float | None:
        return self._answers.timeout_seconds if kind is OperationType.QUERY else None


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _media_of(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()


def _wants_page(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether somebody opens the address in a browser."""
    return scope["method"] == "GET" and not scope["query_string"] and b"text/html" in headers.get(b"accept", b"")


def _tagged(reply: Reply, headers: Mapping[bytes, bytes]) -> Reply:
    """Return the reply with its ETag, or that the client has it already."""
    tag = b'"' + sha256(reply.body).hexdigest()[:32].encode() + b'"'
    reply.headers = [
        *reply.headers,
        (b"etag", tag),
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"Authorization, Accept"),
    ]
    if tag in headers.get(b"if-none-match", b"").replace(b" ", b"").split(b","):
        return Reply(304, b"", reply.media, reply.headers)
    return reply


def _unanswerable(
    prepared: Prepared, kind: OperationType | None, method: str, accept: Accepted, media: str
) -> Reply | None:
    if prepared.document.node is None:
        return told(_refusal(media), refused(prepared.document), media)
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


def _failed(error: Exception, media: str, figures: Figures) -> Reply:
    told_error = failure(error)
    code = told_error["extensions"]["code"]
    figures.refused.add(code)
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


def _timings(answer: Answer) -> Headers:
    since, parts = answer.began, []
    for name, over in answer.steps:
        parts.append(f"{name};dur={(over - since) * 1000:.3f}")
        since = over
    return [(b"server-timing", f"{answer.way};desc=path, {', '.join(parts)}".encode())]
