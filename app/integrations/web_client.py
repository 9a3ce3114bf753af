"""The one HTTP client of a process, by which everything outside is called that speaks HTTP."""

from typing import Any

import httpx

from app.tracing.traces import Traces

_SECONDS = 10.0


class WebClient(httpx.AsyncClient):
    """A client whose calls are steps of traces, told of by method and host alone: paths and queries hold secrets."""

    def __init__(self, traces: Traces) -> None:
        super().__init__(timeout=_SECONDS)
        self._traces = traces

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """Send a request, which carries the trace on; the step ends when the answer begins."""
        url = request.url
        with self._traces.call(request.method, url.scheme, url.host, url.port) as step:
            request.headers.update(step.carried)
            answer = await super().send(request, **how)
            step.answered(answer.status_code)
        return answer
