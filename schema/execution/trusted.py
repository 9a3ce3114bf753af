"""Trusted documents: texts known beforehand, which clients name instead of sending them."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import orjson

from schema.execution.requests import GraphQLRequest


class UnknownDocument(Exception):
    """No trusted document has this id."""


class NotTrusted(Exception):
    """Only trusted documents are answered."""


class WrongManifest(Exception):
    """The file of trusted documents is none; the text says why."""


class TrustedDocuments:
    """Documents by their ids; every one goes by the SHA-256 of its text too."""

    def __init__(self, documents: Mapping[str, str], *, enforced: bool) -> None:
        by_hash = {sha256(text.encode()).hexdigest(): text for text in documents.values()}
        self._texts = {**by_hash, **documents}
        self._trusted = frozenset(documents.values())
        self._enforced = enforced

    def read(self, asked: GraphQLRequest) -> GraphQLRequest:
        """Return the request with the text of its document.

        Raises:
            UnknownDocument: it names a document that is not there.
            NotTrusted: it brings a document of its own, and only trusted ones are answered.
        """
        if asked.query:
            if self._enforced and asked.query not in self._trusted:
                raise NotTrusted
            return asked
        text = self._texts.get(asked.document_id or "")
        if text is None:
            raise UnknownDocument
        return GraphQLRequest(
            query=text,
            variables=asked.variables,
            operation_name=asked.operation_name,
            document_id=asked.document_id,
        )


def load_trusted(path: Path | None, *, enforced: bool) -> TrustedDocuments:
    """Return the documents of a folder, by their files' names, or of a JSON file of texts by ids.

    Raises WrongManifest.
    """
    if path is None:
        return TrustedDocuments({}, enforced=False)
    if path.is_dir():
        found = {each.stem: each.read_text() for each in sorted(path.glob("*.graphql"))}
        return TrustedDocuments(found, enforced=enforced)
    try:
        manifest = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise WrongManifest(f"{path} is not valid JSON.") from error
    if not isinstance(manifest, dict) or not all(isinstance(each, str) for each in manifest.values()):
        raise WrongManifest(f"{path} must be a JSON object of documents by their ids.")
    return TrustedDocuments(manifest, enforced=enforced)
