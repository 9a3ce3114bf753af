"""An S3 as the real one answers, as far as it is asked: signatures of headers and of addresses are checked."""

import asyncio
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from urllib.parse import parse_qsl, quote

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ACCESS, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
_LONGEST = timedelta(days=7)


class Unsigned(Exception):
    """The signature is missing, wrong, or over."""


@dataclass(slots=True)
class FakeS3:
    """Objects by path, and every request that was let in, by method and path."""

    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    port: int = 0
    away: bool = False
    # A bucket that is not there.
    missing: str | None = None
    # Closes the connection after so many bytes of what it was to give.
    breaks_off: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What its tools are told by, the credentials among it."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = await request.body()
        if self.away:
            await _error(503, "SlowDown")(scope, receive, send)
            return
        try:
            _check(request, body)
        except Unsigned as why:
            self.refused.append(str(why))
            await _error(403, "SignatureDoesNotMatch")(scope, receive, send)
            return
        path = request.url.path
        if self.missing is not None and path.split("/")[1] == self.missing:
            await _error(404, "NoSuchBucket")(scope, receive, send)
            return
        self.asked.append((request.method, path))
        answer = self._answer(request, path, body)
        if self.breaks_off is not None and request.method == "GET":
            answer.body = bytes(answer.body)[: self.breaks_off]
        await answer(scope, receive, send)

    def _answer(self, request: Request, path: str, body: bytes) -> Response:
        match request.method:
            case "PUT":
                source = request.headers.get("x-amz-copy-source")
                if source is not None:
                    wanted = "/" + source.lstrip("/")
                    if wanted not in self.objects:
                        return _error(404, "NoSuchKey")
                    self.objects[path] = self.objects[wanted]
                    return Response(f"<CopyObjectResult><ETag>{_tag(body)}</ETag></CopyObjectResult>")
                self.objects[path] = body
                return Response(headers={"ETag": _tag(body)})
            case "GET" | "HEAD" if path in self.objects:
                return self._given(request, self.objects[path])
            case "POST" if "delete" in request.query_params:
                keys = re.findall(r"<Key>([^<]+)</Key>", body.decode())
                for key in keys:
                    self.objects.pop(f"{path}/{key}", None)
                gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
                return Response(f"<DeleteResult>{gone}</DeleteResult>", media_type="application/xml")
            case _:
                return _error(404, "NoSuchKey")

    def _given(self, request: Request, content: bytes) -> Response:
        told = {"ETag": _tag(content), "Last-Modified": "Mon, 04 May 2026 08:00:00 GMT"}
        wanted = request.headers.get("range")
        if wanted is None:
            return Response(content, headers=told)
        start, _, end = wanted.removeprefix("bytes=").partition("-")
        last = min(int(end), len(content) - 1)
        told["Content-Range"] = f"bytes {start}-{last}/{len(content)}"
        return Response(content[int(start) : last + 1], status_code=206, headers=told)


def _check(request: Request, body: bytes) -> None:
    """Check a signature of version 4, in the header or in the address. Raises Unsigned."""
    query = parse_qsl(request.url.query, keep_blank_values=True)
    told = dict(query)
    if "X-Amz-Signature" in told:
        moment, signature = told["X-Amz-Date"], told["X-Amz-Signature"]
        scope, signed = told["X-Amz-Credential"], told["X-Amz-SignedHeaders"]
        began = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lasts = timedelta(seconds=int(told["X-Amz-Expires"]))
        if not timedelta() < lasts <= _LONGEST or datetime.now(UTC) > began + lasts:
            raise Unsigned("it is over")
        hashed = "UNSIGNED-PAYLOAD"
    else:
        parts = dict(
            each.strip().split("=", 1)
            for each in request.headers.get("authorization", "").partition(" ")[2].split(",")
            if each
        )
        if not {"Credential", "SignedHeaders", "Signature"} <= set(parts):
            raise Unsigned("there is none")
        moment, signature = request.headers["x-amz-date"], parts["Signature"]
        scope, signed = parts["Credential"], parts["SignedHeaders"]
        hashed = request.headers["x-amz-content-sha256"]
        if hashed not in {"UNSIGNED-PAYLOAD", sha256(body).hexdigest()}:
            raise Unsigned("the body is another")
    wanted = _signature(request, query, moment, scope, signed, hashed)
    if not hmac.compare_digest(wanted, signature):
        raise Unsigned("it is another")


def _signature(
    request: Request, query: list[tuple[str, str]], moment: str, scope: str, signed: str, hashed: str
) -> str:
    access, day, region, service, end = scope.split("/")
    if (access, region, service, end) != (ACCESS, REGION, "s3", "aws4_request"):
        raise Unsigned("it is for something else")
    pairs = sorted(
        (quote(name, safe="~"), quote(value, safe="~")) for name, value in query if name != "X-Amz-Signature"
    )
    names = signed.split(";")
    if "host" not in names:
        raise Unsigned("the host is not signed")
    canonical = "\n".join(
        (
            request.method,
            quote(request.url.path, safe="/~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
            "",
            signed,
            hashed,
        )
    )
    text = "\n".join(
        ("AWS4-HMAC-SHA256", moment, f"{day}/{region}/{service}/{end}", sha256(canonical.encode()).hexdigest())
    )
    key = f"AWS4{SECRET}".encode()
    for each in (day, region, service, end, text):
        key = hmac.digest(key, each.encode(), sha256)
    return key.hex()


def _tag(content: bytes) -> str:
    return f'"{md5(content, usedforsecurity=False).hexdigest()}"'


def _error(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code></Error>", status_code=status, media_type="application/xml")


@asynccontextmanager
async def fake_s3() -> AsyncIterator[FakeS3]:
    """Serve on a free port of the loopback for the block."""
    fake = FakeS3()
    server = uvicorn.Server(uvicorn.Config(fake, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110  # the library has no event for it
            await asyncio.sleep(0.01)
        fake.port = server.servers[0].sockets[0].getsockname()[1]
        yield fake
    finally:
        server.should_exit = True
        await task
