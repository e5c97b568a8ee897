//! `secure-secret-web`: serves the reveal flow and nothing else.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    reveal_web::main().await
}
