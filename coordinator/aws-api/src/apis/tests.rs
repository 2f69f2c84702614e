use super::*;
use crate::shapes::CODEBUILD;
use async_trait::async_trait;
use buildyard_aws_protocol::{Operation, cbor, recognise};
use http::Request;
use http_body_util::{Full, StreamBody};
use proptest::prelude::*;
use serde_json::json;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let names = ["Fail", "Panic", "Wait"].map(|name| format!("operation {name} {{}} -> {{}}\n"));
    let echo = "operation Echo { name*: str 1..5, at: time, raw: blob } -> { name: str, at: time, raw: blob }\n";
    Shapes::parse(&format!("{echo}{}", names.concat())).unwrap()
});

/// What operations of these tests work with.
#[derive(Debug, Clone, Default)]
struct Toy {
    go: Arc<Notify>,
    done: Arc<Notify>,
}

macro_rules! operation {
    ($name:ident, |$toy:ident, $input:ident| $body:expr) => {
        struct $name;
        impl Operation<Toy> for $name {
            const NAME: &'static str = stringify!($name);
            type Input = Value;
            type Output = Value;
            async fn call($toy: &Toy, _: &Caller, $input: Value) -> Result<Value, ApiError> {
                $body
            }
        }
    };
}

operation!(Echo, |_toy, input| Ok(input));
operation!(Fail, |_toy, _input| Err(ApiError::internal("the disk is full")));
operation!(Panic, |_toy, _input| panic!("an operation that breaks"));
operation!(Wait, |toy, input| {
    toy.go.notified().await;
    toy.done.notify_one();
    Ok(input)
});
operation!(CreateProject, |_toy, _input| Ok(json!({})));
operation!(StartBuild, |_toy, _input| Ok(json!({})));
operation!(UpdateFleet, |_toy, _input| Ok(json!({})));

/// Knows whoever says so, and keeps what it was asked.
#[derive(Debug, Default)]
struct Word {
    asked: Mutex<Vec<(&'static str, usize)>>,
}

#[async_trait]
impl Authenticator for Word {
    fn glance(&self, parts: &Parts, _service: &'static str) -> Result<(), ApiError> {
        match parts.headers.get("authorization") {
            Some(_) => Ok(()),
            None => Err(ApiError::new("MissingAuthenticationToken", "no").with_status(http::StatusCode::FORBIDDEN)),
        }
    }

    async fn authenticate(&self, _parts: &Parts, body: &[u8], service: &'static str) -> Result<Caller, ApiError> {
        self.asked.lock().unwrap().push((service, body.len()));
        Ok(Caller::root("123456789012"))
    }
}

fn door() -> (Arc<Apis<Toy>>, Toy, Arc<Word>) {
    let (toy, word) = (Toy::default(), Arc::new(Word::default()));
    let small = Api::new("toy", "Toy_1").with_shapes(&SHAPES, "ValidationException");
    let small = small.with::<Echo>().with::<Fail>().with::<Panic>().with::<Wait>();
    let real = Api::new("codebuild", "CodeBuild_20161006").with_shapes(&CODEBUILD, "InvalidInputException");
    let real = real.with::<CreateProject>().with::<StartBuild>().with::<UpdateFleet>();
    let authenticator: Arc<dyn Authenticator> = word.clone();
    (Arc::new(Apis::new(toy.clone(), authenticator, vec![small, real])), toy, word)
}

fn request(protocol: Protocol, target: &str, operation: &str) -> http::request::Builder {
    let builder = Request::builder().method("POST").header("authorization", "root");
    match protocol {
        Protocol::Json => builder.uri("/").header("x-amz-target", format!("{target}.{operation}")),
        Protocol::Cbor => {
            builder.uri(format!("/service/{target}/operation/{operation}")).header("smithy-protocol", "rpc-v2-cbor")
        }
        Protocol::Query => builder.uri("/").header("content-type", "application/x-www-form-urlencoded"),
    }
}

async fn send(apis: &Apis<Toy>, request: http::request::Builder, body: Vec<u8>) -> Response<Bytes> {
    let (parts, body) = request.body(Full::new(Bytes::from(body))).unwrap().into_parts();
    let call = recognise(&parts).unwrap().unwrap();
    apis.answer(call, parts, body, "id-1").await
}

fn read(protocol: Protocol, response: &Response<Bytes>) -> Value {
    let shape = SHAPES.output("Echo").filter(|_| response.status().is_success());
    protocol.decode(response.body(), shape).unwrap()
}

const BOTH: [Protocol; 2] = [Protocol::Json, Protocol::Cbor];

fn encoded(protocol: Protocol, value: &Value) -> Vec<u8> {
    match protocol {
        Protocol::Cbor => cbor::encode(value, SHAPES.input("Echo")),
        _ => value.to_string().into_bytes(),
    }
}

#[tokio::test]
async fn one_operation_serves_both_protocols() {
    let (apis, _, word) = door();
    for protocol in BOTH {
        let value = json!({ "name": "a", "at": 1_548_717_462.5, "raw": "AQI=" });
        let response = send(&apis, request(protocol, "Toy_1", "Echo"), encoded(protocol, &value)).await;
        assert_eq!((response.status().as_u16(), read(protocol, &response)), (200, value));
        assert_eq!(response.headers()["x-amzn-requestid"], "id-1");
    }
    assert!(word.asked.lock().unwrap().iter().all(|(service, _)| *service == "toy"));
}

#[tokio::test]
async fn bad_requests_are_told_in_their_own_protocol() {
    let (apis, ..) = door();
    for protocol in BOTH {
        for (target, operation, body, status, code) in [
            ("Toy_1", "Echo", encoded(protocol, &json!({})), 400, "ValidationException"),
            ("Toy_1", "Echo", Vec::new(), 400, "ValidationException"),
            ("Toy_1", "Echo", encoded(protocol, &json!({ "name": [] })), 400, "SerializationException"),
            ("Toy_1", "Echo", b"\xff\xff".to_vec(), 400, "SerializationException"),
            ("Toy_1", "Echo", encoded(protocol, &json!([])), 400, "SerializationException"),
            ("Toy_1", "Else", encoded(protocol, &json!({})), 404, "UnknownOperationException"),
            ("Toy_2", "Echo", encoded(protocol, &json!({})), 404, "UnknownOperationException"),
            ("Toy_1", "Fail", Vec::new(), 500, "InternalFailure"),
            ("Toy_1", "Panic", Vec::new(), 500, "InternalFailure"),
            ("Toy_1", "Echo", vec![b' '; 8 * 1024 * 1024 + 1], 413, "RequestEntityTooLargeException"),
        ] {
            let response = send(&apis, request(protocol, target, operation), body).await;
            let answer = read(protocol, &response);
            assert_eq!((response.status().as_u16(), &answer["__type"]), (status, &json!(code)), "{operation}");
            assert_eq!(response.headers()["x-amzn-requestid"], "id-1");
        }
    }
}

#[tokio::test]
async fn nothing_is_read_into_a_body_before_its_sender_is_known() {
    let (apis, _, word) = door();
    let mut stranger = request(Protocol::Json, "Toy_1", "Else");
    stranger.headers_mut().unwrap().remove("authorization");
    let response = send(&apis, stranger, b"no json".to_vec()).await;
    assert_eq!(response.status(), 403);
    assert_eq!(read(Protocol::Json, &response)["__type"], "MissingAuthenticationToken");
    assert_eq!(*word.asked.lock().unwrap(), [], "the body was not even taken in");
}

#[tokio::test]
async fn a_body_that_hides_its_length_or_breaks_off_is_refused() {
    type Frame = Result<hyper::body::Frame<Bytes>, std::io::Error>;
    let (apis, ..) = door();
    let chunk = || Ok(hyper::body::Frame::data(Bytes::from(vec![b' '; 1024 * 1024])));
    let endless: Vec<Frame> = (0..100).map(|_| chunk()).collect();
    let broken: Vec<Frame> = vec![chunk(), Err(std::io::Error::other("the body stalled"))];
    for (frames, code) in [(endless, "RequestEntityTooLargeException"), (broken, "IncompleteBody")] {
        let body = StreamBody::new(futures::stream::iter(frames));
        let (parts, body) = request(Protocol::Json, "Toy_1", "Echo").body(body).unwrap().into_parts();
        let call = recognise(&parts).unwrap().unwrap();
        let response = apis.answer(call, parts, body, "id-1").await;
        assert_eq!(read(Protocol::Json, &response)["__type"], code);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_cut_an_operation_in_half() {
    let (apis, toy, _) = door();
    let asked = tokio::spawn({
        let apis = apis.clone();
        async move { send(&apis, request(Protocol::Json, "Toy_1", "Wait"), Vec::new()).await }
    });
    // The operation waits for this; then it goes on without its client.
    while Arc::strong_count(&toy.go) < 3 {
        tokio::task::yield_now().await;
    }
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    toy.go.notify_one();
    timeout(Duration::from_secs(10), toy.done.notified()).await.unwrap();
}

#[tokio::test]
async fn sts_says_who_calls() {
    let (apis, _, word) = door();
    let form = b"Action=GetCallerIdentity&Version=2011-06-15".to_vec();
    let response = send(&apis, request(Protocol::Query, "", ""), form).await;
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert_eq!(response.status(), 200, "{text}");
    assert!(
        text.contains(
            "<GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:root</Arn>"
        ),
        "{text}"
    );
    assert_eq!(word.asked.lock().unwrap()[0].0, "sts");
    let address = "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=1";
    let get = Request::builder().method("GET").uri(address).header("authorization", "root");
    let by_address = send(&apis, get, Vec::new()).await;
    assert_eq!((by_address.status(), by_address.body()), (response.status(), response.body()));
    assert_eq!(word.asked.lock().unwrap()[1], ("sts", 0));
    let response = send(&apis, request(Protocol::Query, "", ""), b"Action=%3Cb%3E".to_vec()).await;
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(response.status() == 400 && text.contains("<Code>InvalidAction</Code>"), "{text}");
    assert!(text.contains("operation &lt;b&gt; for"), "{text}");
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let broken: Vec<Value> = ["CreateProject", "StartBuild", "UpdateFleet"]
        .iter()
        .flat_map(|name| CODEBUILD.broken(name).into_iter().map(|broken| broken.input))
        .collect();
    let near = proptest::sample::select(broken);
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..100),
        r#"\{[\[\]{}:,"\\a0-9e.nu -]{0,60}\}"#.prop_map(String::into_bytes),
        near.clone().prop_map(|value| value.to_string().into_bytes()),
        near.clone().prop_map(|value| cbor::encode(&value, None)),
        // One byte of a good or nearly good one changed.
        (near, any::<bool>(), any::<usize>(), any::<u8>()).prop_map(|(value, json, at, byte)| {
            let mut bytes = if json { value.to_string().into_bytes() } else { cbor::encode(&value, None) };
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn no_body_is_our_fault(
        body in bodies(),
        protocol in proptest::sample::select(BOTH.to_vec()),
        operation in proptest::sample::select(vec!["CreateProject", "StartBuild", "UpdateFleet"]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (apis, ..) = door();
        let response = runtime.block_on(send(&apis, request(protocol, "CodeBuild_20161006", operation), body));
        prop_assert!(response.status().as_u16() < 500, "{:?}", response);
        prop_assert!(protocol.decode(response.body(), None).is_ok());
    }
}
