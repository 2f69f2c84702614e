"""Every operation that is served, at least once, with its answer held against the model; every paginator to its end."""

import json
import time

import boto3

import checked
from checked import client

codebuild, logs = client("codebuild"), client("logs")
ssm, secrets = client("ssm"), client("secretsmanager")

UNSUPPORTED = {
    "BatchGetBuildBatches", "BatchGetCommandExecutions", "BatchGetSandboxes",
    "CreateWebhook", "DeleteBuildBatch", "DeleteWebhook", "DescribeCodeCoverages", "DescribeTestCases",
    "GetReportGroupTrend", "ListBuildBatches", "ListBuildBatchesForProject", "ListCommandExecutionsForSandbox",
    "ListSandboxes", "ListSandboxesForProject", "RetryBuildBatch", "StartBuildBatch",
    "StartCommandExecution", "StartSandbox", "StartSandboxConnection", "StopBuildBatch", "StopSandbox",
    "UpdateWebhook",
}  # fmt: skip
# They are served and can't succeed while there are no reports.
NEVER_SUCCEED = set()


def project(name, buildspec="version: 0.2\nphases:\n  build:\n    commands: ['true']\n", **more):
    members = {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": buildspec},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "host", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": "builds",
    }
    return codebuild.create_project(**{**members, **more})["project"]


def finished(build_id):
    for _ in range(1200):
        build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
        if build["buildComplete"]:
            return build
        time.sleep(0.05)
    raise AssertionError(f"{build_id} does not end")


def walk(api, operation, **arguments):
    pages = list(api.get_paginator(operation).paginate(**arguments))
    assert "nextToken" not in pages[-1] and "NextToken" not in pages[-1]
    return pages


def projects():
    for n in range(120):
        project(f"many-{n:03}")
    names = [name for page in walk(codebuild, "list_projects") for name in page["projects"]]
    assert names == sorted(names) and len(names) >= 120
    by_time = walk(codebuild, "list_projects", sortBy="CREATED_TIME", sortOrder="DESCENDING")
    assert by_time[0]["projects"][0] == "many-119"
    arn = project("one", tags=[{"key": "team", "value": "a"}], badgeEnabled=True)["arn"]
    codebuild.update_project(name="one", description="changed")
    found = codebuild.batch_get_projects(names=["one", "none"])
    assert found["projects"][0]["description"] == "changed" and found["projectsNotFound"] == ["none"]
    codebuild.update_project_visibility(projectArn=arn, projectVisibility="PUBLIC_READ")
    codebuild.invalidate_project_cache(projectName="one")
    policy = json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": ["codebuild:BatchGetProjects"],
            "Resource": arn,
        }],
    })
    codebuild.put_resource_policy(policy=policy, resourceArn=arn)
    assert json.loads(codebuild.get_resource_policy(resourceArn=arn)["policy"]) == json.loads(policy)
    codebuild.delete_resource_policy(resourceArn=arn)
    walk(codebuild, "list_shared_projects")
    walk(codebuild, "list_shared_report_groups")
    codebuild.list_curated_environment_images()
    imported = codebuild.import_source_credentials(
        token="t", serverType="GITHUB", authType="PERSONAL_ACCESS_TOKEN"
    )["arn"]
    assert imported in [info["arn"] for info in codebuild.list_source_credentials()["sourceCredentialsInfos"]]
    codebuild.delete_source_credentials(arn=imported)
    codebuild.delete_project(name="many-000")


def reports():
    arn = codebuild.create_report_group(
        name="tests", type="TEST", exportConfig={"exportConfigType": "NO_EXPORT"}
    )["reportGroup"]["arn"]
    codebuild.update_report_group(arn=arn, tags=[{"key": "a", "value": "b"}])
    assert codebuild.batch_get_report_groups(reportGroupArns=[arn])["reportGroups"][0]["tags"]
    walk(codebuild, "list_report_groups")
    walk(codebuild, "list_reports")
    walk(codebuild, "list_reports_for_report_group", reportGroupArn=arn)
    report = arn.replace("report-group/", "report/") + ":11111111-1111-1111-1111-111111111111"
    assert codebuild.batch_get_reports(reportArns=[report])["reportsNotFound"] == [report]
    codebuild.delete_report(arn=report)
    codebuild.delete_report_group(arn=arn)


def fleets():
    fleet = codebuild.create_fleet(
        name="linux", baseCapacity=1, environmentType="LINUX_CONTAINER", computeType="BUILD_GENERAL1_SMALL",
        scalingConfiguration={
            "scalingType": "TARGET_TRACKING_SCALING", "maxCapacity": 4,
            "targetTrackingScalingConfigs": [{"metricType": "FLEET_UTILIZATION_RATE", "targetValue": 75.0}],
        },
        overflowBehavior="QUEUE", tags=[{"key": "a", "value": "b"}],
    )["fleet"]  # fmt: skip
    assert fleet["status"]["statusCode"] == "CREATING" and fleet["arn"].endswith(":fleet/linux:" + fleet["id"])
    codebuild.create_fleet(
        name="attributes", baseCapacity=1, environmentType="ARM_CONTAINER", computeType="ATTRIBUTE_BASED_COMPUTE",
        computeConfiguration={"vCpu": 4, "memory": 8}, overflowBehavior="ON_DEMAND",
        proxyConfiguration={
            "defaultBehavior": "DENY_ALL",
            "orderedProxyRules": [{"type": "DOMAIN", "effect": "ALLOW", "entities": ["example.com"]}],
        },
    )  # fmt: skip
    changed = codebuild.update_fleet(arn=fleet["arn"], baseCapacity=2)["fleet"]
    assert changed["baseCapacity"] == 2 and changed["computeType"] == "BUILD_GENERAL1_SMALL"
    found = codebuild.batch_get_fleets(names=["linux", "none", fleet["arn"]])
    assert [one["name"] for one in found["fleets"]] == ["linux", "linux"] and found["fleetsNotFound"] == ["none"]
    assert "desiredCapacity" in found["fleets"][0]["scalingConfiguration"]
    listed = codebuild.list_fleets(sortBy="NAME", sortOrder="DESCENDING", maxResults=1)
    assert listed["fleets"] == [fleet["arn"]]
    assert len(codebuild.list_fleets(nextToken=listed["nextToken"], sortBy="NAME", sortOrder="DESCENDING")["fleets"]) == 1
    try:
        project("fleetless", environment={
            "type": "LINUX_CONTAINER", "image": "host", "computeType": "BUILD_GENERAL1_SMALL",
            "fleet": {"fleetArn": fleet["arn"].replace("linux", "other")},
        })  # fmt: skip
        raise AssertionError("a project names a fleet that is not there")
    except codebuild.exceptions.InvalidInputException as error:
        assert "Fleet cannot be found" in str(error)
    codebuild.delete_fleet(arn=fleet["arn"])
    for _ in range(600):
        if codebuild.batch_get_fleets(names=["linux"])["fleetsNotFound"]:
            return
        time.sleep(0.05)
    raise AssertionError("a fleet without builds does not go")


def builds():
    started = [codebuild.start_build(projectName="one")["build"]["id"] for _ in range(130)]
    same = [codebuild.start_build(projectName="one", idempotencyToken="t")["build"]["id"] for _ in range(2)]
    assert same[0] == same[1]
    listed = [i for page in walk(codebuild, "list_builds_for_project", projectName="one") for i in page["ids"]]
    assert listed == [same[0], *reversed(started)], "newest first, each once"
    everywhere = [i for page in walk(codebuild, "list_builds") for i in page["ids"]]
    assert set(listed) <= set(everywhere)
    project("slow", "version: 0.2\nphases:\n  build:\n    commands: ['sleep 600']\n")
    slow = codebuild.start_build(projectName="slow")["build"]["id"]
    codebuild.stop_build(id=slow)
    assert finished(slow)["buildStatus"] == "STOPPED"
    again = codebuild.retry_build(id=slow)["build"]["id"]
    assert again != slow
    codebuild.stop_build(id=again)
    finished(again)
    ended = finished(started[0])
    assert ended["buildStatus"] == "SUCCEEDED", ended
    unknown = "one:00000000-0000-4000-8000-000000000000"
    codebuild.batch_get_builds(ids=[unknown])
    deleted = codebuild.batch_delete_builds(ids=[slow])
    assert deleted["buildsDeleted"] and codebuild.batch_get_builds(ids=[slow])["buildsNotFound"] == [slow]
    return ended


def log(build):
    group, stream = build["logs"]["groupName"], build["logs"]["streamName"]
    groups = [g["logGroupName"] for page in walk(logs, "describe_log_groups") for g in page["logGroups"]]
    assert group in groups
    streams = [
        s["logStreamName"]
        for page in walk(logs, "describe_log_streams", logGroupName=group)
        for s in page["logStreams"]
    ]
    assert stream in streams and len(streams) == len(set(streams))
    assert logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    found = [
        event
        for page in walk(
            logs, "filter_log_events", logGroupName=group, logStreamNames=[stream], filterPattern='"Phase complete"'
        )
        for event in page["events"]
    ]
    assert found and all("Phase complete" in event["message"] for event in found)


def parameters():
    for n in range(12):
        ssm.put_parameter(Name=f"/many/{n:02}", Value=str(n), Type="String")
    ssm.put_parameter(Name="/many/00", Value="again", Type="String", Overwrite=True)
    assert ssm.get_parameter(Name="/many/00")["Parameter"]["Version"] == 2
    assert ssm.get_parameters(Names=["/many/01", "/none"])["InvalidParameters"] == ["/none"]
    found = [p for page in walk(ssm, "get_parameters_by_path", Path="/many") for p in page["Parameters"]]
    assert len(found) == 12
    walk(ssm, "describe_parameters")
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/many/01", Tags=[{"Key": "a", "Value": "b"}])
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/many/01")["TagList"]
    ssm.delete_parameter(Name="/many/00")
    ssm.delete_parameters(Names=["/many/01", "/many/02"])


def stored_secrets():
    made = secrets.create_secret(Name="one", SecretString="first")
    second = secrets.put_secret_value(SecretId="one", SecretString="second")
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretString"] == "second"
    assert secrets.get_secret_value(SecretId="one", VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    secrets.update_secret_version_stage(
        SecretId="one", VersionStage="AWSCURRENT", MoveToVersionId=made["VersionId"],
        RemoveFromVersionId=second["VersionId"],
    )  # fmt: skip
    assert secrets.get_secret_value(SecretId="one")["SecretString"] == "first"
    secrets.update_secret(SecretId="one", Description="d")
    secrets.tag_resource(SecretId="one", Tags=[{"Key": "a", "Value": "b"}])
    secrets.untag_resource(SecretId="one", TagKeys=["a"])
    assert secrets.describe_secret(SecretId="one")["Description"] == "d"
    walk(secrets, "list_secrets")
    assert len(secrets.list_secret_version_ids(SecretId="one")["Versions"]) == 2
    secrets.delete_secret(SecretId="one")
    secrets.restore_secret(SecretId="one")


def unsupported():
    """They say so, in a form that clients understand."""
    for name in sorted(UNSUPPORTED):
        method = boto3.session.botocore.xform_name(name)
        api = client("codebuild", parameter_validation=False)
        try:
            getattr(api, method)()
            raise AssertionError(f"{name} answers")
        except api.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in ("UnknownOperationException", "InvalidInputException"), name


projects()
reports()
fleets()
build = builds()
log(build)
parameters()
stored_secrets()
unsupported()
served = set(codebuild.meta.service_model.operation_names) - UNSUPPORTED - NEVER_SUCCEED
missing = served - checked.answered["codebuild"]
assert not missing, f"never succeeded: {sorted(missing)}"
print("all operations answer as their models say")
