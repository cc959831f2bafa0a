"""The protocol layer of pygls with five things done differently.

Document text is kept by `documents` alone. A request that cannot be read is answered with an error, where pygls lets
its client wait. A command ends when it is cancelled, where pygls only says so. What is done with is forgotten. Nothing
of a message is logged: messages hold source text.
"""

import inspect
import json
import logging
from collections.abc import Generator
from typing import Any  # JSON, and what pygls leaves open

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest, JsonRpcMethodNotFound
from pygls.protocol import LanguageServerProtocol, lsp_method

logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


class ReviewerProtocol(LanguageServerProtocol):
    """What the server speaks."""

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Generator[Any, Any, None]:
        """Hands the notification on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        """Hands the notification on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Generator[Any, Any, None]:
        """Hands the notification on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # pygls takes handlers of either kind
        self, params: types.ExecuteCommandParams
    ) -> Any:  # JSON
        """Runs a command as part of the request. Raises JsonRpcInvalidParams where there is none of this name."""
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(
                f"command: expected one of {', '.join(self.fm.commands)}, found {params.command!r}"
            )
        result = command(*(params.arguments or ()))
        return await result if inspect.isawaitable(result) else result

    def _check_handler_result(self, future: Any) -> None:
        """As pygls does, which keeps the future of every notification for ever."""
        if not future.cancelled():  # the end cancels all of them while it goes through them
            for msg_id in [one for one, kept in self._request_futures.items() if kept is future]:
                del self._request_futures[msg_id]
        super()._check_handler_result(future)

    def structure_message(self, data: dict[str, Any]) -> Any:  # as pygls has it
        """The typed message; a request that has no such type is answered here and now."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                is_known = self.get_message_type(data["method"]) is not None
                told = error if is_known else JsonRpcMethodNotFound.of(data["method"])
                self._send_response(data["id"], error=told.to_response_error())
            raise

    def handle_message(self, message: Any) -> None:  # as pygls has it
        """The message handled; before the server is initialized only what may come then."""
        if isinstance(message, dict) or not hasattr(message, "jsonrpc"):
            raise JsonRpcInvalidRequest(f"expected a JSON-RPC message, found {json.dumps(message)[:80]}")
        refusal = self._find_refusal(getattr(message, "method", ""))
        if refusal is None:
            super().handle_message(message)
        elif hasattr(message, "id"):
            self._send_response(message.id, error=refusal)

    def _find_refusal(self, method: str) -> types.ResponseError | None:
        """Why a message comes at the wrong time; None when it does not."""
        if method in ("", types.EXIT, types.CANCEL_REQUEST):
            return None
        if self._shutdown:
            return types.ResponseError(types.ErrorCodes.InvalidRequest.value, "expected exit after shutdown")
        if (self._workspace is None) != (method == types.INITIALIZE):
            return types.ResponseError(
                types.ErrorCodes.ServerNotInitialized.value, "expected initialize first, and once"
            )
        return None
