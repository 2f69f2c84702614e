//! A service: its operations by name, and those it is honest about not having.

use crate::{ApiError, Caller, Operation, Shapes};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

/// A service over the context `C`.
pub struct Api<C> {
    /// Its name in signatures and actions: `codebuild`.
    pub name: &'static str,
    /// What stands before the operation in `X-Amz-Target`: `CodeBuild_20161006`.
    pub target: &'static str,
    operations: BTreeMap<&'static str, Box<dyn Erased<C>>>,
    unsupported: BTreeMap<&'static str, &'static str>,
    shapes: Option<&'static Shapes>,
    /// The exception for inputs that break a constraint.
    invalid: &'static str,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>>;

/// An operation whose types nobody needs to know.
trait Erased<C>: Send + Sync {
    fn answer<'a>(&'a self, service: &'a str, context: &'a C, caller: &'a Caller, input: Value) -> Answer<'a>;
    fn cleared_by_empty(&self) -> &'static [&'static str];
}

struct Typed<O>(PhantomData<fn() -> O>);

impl<C: Send + Sync, O: Operation<C>> Erased<C> for Typed<O> {
    fn answer<'a>(&'a self, service: &'a str, context: &'a C, caller: &'a Caller, input: Value) -> Answer<'a> {
        Box::pin(async move {
            let input: O::Input =
                serde_json::from_value(input).map_err(|error| ApiError::serialization(error.to_string()))?;
            let action = format!("{service}:{}", O::NAME);
            for resource in O::resources(context, &input) {
                caller.permissions.check(&action, &resource)?;
            }
            let output = O::call(context, caller, input).await?;
            serde_json::to_value(output).map_err(|error| ApiError::internal(error.to_string()))
        })
    }

    fn cleared_by_empty(&self) -> &'static [&'static str] {
        O::CLEARED_BY_EMPTY
    }
}

impl<C: Send + Sync + 'static> Api<C> {
    /// Whether the service has an operation of that name, supported or not.
    pub fn knows(&self, operation: &str) -> bool {
        self.operations.contains_key(operation) || self.unsupported.contains_key(operation)
    }

    /// A service without operations.
    pub fn new(name: &'static str, target: &'static str) -> Self {
        let (operations, unsupported) = (BTreeMap::new(), BTreeMap::new());
        Self { name, target, operations, unsupported, shapes: None, invalid: "ValidationException" }
    }

    /// With shapes that inputs are held to, and the service's exception for those that break a constraint. Without
    /// shapes nothing is checked.
    #[must_use]
    pub fn with_shapes(self, shapes: &'static Shapes, invalid: &'static str) -> Self {
        Self { shapes: Some(shapes), invalid, ..self }
    }

    /// With one operation more.
    #[must_use]
    pub fn with<O: Operation<C>>(mut self) -> Self {
        self.operations.insert(O::NAME, Box::new(Typed::<O>(PhantomData)));
        self
    }

    /// With operations that are known and not there, and why.
    #[must_use]
    pub fn without(mut self, names: &[&'static str], why: &'static str) -> Self {
        self.unsupported.extend(names.iter().map(|name| (*name, why)));
        self
    }

    /// The operations that are there, by name.
    pub fn supported(&self) -> impl Iterator<Item = &'static str> {
        self.operations.keys().copied()
    }

    /// The operations that are not there, by name.
    pub fn unsupported(&self) -> impl Iterator<Item = &'static str> {
        self.unsupported.keys().copied()
    }

    /// The service's shapes.
    pub fn shapes(&self) -> Option<&'static Shapes> {
        self.shapes
    }

    /// All operations of the shapes, by name; what is supported and what is not are to be these together.
    pub fn names_in_shapes(&self) -> impl Iterator<Item = &'static str> {
        self.shapes.into_iter().flat_map(Shapes::operations)
    }

    /// What is wrong with the lists of operations, a sentence each: a name that the shapes do not have, or one that is
    /// both there and not there, or one of the shapes that was forgotten. For tests; a whole service has none.
    pub fn gaps(&self) -> Vec<String> {
        let shapes: BTreeSet<&str> = self.names_in_shapes().collect();
        let listed: BTreeSet<&str> = self.supported().chain(self.unsupported()).collect();
        let strange = listed.difference(&shapes).map(|name| format!("{name} is not in the shapes of {}", self.name));
        let forgotten = shapes.difference(&listed).map(|name| format!("{name} of {} is forgotten", self.name));
        let both = self.supported().filter(|name| self.unsupported.contains_key(name));
        strange.chain(forgotten).chain(both.map(|name| format!("{name} is both supported and not"))).collect()
    }

    /// Checks, authorises and does one operation. In debug builds the output is held to the shapes, too.
    ///
    /// # Errors
    /// In the service's own form.
    pub async fn answer(&self, context: &C, caller: &Caller, operation: &str, input: Value) -> Result<Value, ApiError> {
        let found = match (self.operations.get(operation), self.unsupported.get(operation)) {
            (Some(found), _) => found,
            (None, Some(why)) => {
                return Err(ApiError::unknown_operation(format!("{operation} is not supported: {why}")));
            }
            (None, None) => {
                return Err(ApiError::unknown_operation(format!("{} has no operation of this name", self.name)));
            }
        };
        if let Some(shapes) = self.shapes {
            let checked = without_clearing(&input, found.cleared_by_empty());
            shapes.check_input(operation, &checked).map_err(|broken| broken.into_error(self.invalid))?;
        }
        let output = found.answer(self.name, context, caller, input).await?;
        match self.shapes.filter(|_| cfg!(debug_assertions)).map(|shapes| shapes.check_output(operation, &output)) {
            Some(Err(broken)) => Err(ApiError::internal(format!("the answer breaks its shape: {broken}"))),
            Some(Ok(())) | None => Ok(output),
        }
    }
}

/// The input without the members that are empty to clear something.
fn without_clearing<'a>(input: &'a Value, members: &[&str]) -> Cow<'a, Value> {
    let clears = |name: &&&str| {
        input.get(**name).is_some_and(|value| match value {
            Value::Object(members) => members.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        })
    };
    let clearing: Vec<&str> = members.iter().filter(clears).copied().collect();
    if clearing.is_empty() {
        return Cow::Borrowed(input);
    }
    let mut checked = input.clone();
    if let Value::Object(members) = &mut checked {
        members.retain(|name, _| !clearing.contains(&name.as_str()));
    }
    Cow::Owned(checked)
}

impl<C> fmt::Debug for Api<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
