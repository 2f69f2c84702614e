//! `admin`: users, access keys and policies of the AWS endpoint. The client token is the owner's, so whoever has it may
//! do all of this.

mod key;
mod policy;
mod user;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::fleet::ConnectionArgs;
use crate::output::{Format, OutputArgs};
use clap::Subcommand;

/// Say who may use the AWS endpoint: users, access keys, policies.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLES: &str = "\
A user may do what the policies allow that are attached: those that come with Buildyard (AdministratorAccess,
CodeBuildDeveloperAccess, ReadOnlyAccess) and your own, JSON as IAM has it. Changes count at once.

Examples:
  buildyard admin user create ana
  buildyard admin attach ana CodeBuildDeveloperAccess
  buildyard admin key create ana --profile ana --write-profile
  aws --profile ana s3 ls
  buildyard admin policy put artifacts artifacts.json";

#[derive(Debug, Subcommand)]
enum Action {
    /// Create, list and delete users
    User(user::UserArgs),
    /// Create, list, switch and delete access keys
    Key(key::KeyArgs),
    /// Store, list, show and delete policies
    Policy(policy::PolicyArgs),
    /// Give a user a policy
    Attach(AttachArgs),
    /// Take a policy from a user
    Detach(AttachArgs),
}

#[derive(Debug, clap::Args)]
struct AttachArgs {
    /// The user's name
    #[arg(value_name = "USER")]
    user: String,
    /// The policy's name or ARN
    #[arg(value_name = "POLICY")]
    policy: String,
    #[command(flatten)]
    common: CommonArgs,
}

/// What every command of these takes.
#[derive(Debug, clap::Args)]
struct CommonArgs {
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl CommonArgs {
    fn is_json(&self) -> bool {
        self.output.output == Format::Json
    }
}

/// Does what is asked.
pub(crate) async fn execute(args: AdminArgs) -> Result<Exit, Failure> {
    match args.action {
        Action::User(args) => user::execute(args).await?,
        Action::Key(args) => key::execute(args).await?,
        Action::Policy(args) => policy::execute(args).await?,
        Action::Attach(args) => attach(args, true).await?,
        Action::Detach(args) => attach(args, false).await?,
    }
    Ok(Exit::Success)
}

async fn attach(args: AttachArgs, attach: bool) -> Result<(), Failure> {
    let user = args.common.connection.connect().await?.attach(&args.user, &args.policy, attach).await?;
    user::print(&args.common, std::slice::from_ref(&user))
}
