use crate::rig::{ARN, Rig, least};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MANY: usize = 1000;

/// 1,000 projects, made in an order that is not that of their names; every third one is changed afterwards.
async fn many() -> (Rig, Vec<String>, Vec<String>) {
    let rig = Rig::new();
    let created: Vec<String> = (0..MANY).map(|index| format!("project-{:04}", index * 37 % MANY)).collect();
    for name in &created {
        rig.call("CreateProject", least(name)).await;
    }
    let (changed, not): (Vec<_>, Vec<_>) = created.iter().cloned().enumerate().partition(|(index, _)| index % 3 == 0);
    for (_, name) in &changed {
        rig.call("UpdateProject", json!({"name": name, "description": "changed"})).await;
    }
    let modified = not.into_iter().chain(changed).map(|(_, name)| name).collect();
    (rig, created, modified)
}

/// All pages of a listing.
async fn pages(rig: &Rig, operation: &str, member: &str, query: Value) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut query = query;
    loop {
        let page = rig.call(operation, query.clone()).await;
        pages.push(serde_json::from_value(page[member].clone()).unwrap());
        match page.get("nextToken") {
            Some(token) => query["nextToken"] = token.clone(),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn a_thousand_projects_come_in_pages_of_a_hundred_in_every_order() {
    let (rig, created, modified) = many().await;
    let mut by_name = created.clone();
    by_name.sort();
    for (sort_by, ascending) in [("NAME", by_name.clone()), ("CREATED_TIME", created), ("LAST_MODIFIED_TIME", modified)]
    {
        let descending: Vec<String> = ascending.iter().rev().cloned().collect();
        for (sort_order, expected) in [("ASCENDING", ascending), ("DESCENDING", descending)] {
            // The operation has no maxResults.
            let query = json!({"sortBy": sort_by, "sortOrder": sort_order, "maxResults": 7});
            let found = pages(&rig, "ListProjects", "projects", query).await;
            assert!(found.len() == 10 && found.iter().all(|page| page.len() == 100), "{sort_by} {sort_order}");
            assert_eq!(found.concat(), expected, "{sort_by} {sort_order}");
        }
    }
    assert_eq!(pages(&rig, "ListProjects", "projects", json!({})).await.concat(), by_name);
}

#[tokio::test]
async fn a_token_is_for_one_question() {
    let rig = Rig::new();
    for index in 0..101 {
        rig.create(&format!("p{index:03}")).await;
    }
    let page = rig.call("ListProjects", json!({"sortBy": "NAME", "sortOrder": "ASCENDING"})).await;
    let token = page["nextToken"].as_str().unwrap();
    // The same question in other words.
    assert_eq!(rig.call("ListProjects", json!({"nextToken": token})).await, json!({"projects": ["p100"]}));
    let cut = &token[..token.len() - 1];
    for (operation, query) in [
        ("ListProjects", json!({"nextToken": token, "sortOrder": "DESCENDING"})),
        ("ListProjects", json!({"nextToken": token, "sortBy": "CREATED_TIME"})),
        ("ListProjects", json!({"nextToken": cut})),
        ("ListProjects", json!({"nextToken": "möbius"})),
        ("ListProjects", json!({"nextToken": "p099"})),
        ("ListReportGroups", json!({"nextToken": token})),
        ("ListReports", json!({"nextToken": token})),
        ("ListSharedProjects", json!({"nextToken": token})),
        ("ListSharedReportGroups", json!({"nextToken": token})),
    ] {
        let (code, message) = rig.refused(operation, query.clone()).await;
        assert_eq!(code, "InvalidInputException", "{operation} {query}");
        assert!(message.starts_with("nextToken is not one that this listing gave"), "{message}");
    }
}

#[tokio::test]
async fn what_comes_and_goes_between_pages_hides_nothing_else() {
    let rig = Rig::new();
    for index in 0..150 {
        rig.create(&format!("p{index:03}")).await;
    }
    let first = rig.call("ListProjects", json!({})).await;
    for gone in ["p000", "p099", "p100"] {
        rig.call("DeleteProject", json!({"name": gone})).await;
    }
    rig.create("a-new-one").await;
    let second = rig.call("ListProjects", json!({"nextToken": first["nextToken"]})).await;
    let expected: Vec<String> = (101..150).map(|index| format!("p{index:03}")).collect();
    assert_eq!(second, json!({"projects": expected}));
}

#[tokio::test]
async fn report_groups_are_listed_by_arn_in_pages_as_long_as_asked() {
    let rig = Rig::new();
    for name in ["tests", "coverage", "more"] {
        let group = json!({"name": name, "type": "TEST", "exportConfig": {"exportConfigType": "NO_EXPORT"}});
        rig.call("CreateReportGroup", group).await;
    }
    let arn = |name: &str| format!("{ARN}:report-group/{name}");
    let found = pages(&rig, "ListReportGroups", "reportGroups", json!({"maxResults": 2})).await;
    assert_eq!(found, [vec![arn("coverage"), arn("more")], vec![arn("tests")]]);
    let newest_first = json!({"sortBy": "CREATED_TIME", "sortOrder": "DESCENDING"});
    let found = pages(&rig, "ListReportGroups", "reportGroups", newest_first).await;
    assert_eq!(found, [vec![arn("more"), arn("coverage"), arn("tests")]]);
}

#[tokio::test]
async fn the_curated_images_name_ours_and_codebuilds() {
    let output = Rig::new().call("ListCuratedEnvironmentImages", json!({})).await;
    let names: BTreeSet<&str> = output["platforms"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|platform| platform["languages"][0]["images"].as_array().unwrap())
        .map(|image| image["name"].as_str().unwrap())
        .collect();
    assert!(names.contains("buildyard/standard:1.0") && names.contains("aws/codebuild/standard:7.0"), "{names:?}");
    assert_eq!(names.len(), 13);
}
