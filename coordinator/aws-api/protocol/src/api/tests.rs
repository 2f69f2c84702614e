use super::*;
use serde_json::json;
use std::sync::LazyLock;

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    Shapes::parse(
        "operation Echo { name*: str 1.. } -> { name: str }\noperation Later {} -> {}\noperation Never {} -> {}",
    )
    .unwrap()
});

struct Echo;

impl Operation<()> for Echo {
    const NAME: &'static str = "Echo";
    type Input = Value;
    type Output = Value;

    async fn call((): &(), _: &Caller, input: Value) -> Result<Value, ApiError> {
        Ok(input)
    }
}

fn api() -> Api<()> {
    Api::new("toy", "Toy_1").with_shapes(&SHAPES, "InvalidInputException").with::<Echo>()
}

async fn ask(operation: &str, input: Value) -> Result<Value, ApiError> {
    api().without(&["Later"], "it comes later").answer(&(), &Caller::root("123456789012"), operation, input).await
}

#[tokio::test]
async fn an_input_is_checked_before_anything_is_done() {
    assert_eq!(ask("Echo", json!({ "name": "a" })).await, Ok(json!({ "name": "a" })));
    let error = ask("Echo", json!({ "name": "" })).await.unwrap_err();
    assert_eq!((&*error.code, error.status.as_u16()), ("InvalidInputException", 400));
    assert_eq!(ask("Echo", json!({ "name": 1 })).await.unwrap_err().code, "SerializationException");
}

#[tokio::test]
async fn an_operation_that_is_not_there_is_told_apart_from_one_that_never_was() {
    let error = ask("Later", json!({ "name": 1 })).await.unwrap_err();
    assert_eq!((&*error.code, error.status.as_u16()), ("UnknownOperationException", 404));
    assert!(error.message.contains("it comes later"), "{error}");
    assert_eq!(ask("Else", json!({})).await.unwrap_err().code, "UnknownOperationException");
}

#[tokio::test]
#[cfg(debug_assertions)]
async fn an_answer_that_breaks_its_shape_is_our_fault() {
    let error = ask("Echo", json!({ "name": "a", "secret": "b" })).await.unwrap_err();
    assert_eq!(error.code, "InternalFailure");
    assert!(error.message.ends_with("the model has no member 'secret'"), "{error}");
}

#[test]
fn gaps_are_what_is_forgotten_strange_or_double() {
    assert_eq!(api().names_in_shapes().collect::<Vec<_>>(), ["Echo", "Later", "Never"]);
    assert_eq!(api().without(&["Later", "Never"], "").gaps(), [""; 0]);
    assert_eq!(
        api().without(&["Echo", "Later", "Else"], "").gaps(),
        ["Else is not in the shapes of toy", "Never of toy is forgotten", "Echo is both supported and not"]
    );
}
