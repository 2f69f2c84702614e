//! Fleets as CodeBuild's API makes and changes them.

use crate::testing::Rig;
use crate::{FleetRequest, Kind, Overrides, ProjectRequest, SortBy};
use buildyard_model::Fleet;
use buildyard_model::fleet::FleetStatusCode;
use serde_json::{Value, json};

fn request(members: Value) -> FleetRequest {
    let mut all = json!({
        "name": "linux", "baseCapacity": 1, "environmentType": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_MEDIUM",
    });
    let Value::Object(members) = members else { panic!("members are wanted") };
    all.as_object_mut().unwrap().extend(members);
    serde_json::from_value(all).unwrap()
}

fn scaling(most: i64, target: f64) -> Value {
    json!({
        "scalingType": "TARGET_TRACKING_SCALING", "maxCapacity": most,
        "targetTrackingScalingConfigs": [{ "metricType": "FLEET_UTILIZATION_RATE", "targetValue": target }],
    })
}

async fn made(rig: &Rig) -> Fleet {
    rig.service.create_fleet(request(json!({}))).await.unwrap()
}

fn project(fleet: &str) -> ProjectRequest {
    serde_json::from_value(json!({
        "name": "app", "source": { "type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {}" },
        "artifacts": { "type": "NO_ARTIFACTS" }, "serviceRole": "builds",
        "environment": {
            "type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL",
            "fleet": { "fleetArn": fleet },
        },
    }))
    .unwrap()
}

#[tokio::test]
async fn a_fleet_is_made_found_changed_and_listed() {
    let rig = Rig::start().await;
    let fleet = made(&rig).await;
    assert_eq!(fleet.arn, format!("arn:aws:codebuild:us-east-1:000000000000:fleet/linux:{}", fleet.id));
    assert_eq!(fleet.overflow_behavior.as_deref(), Some("QUEUE"));
    assert_eq!(rig.service.create_fleet(request(json!({}))).await.unwrap_err().kind, Kind::Conflict);
    let change = FleetRequest { base_capacity: Some(3), ..FleetRequest::default() };
    let changed = rig.service.update_fleet(&fleet.arn, change).await.unwrap();
    assert_eq!((changed.base_capacity, changed.compute_type.as_str()), (3, "BUILD_GENERAL1_MEDIUM"));
    assert_eq!(rig.service.fleet("linux").await.unwrap().unwrap().base_capacity, 3);
    let listed = rig.service.list_fleets(SortBy::Name).await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["linux"]);
    let other = fleet.arn.replace(&fleet.id, "00000000-0000-4000-8000-000000000000");
    assert_eq!(rig.service.fleet(&other).await.unwrap(), None, "another fleet of that name");
}

#[tokio::test]
async fn what_codebuild_refuses_is_refused() {
    let rig = Rig::start().await;
    let rows = [
        (json!({ "name": "-x" }), "fleet name \"-x\" is not valid"),
        (json!({ "name": "on-demand" }), "reserved"),
        (json!({ "baseCapacity": -1 }), "baseCapacity -1"),
        (json!({ "environmentType": "MAC_ARM" }), "MAC_ARM does not run here"),
        (json!({ "computeType": "BUILD_LAMBDA_1GB" }), "Invalid compute type provided: BUILD_LAMBDA_1GB"),
        (json!({ "computeType": "ATTRIBUTE_BASED_COMPUTE" }), "needs computeConfiguration.vCpu"),
        (json!({ "computeType": "CUSTOM_INSTANCE_TYPE" }), "needs computeConfiguration.instanceType"),
        (json!({ "computeConfiguration": { "vCpu": 2 } }), "goes with ATTRIBUTE_BASED_COMPUTE"),
        (json!({ "baseCapacity": 5, "scalingConfiguration": scaling(4, 50.0) }), "maxCapacity 4 is smaller"),
        (json!({ "scalingConfiguration": scaling(4, 0.0) }), "targetValue"),
        (json!({ "vpcConfig": { "vpcId": "vpc-1", "subnets": ["a", "b"] } }), "one subnet"),
        (json!({ "tags": [{ "key": "aws:x", "value": "" }] }), "reserved"),
    ];
    for (members, problem) in rows {
        let error = rig.service.create_fleet(request(members)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains(problem), "{problem}: {}", error.message);
    }
    assert_eq!(rig.service.list_fleets(SortBy::Name).await.unwrap(), []);
    let update = rig.service.update_fleet("linux", FleetRequest::default()).await.unwrap_err();
    assert!(update.message.contains("not the ARN of a fleet"), "{update}");
}

#[tokio::test]
async fn projects_and_builds_name_fleets_that_are_there() {
    let rig = Rig::start().await;
    let fleet = made(&rig).await;
    let unknown = fleet.arn.replace("linux", "other");
    let refused = rig.service.create_project(project(&unknown)).await.unwrap_err();
    assert_eq!(refused.message, format!("Fleet cannot be found: {unknown}"));
    rig.service.create_project(project(&fleet.arn)).await.unwrap();
    let name = "app".parse().unwrap();
    let started = rig.service.start_build(&name, Overrides::default(), "me", None).await.unwrap();
    let spec = rig.service.load(&started.view.id).await.unwrap().spec;
    assert_eq!(spec.fleet().unwrap().as_str(), "linux");
    assert_eq!(spec.environment.compute_type, buildyard_model::ComputeType::Medium, "the machine is the fleet's");
    let overrides: Overrides = serde_json::from_value(json!({ "fleetOverride": { "fleetArn": unknown } })).unwrap();
    assert!(rig.service.start_build(&name, overrides, "me", None).await.is_err());
}

#[tokio::test]
async fn a_fleet_that_is_to_go_takes_no_builds() {
    let rig = Rig::start().await;
    let fleet = made(&rig).await;
    rig.service.create_project(project(&fleet.arn)).await.unwrap();
    let name = "app".parse().unwrap();
    // The build keeps the fleet: nobody runs it.
    rig.service.start_build(&name, Overrides::default(), "me", None).await.unwrap();
    rig.service.delete_fleet(&fleet.arn).await.unwrap();
    let status = rig.service.fleet("linux").await.unwrap().unwrap().status;
    assert_eq!(status.status_code, FleetStatusCode::PendingDeletion);
    let refused = rig.service.start_build(&name, Overrides::default(), "me", None).await.unwrap_err();
    assert!(refused.message.contains("is being deleted"), "{refused}");
    assert!(rig.service.update_fleet(&fleet.arn, FleetRequest::default()).await.is_err());
    rig.service.delete_fleet(&fleet.arn.replace("linux", "other")).await.unwrap();
}
