//! SSM as far as builds need it: the parameter store. One operation in a file, one line for it here.

mod add_tags_to_resource;
mod delete_parameter;
mod delete_parameters;
mod describe_parameters;
mod failure;
mod get_parameter;
mod get_parameters;
mod get_parameters_by_path;
mod list_tags_for_resource;
mod parameter;
mod put_parameter;
mod remove_tags_from_resource;
mod resource;
mod string_filter;

use crate::context::Context;
use crate::shapes;
use buildyard_aws_protocol::Api;

/// The service as far as it is there.
pub fn api() -> Api<Context> {
    Api::new("ssm", "AmazonSSM")
        .with_shapes(&shapes::SSM, "ValidationException")
        .with::<add_tags_to_resource::AddTagsToResource>()
        .with::<delete_parameter::DeleteParameter>()
        .with::<delete_parameters::DeleteParameters>()
        .with::<describe_parameters::DescribeParameters>()
        .with::<get_parameter::GetParameter>()
        .with::<get_parameters::GetParameters>()
        .with::<get_parameters_by_path::GetParametersByPath>()
        .with::<list_tags_for_resource::ListTagsForResource>()
        .with::<put_parameter::PutParameter>()
        .with::<remove_tags_from_resource::RemoveTagsFromResource>()
}

#[cfg(test)]
mod tests;
