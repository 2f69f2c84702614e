"""Ten thousand malformed requests, each signed rightly: no 5xx, no hang, no growing memory, nothing changed."""

import http.client
import json
import os
import random
import sys
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from checked import client

COUNT = int(os.environ.get("MALFORMED", "10000"))
random.seed(20161006)
url = os.environ["AWS_ENDPOINT_URL"]
credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
operations = client("codebuild").meta.service_model.operation_names
pid = int(sys.argv[1])


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def anything(depth=0):
    choices = [
        lambda: None,
        lambda: random.choice([True, False]),
        lambda: random.choice([0, -1, 1 << 63, 1 << 64, 1e308, -0.0, 0.1]),
        lambda: random.choice(["", "a", "\u0000", "é" * 300, "arn:aws:codebuild:x:y:project/z", "$.x", "../../x"]),
        lambda: "x" * random.choice([1, 200, 70_000]),
    ]
    if depth < 5:
        choices += [
            lambda: [anything(depth + 1) for _ in range(random.randrange(4))],
            lambda: {member(): anything(depth + 1) for _ in range(random.randrange(5))},
        ]
    return random.choice(choices)()


def member():
    return random.choice([
        "name", "names", "id", "ids", "arn", "source", "artifacts", "environment", "serviceRole", "projectName", "type",
        "image", "computeType", "location", "tags", "key", "value", "nextToken", "sortOrder", "sortBy", "policy",
        "resourceArn", "token", "serverType", "authType", "environmentVariablesOverride", "timeoutInMinutes", "zzz",
    ])  # fmt: skip


def body():
    choice = random.random()
    if choice < 0.5:
        return json.dumps(anything()).encode()
    whole = json.dumps({member(): anything() for _ in range(4)}).encode()
    if choice < 0.7:
        return whole[: random.randrange(len(whole) + 1)]
    if choice < 0.9:
        broken = bytearray(whole or b"{}")
        for _ in range(3):
            broken[random.randrange(len(broken))] = random.randrange(256)
        return bytes(broken)
    return random.choice([b"[" * 5000, b'{"a":' * 5000, b"\xff\xfe", b"", b"null", b'"x"', random.randbytes(300)])


def request(connection):
    operation = random.choice([*operations, "No", "", "start_build", "StartBuild;", "é"])
    if random.random() < 0.3:
        path = f"/service/CodeBuild_20161006/operation/{operation or 'x'}".encode("ascii", "ignore").decode()
        headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    else:
        path = "/"
        target = random.choice(["CodeBuild_20161006.", "CodeBuild_20161006", "Logs_20140328.", "x.", ""])
        headers = {
            "X-Amz-Target": (target + operation).encode("ascii", "ignore").decode(),
            "Content-Type": random.choice(["application/x-amz-json-1.1"] * 5 + ["application/json", "text/plain"]),
        }
    signed = AWSRequest(method="POST", url=url + path, data=body(), headers=headers)
    SigV4Auth(credentials, "codebuild", os.environ["AWS_REGION"]).add_auth(signed)
    connection.request("POST", path, body=signed.data, headers=dict(signed.headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status


connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
before, seen = None, {}
for n in range(COUNT):
    try:
        status = request(connection)
    except (ConnectionError, http.client.HTTPException):
        # A server may hang up on what is no HTTP; the next connection must work.
        connection.close()
        status = request(connection)
    seen[status] = seen.get(status, 0) + 1
    assert status < 500, f"request {n}: {status}"
    if n == COUNT // 5:
        before = memory()
grown = memory() - before
assert grown < 32 * 1024, f"the coordinator grew by {grown} KiB"
print(f"{COUNT} malformed requests: {seen}, memory grew by {grown} KiB")
