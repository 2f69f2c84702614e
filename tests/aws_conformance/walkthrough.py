"""README's walk through the API with boto3: source, project, build, log as it grows, artifact."""

import io
import time
import zipfile

from checked import client

BUILDSPEC = """version: 0.2
env:
  parameter-store:
    GREETING: /app/greeting
  secrets-manager:
    PASSWORD: app/db:password
phases:
  build:
    commands:
      - for n in $(seq 1 200); do echo "line $n"; done
      - echo "$GREETING" | tr a-z A-Z
      - test "$PASSWORD" = "correct horse" && echo "the password is $PASSWORD"
      - echo made > made.txt
artifacts:
  files: [made.txt]
"""


def archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("buildspec.yml", BUILDSPEC)
    return packed.getvalue()


def main():
    s3, codebuild, logs = client("s3"), client("codebuild"), client("logs")
    assert client("sts").get_caller_identity()["Account"].isdigit()
    client("ssm").put_parameter(Name="/app/greeting", Value="hello", Type="SecureString")
    client("secretsmanager").create_secret(Name="app/db", SecretString='{"password": "correct horse"}')
    s3.create_bucket(Bucket="walk")
    s3.put_object(Bucket="walk", Key="source.zip", Body=archive())
    codebuild.create_project(
        name="walk",
        source={"type": "S3", "location": "walk/source.zip"},
        artifacts={"type": "S3", "location": "walk", "packaging": "ZIP", "name": "out.zip"},
        environment={"type": "LINUX_CONTAINER", "image": "host", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="builds",
    )
    build = codebuild.start_build(projectName="walk")["build"]
    assert build["buildStatus"] == "IN_PROGRESS" and build["buildNumber"] == 1, build
    events, ended = [], False
    token = {}
    while True:
        build = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
        ended = build["buildComplete"]
        try:
            page = logs.get_log_events(
                logGroupName="/aws/codebuild/walk",
                logStreamName=build["id"].split(":")[1],
                startFromHead=True,
                **token,
            )
        except logs.exceptions.ResourceNotFoundException:
            assert not ended, "a finished build has no log"
            time.sleep(0.05)
            continue
        events += page["events"]
        if page["nextForwardToken"] == token.get("nextToken") and not page["events"]:
            if ended:
                break
            time.sleep(0.05)
        token = {"nextToken": page["nextForwardToken"]}
    assert build["buildStatus"] == "SUCCEEDED", build
    lines = [event["message"].rstrip("\n") for event in events]
    assert [line for line in lines if line.startswith("line ")] == [f"line {n}" for n in range(1, 201)], lines
    assert "HELLO" in lines, lines
    assert "the password is ***" in lines and "correct horse" not in "\n".join(lines), lines
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    assert build["logs"]["groupName"] == "/aws/codebuild/walk", build["logs"]
    assert build["logs"]["streamName"] == build["id"].split(":")[1], build["logs"]
    stored = s3.get_object(Bucket="walk", Key="out.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(stored)) as file:
        assert file.read("made.txt") == b"made\n"
    phases = [phase["phaseType"] for phase in build["phases"]]
    assert phases[0] == "SUBMITTED" and phases[-1] == "COMPLETED", phases
    print("walked")


main()
