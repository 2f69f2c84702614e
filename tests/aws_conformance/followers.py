"""A build's log read while it runs by a hundred followers at once; one asks and never reads its answer."""

import http.client
import os
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from checked import client

LINES, FOLLOWERS = 20_000, 100
pid = int(sys.argv[1])
codebuild = client("codebuild")
BUILDSPEC = f"""version: 0.2
phases:
  build:
    commands:
      - for n in $(seq 1 {LINES}); do echo "line $n"; [ $((n % 1000)) = 0 ] && sleep 0.2; done; true
"""


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def follow(stream, results, at):
    logs, token, lines = client("logs"), {}, []
    while True:
        try:
            page = logs.get_log_events(
                logGroupName="/aws/codebuild/follow", logStreamName=stream, startFromHead=True, **token
            )
        except logs.exceptions.ResourceNotFoundException:
            time.sleep(0.2)
            continue
        lines += [event["message"].rstrip("\n") for event in page["events"]]
        ended = page["nextForwardToken"] == token.get("nextToken") and not page["events"]
        token = {"nextToken": page["nextForwardToken"]}
        if ended and over.is_set():
            break
        if ended:
            time.sleep(0.5)
    results[at] = [line for line in lines if line.startswith("line ")]


def never_read(stream):
    """Sends a hundred questions and takes no answer."""
    url = os.environ["AWS_ENDPOINT_URL"]
    body = f'{{"logGroupName":"/aws/codebuild/follow","logStreamName":"{stream}","startFromHead":true}}'
    headers = {"X-Amz-Target": "Logs_20140328.GetLogEvents", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest(method="POST", url=url + "/", data=body, headers=headers)
    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(credentials, "logs", os.environ["AWS_REGION"]).add_auth(request)
    netloc = urlsplit(url)
    silent = socket.create_connection((netloc.hostname, netloc.port))
    silent.settimeout(1)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    text = f"POST / HTTP/1.1\r\nHost: {netloc.netloc}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    try:
        for _ in range(100):
            silent.sendall(text)
    except TimeoutError:
        pass
    return silent


codebuild.create_project(
    name="follow",
    source={"type": "NO_SOURCE", "buildspec": BUILDSPEC},
    artifacts={"type": "NO_ARTIFACTS"},
    environment={"type": "LINUX_CONTAINER", "image": "host", "computeType": "BUILD_GENERAL1_SMALL"},
    serviceRole="builds",
)
over = threading.Event()
build = codebuild.start_build(projectName="follow")["build"]["id"]
stream, results = build.split(":")[1], {}
before = memory()
threads = [threading.Thread(target=follow, args=(stream, results, at), daemon=True) for at in range(FOLLOWERS - 1)]
for thread in threads:
    thread.start()
silent = never_read(stream)
while not codebuild.batch_get_builds(ids=[build])["builds"][0]["buildComplete"]:
    time.sleep(0.2)
over.set()
for thread in threads:
    thread.join()
expected = [f"line {n}" for n in range(1, LINES + 1)]
assert len(results) == FOLLOWERS - 1
assert all(lines == expected for lines in results.values()), "a follower missed lines"
grown = memory() - before
assert grown < 96 * 1024, f"the coordinator grew by {grown} KiB"
silent.close()
print(f"{FOLLOWERS - 1} followers read {LINES} lines each, memory grew by {grown} KiB")
