"""A front of the blob service: what clients may ask for goes on to Azurite, or meets a fault."""

from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.simulated_azure.access.blobs import may_ask_of_blobs
from local.simulated_azure.azure import Azure
from local.simulated_azure.blob_pool import BlobPool
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.troubles import Trouble, serve_in_trouble

# Of one connection, not of the message.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}
# The storage service has words of its own.
NOT_ALLOWED = "This request is not authorized to perform this operation using this permission."
STORAGE_CODES = {429: "TooManyRequests", 500: "InternalError", 503: "ServerBusy", 504: "OperationTimedOut"}


class BlobFront:
    """The application; contents are passed on in one piece."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        content = await request.body()
        account_and_container = "/".join(request.url.path.split("/")[1:3])
        self._azure.requests.count(f"blobs of {account_and_container}", request.method)
        await serve_in_trouble(
            self._azure.faults.trouble(request.url.path, request.method),
            (scope, receive, send),
            lambda: _answer(self._azure, request, content),
            _refusal,
        )


async def _answer(azure: Azure, request: Request, content: bytes) -> Response:
    if may_ask_of_blobs(azure, request):
        return await _passed_on(azure.blobs, request, content)
    return _error(403, "AuthorizationPermissionMismatch", NOT_ALLOWED)


async def _passed_on(blobs: BlobPool, request: Request, content: bytes) -> Response:
    headers = [(name, value) for name, value in request.headers.items() if name not in {*HOP_BY_HOP, "host"}]
    address = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
    answer = await blobs.ask(request.method, address, content, headers)
    passed = Response(answer.content, answer.status_code)
    passed.raw_headers = [
        (name, value) for name, value in answer.headers.raw if name.decode().lower() not in HOP_BY_HOP
    ]
    # The length of an answer to HEAD is that of what GET would bring.
    if "content-length" not in answer.headers:
        passed.raw_headers.append((b"content-length", str(len(answer.content)).encode()))
    return passed


def _refusal(trouble: Trouble) -> Response:
    status = trouble.status or 500
    code = STORAGE_CODES.get(status, trouble.code)
    response = _error(status, code, trouble.message)
    if trouble.retry_after is not None:
        response.headers["Retry-After"] = f"{trouble.retry_after:g}"
    return response


def _error(status: int, code: str, message: str) -> Response:
    headers = {"x-ms-error-code": code, "x-ms-request-id": new_guid()}
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Response(f'<?xml version="1.0" encoding="utf-8"?>{error}', status, headers, "application/xml")
