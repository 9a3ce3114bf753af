"""Documents that clients name instead of sending them: known beforehand, or sent once before."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from schema.execution.memory import Memory
from schema.execution.requests import GraphQLRequest

_MOST_SENT = 1000
_SENT_BYTES = 4 * 1024 * 1024


class DocumentRefused(Exception):
    """A request's document is not answered; `code` says in which way."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownDocument(DocumentRefused):
    """No document is known by this id; where there are `none` at all, clients better send theirs."""

    def __init__(self, *, none: bool) -> None:
        code = "PERSISTED_QUERY_NOT_SUPPORTED" if none else "PERSISTED_QUERY_NOT_FOUND"
        super().__init__("No document is known by this id.", code)


class NotTrusted(DocumentRefused):
    """Only trusted documents are answered."""

    def __init__(self) -> None:
        message = "Only trusted documents are answered: name one by its documentId."
        super().__init__(message, "PERSISTED_QUERY_NOT_FOUND")


class WrongHash(DocumentRefused):
    """A document came with the hash of another."""

    def __init__(self) -> None:
        message = "extensions.persistedQuery.sha256Hash must be the SHA-256 of query, in hexadecimal."
        super().__init__(message, "BAD_USER_INPUT")


class WrongManifest(Exception):
    """The file of trusted documents is none; the text says why."""


class TrustedDocuments:
    """Documents by their ids; every one goes by the SHA-256 of its text too.

    With `automatic` it also remembers, within bounds, what clients send with its hash.
    """

    def __init__(self, documents: Mapping[str, str], *, enforced: bool = False, automatic: bool = False) -> None:
        by_hash = {sha256(text.encode()).hexdigest(): text for text in documents.values()}
        self._texts = {**by_hash, **documents}
        self._trusted = frozenset(documents.values())
        self._enforced = enforced
        self._automatic = automatic and not enforced
        self._sent: Memory[str, str] = Memory(entries=_MOST_SENT, weight=_SENT_BYTES)

    def read(self, asked: GraphQLRequest) -> GraphQLRequest:
        """Return the request with the text of its document.

        Raises:
            UnknownDocument: it names a document that is not there.
            NotTrusted: it brings a document of its own, and only trusted ones are answered.
            WrongHash: it brings a document and the hash of another.
        """
        if asked.query:
            if self._enforced and asked.query not in self._trusted:
                raise NotTrusted
            if self._automatic and asked.sha256 is not None:
                self._remember(asked.query, asked.sha256)
            return asked
        named = asked.document_id or ""
        text = self._texts.get(named) or self._sent.get(named)
        if text is None:
            raise UnknownDocument(none=not (self._texts or self._automatic))
        return replace(asked, query=text)

    def _remember(self, text: str, named: str) -> None:
        # UTF-8 has no spelling for a lone half of a pair, nor has GraphQL.
        if sha256(text.encode(errors="replace")).hexdigest() != named.lower():
            raise WrongHash
        self._sent.put(named, text, len(text))


def load_trusted(path: Path | None, *, enforced: bool, automatic: bool = False) -> TrustedDocuments:
    """Return the documents of a folder, by their files' names, or of a JSON file.

    The file is an object of texts by ids, as Relay's compiler and others write it, or a manifest of Apollo's.
    Raises WrongManifest.
    """
    if path is None:
        return TrustedDocuments({}, automatic=automatic)
    if path.is_dir():
        found = {each.stem: each.read_text() for each in sorted(path.glob("*.graphql"))}
        return TrustedDocuments(found, enforced=enforced, automatic=automatic)
    try:
        manifest = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise WrongManifest(f"{path} is not valid JSON.") from error
    return TrustedDocuments(_documents(manifest, path), enforced=enforced, automatic=automatic)


def _documents(manifest: Any, path: Path) -> Mapping[str, str]:
    """Return the texts of a manifest by their ids. Raises WrongManifest."""
    match manifest:
        case {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [*operations]}:
            listed: dict[Any, Any] = {each.get("id"): each.get("body") for each in operations if isinstance(each, dict)}
            if len(listed) == len(operations) and _texts(listed):
                return listed
            raise WrongManifest(f"{path}: each of the operations must have an id of its own and a body.")
        case dict() if _texts(manifest):
            return manifest
    raise WrongManifest(f"{path} must be a JSON object of documents by their ids, or a manifest of Apollo's.")


def _texts(found: Mapping[Any, Any]) -> bool:
    return all(isinstance(name, str) and isinstance(text, str) for name, text in found.items())
