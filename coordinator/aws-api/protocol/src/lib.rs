//! AWS's wire protocols, without any service behind them: typed operations, their shapes, JSON 1.1 and RPC v2 CBOR,
//! errors, pages. Pure: bytes come in and go out; sockets, signatures and use cases are others'.

mod api;
mod caller;
pub mod cbor;
mod error;
pub mod json;
mod limits;
mod operation;
mod page;
pub mod query;
mod request;
mod shape;
mod wire;

pub use api::Api;
pub use caller::{Caller, Everything, Permissions};
pub use error::ApiError;
pub use operation::Operation;
pub use page::{Page, page_token, read_page_token};
pub use request::{Call, Refusal, recognise};
#[cfg(any(test, feature = "testing"))]
pub use shape::Broken;
pub use shape::{ParseError, Shape, Shapes, Violations};
pub use wire::Protocol;
