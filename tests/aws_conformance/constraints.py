"""For each operation: each required member left out and each limit, pattern and enumeration of the model broken. The
server must refuse with the service's own error, name the member, and change nothing."""

import copy

import boto3

from checked import client

# Where the model's constraint is wider than what a plausible value shows.
SERVICES = {
    "codebuild": {"InvalidInputException"},
    "ssm": {"ValidationException"},
    "secretsmanager": {"ValidationException", "InvalidParameterException"},
    "logs": {"InvalidParameterException"},
}
NOT_SERVED = {"UnknownOperationException"}


def sample(shape, seen=()):
    """A value that keeps the model's rules as far as they are written there."""
    if shape.name in seen:
        return None
    seen = (*seen, shape.name)
    if shape.type_name == "structure":
        return {name: sample(shape.members[name], seen) for name in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member, seen)] * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        if getattr(shape, "enum", None):
            return shape.enum[0]
        return "ab" + "c" * max(0, shape.metadata.get("min", 0) - 2)
    if shape.type_name in ("integer", "long", "float", "double"):
        return shape.metadata.get("min", 1)
    return {"boolean": True, "blob": b"x", "timestamp": 1}[shape.type_name]


def broken(shape, depth=0):
    """Values that break one rule of `shape` each."""
    rules = shape.metadata
    if shape.type_name == "string":
        if rules.get("min", 0) > 0:
            yield "a" * (rules["min"] - 1)
        if "max" in rules and rules["max"] < 100_000:
            yield "a" * (rules["max"] + 1)
        if getattr(shape, "enum", None):
            yield "NO_SUCH_VALUE"
    elif shape.type_name in ("integer", "long"):
        if "min" in rules:
            yield rules["min"] - 1
        if "max" in rules:
            yield rules["max"] + 1
    elif shape.type_name == "list":
        if rules.get("min", 0) > 0:
            yield [sample(shape.member)] * (rules["min"] - 1)
        if "max" in rules and rules["max"] <= 200:
            yield [sample(shape.member)] * (rules["max"] + 1)
        for value in broken(shape.member, depth + 1):
            yield [value]
    elif shape.type_name == "structure" and depth < 4:
        whole = sample(shape)
        for name in shape.required_members:
            yield {other: value for other, value in whole.items() if other != name}
        for name, member in shape.members.items():
            for value in broken(member, depth + 1):
                yield {**copy.deepcopy(whole), name: value}


count = 0
for service, codes in SERVICES.items():
    api = client(service, parameter_validation=False)
    for name in api.meta.service_model.operation_names:
        operation = api.meta.service_model.operation_model(name)
        if operation.input_shape is None:
            continue
        method = getattr(api, boto3.session.botocore.xform_name(name))
        for value in broken(operation.input_shape):
            try:
                method(**value)
            except api.exceptions.ClientError as error:
                code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
                if code in NOT_SERVED:
                    break
                # Both stand for none here, so that only the project is missed.
                clears = value.get("cache") == {} or value.get("encryptionKey") == ""
                if name == "UpdateProject" and clears and code == "ResourceNotFoundException":
                    continue
                if code not in codes or "validation error" not in message:
                    raise AssertionError(f"{service}.{name} {value}: {code}: {message}") from error
                count += 1
            else:
                raise AssertionError(f"{service}.{name} takes {str(value)[:300]}")
assert count > 500, count
assert not client("codebuild").list_projects()["projects"], "something was made"
print(f"{count} broken requests were refused")
