"""What calls of object stores are called in traces: by the stores' own words, as far as they have any."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

# Each is a service, and what makes it known as that to OpenTelemetry.
_SERVICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "s3": ("S3", {"rpc.system.name": "aws-api"}),
    "gs": ("CloudStorage", {"gcp.client.service": "storage"}),
    "az": ("BlobStorage", {"azure.resource_provider.namespace": "Microsoft.Storage"}),
}


class StoreMethod(StrEnum):
    """What an object store is asked to do; signing asks it only where nobody here has a key to sign with."""

    HEAD = "HeadObject"
    COPY = "CopyObject"
    GET = "GetObject"
    DELETE = "DeleteObjects"
    SIGN = "SignAddress"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreName:
    """A store as traces know it: the `scheme` of its address, and the bucket. Nothing that is kept in it is named."""

    scheme: str
    bucket: str

    def called(self, method: StoreMethod) -> str:
        """Return what a call is called: service and method."""
        return f"{_SERVICES[self.scheme][0]}.{method.value}"

    def about(self, method: StoreMethod) -> Mapping[str, str]:
        """Return what is told of a call."""
        service, known = _SERVICES[self.scheme]
        told = {**known, "rpc.method": f"{service}/{method.value}"}
        return told | {"aws.s3.bucket": self.bucket} if self.scheme == "s3" else told
