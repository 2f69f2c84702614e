"""boto3 clients whose every answer is held against botocore's model of the service.

boto3 drops what it does not know and forgives what is missing. Here an unknown, missing or mistyped member of an answer
is an error of the server under test, and so is an error code that the operation's model does not name.
"""

import datetime
import io
import json
import os

import boto3
import botocore.model
from botocore.config import Config
from botocore.parsers import RpcV2CBORParser

CBOR = "smithy-rpc-v2-cbor"
if os.environ.get("PROTOCOL") == CBOR:
    # botocore itself takes JSON where a service has both.
    protocols = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = (CBOR, *(name for name in protocols if name != CBOR))

# Not in any model: what every AWS service may answer (reference 13).
COMMON_ERRORS = {
    "AccessDeniedException",
    "IncompleteSignature",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
}


class Violation(AssertionError):
    """An answer that breaks the model."""


def check(shape, value, place):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise Violation(f"{place}: {value!r} is no structure")
        for name, member in value.items():
            if name not in shape.members:
                raise Violation(f"{place}.{name} is not in the model")
            check(shape.members[name], member, f"{place}.{name}")
        for name in shape.required_members:
            if name not in value:
                raise Violation(f"{place}.{name} is required and missing")
    elif kind == "list":
        if not isinstance(value, list):
            raise Violation(f"{place}: {value!r} is no list")
        for at, member in enumerate(value):
            check(shape.member, member, f"{place}[{at}]")
    elif kind == "map":
        if not isinstance(value, dict):
            raise Violation(f"{place}: {value!r} is no map")
        for key, member in value.items():
            check(shape.key, key, f"{place} key")
            check(shape.value, member, f"{place}.{key}")
    elif kind in ("string", "blob"):
        if not isinstance(value, str):
            raise Violation(f"{place}: {value!r} is no text")
        if getattr(shape, "enum", None) and value not in shape.enum:
            raise Violation(f"{place}: {value!r} is none of {shape.enum}")
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Violation(f"{place}: {value!r} is no whole number")
    elif kind == "timestamp" and isinstance(value, datetime.datetime):
        # So it is in CBOR.
        pass
    elif kind in ("float", "double", "timestamp"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Violation(f"{place}: {value!r} is no number")
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise Violation(f"{place}: {value!r} is no truth value")
    else:
        raise Violation(f"{place}: the model says {kind}, which this check does not know")


def document(protocol, body):
    if protocol == CBOR:
        return RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}
    return json.loads(body or b"{}")


answered = {}


def client(service, **options):
    """A client of the server under test; `answered[service]` collects the operations that succeeded."""
    # Some operations would go to a host of their own.
    config = Config(inject_host_prefix=False, retries={"max_attempts": 0}, parameter_validation=options.pop("parameter_validation", True))
    made = boto3.client(service, config=config, region_name=os.environ["AWS_REGION"], **options)

    def hold(operation_model, response_dict, **_):
        place = f"{service}.{operation_model.name}"
        headers = {name.lower(): value for name, value in response_dict["headers"].items()}
        if "x-amzn-requestid" not in headers:
            raise Violation(f"{place}: the answer has no request id")
        status, body = response_dict["status_code"], document(protocol, response_dict["body"])
        if status >= 500:
            raise Violation(f"{place}: {status} {body}")
        if status >= 300:
            code = body["__type"].split("#")[-1].split(":")[0]
            known = {shape.name for shape in operation_model.error_shapes} | COMMON_ERRORS
            if code not in known:
                raise Violation(f"{place}: {code} is not an error of this operation")
            if not body.get("message"):
                raise Violation(f"{place}: {code} says nothing")
            return
        answered.setdefault(service, set()).add(operation_model.name)
        if operation_model.output_shape is None:
            if body:
                raise Violation(f"{place}: an answer where the model has none: {body}")
            return
        check(operation_model.output_shape, body, place)

    protocol = made.meta.service_model.resolved_protocol
    if protocol in ("json", CBOR):
        made.meta.events.register("before-parse", hold)
    return made
