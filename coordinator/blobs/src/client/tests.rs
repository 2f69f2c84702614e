use super::*;
use crate::seam::{Error, Objects, Transfers};

fn settings(endpoint: &str) -> ClientSettings {
    ClientSettings {
        endpoint: Some(endpoint.to_owned()),
        region: "eu-west-1".into(),
        access_key: "key".into(),
        secret_key: Secret::new("secret"),
        force_path_style: true,
        prefix: Some("ours/".into()),
    }
}

#[tokio::test]
async fn presigned_urls_need_no_headers_and_carry_the_prefix() {
    let client = S3Client::new(&settings("http://127.0.0.1:9"));
    let url = client.presign_put("bucket", "a b+c", Duration::from_mins(1)).await.unwrap();
    assert!(url.starts_with("http://127.0.0.1:9/bucket/ours/a%20b%2Bc?"), "{url}");
    assert!(url.contains("X-Amz-SignedHeaders=host&"), "{url}");
    let parts = client.presign_parts("bucket", "k", "u", 2, Duration::from_mins(1)).await.unwrap();
    assert!(parts[1].contains("partNumber=2") && parts[1].contains("uploadId=u"), "{parts:?}");
    assert!(parts[1].contains("X-Amz-SignedHeaders=host&"), "{parts:?}");
}

#[tokio::test]
async fn storage_that_does_not_answer_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let got = S3Client::new(&settings(&endpoint)).get("bucket", "k").await;
    assert!(matches!(got, Err(Error::Unavailable(_))), "{got:?}");
}

#[test]
fn secrets_do_not_show_in_settings() {
    assert!(!format!("{:?}", settings("http://x")).contains("secret\""));
}
