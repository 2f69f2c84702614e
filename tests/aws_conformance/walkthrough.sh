#!/bin/sh
# README's walk through CodeBuild's API with the plain aws command: run in an empty folder, with credentials.env sourced.
set -eu

cat >buildspec.yml <<'YAML'
version: 0.2
phases:
  build:
    commands:
      - echo "built by $CODEBUILD_INITIATOR" | tee made.txt
artifacts:
  files: [made.txt]
YAML
python3 -m zipfile -c source.zip buildspec.yml

aws s3 mb s3://demo
aws s3 cp source.zip s3://demo/source.zip
aws codebuild create-project --name demo --service-role builds \
    --source type=S3,location=demo/source.zip \
    --artifacts type=S3,location=demo,name=out \
    --environment "type=LINUX_CONTAINER,image=${IMAGE:-buildyard/standard:1.0},computeType=BUILD_GENERAL1_SMALL" \
    --query project.arn --output text

id=$(aws codebuild start-build --project-name demo --query build.id --output text)
echo "started $id"
until [ "$(aws codebuild batch-get-builds --ids "$id" --query 'builds[0].buildComplete' --output text)" = True ]; do
    sleep 1
done
aws logs get-log-events --log-group-name /aws/codebuild/demo --log-stream-name "${id#*:}" --start-from-head \
    --query 'events[].message' --output text
aws codebuild batch-get-builds --ids "$id" --query 'builds[0].buildStatus' --output text
aws s3 cp s3://demo/out/made.txt made-by-the-fleet.txt
cat made-by-the-fleet.txt
