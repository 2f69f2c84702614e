//! A page of build ids, for the operations that list them. A page begins at a place in the order of submission, so
//! builds that come or go between two pages neither repeat nor hide another.

use super::failure::failure;
use crate::context::Context;
use buildyard_aws_protocol::{ApiError, Page, page_token, read_page_token};
use buildyard_model::ProjectName;
use buildyard_service::{IdQuery, Order};

/// Ids on a page (reference 12.1).
const PAGE: u32 = 100;

/// The page that `token` names, or the first. `sort_order` is ASCENDING or DESCENDING; newest first without one.
pub(crate) async fn page(
    context: &Context,
    operation: &str,
    project: Option<ProjectName>,
    sort_order: Option<&str>,
    token: Option<&str>,
) -> Result<Page<String>, ApiError> {
    let order = if sort_order == Some("ASCENDING") { Order::OldestFirst } else { Order::NewestFirst };
    let question = format!("{operation} {} {order:?}", project.as_ref().map_or("", ProjectName::as_str));
    let after = match token.filter(|token| !token.is_empty()) {
        Some(token) => {
            let place = read_page_token::<u64>(&question, token);
            Some(place.ok_or_else(|| ApiError::new("InvalidInputException", "Invalid nextToken provided"))?)
        }
        None => None,
    };
    let query = IdQuery { project, order, limit: PAGE + 1, after };
    let mut found = context.service.build_ids(&query).await.map_err(failure)?;
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let next_token = found.last().filter(|_| more).map(|(place, _)| page_token(&question, place));
    Ok(Page { items: found.into_iter().map(|(_, id)| id.to_string()).collect(), next_token })
}
