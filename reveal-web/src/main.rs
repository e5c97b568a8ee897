//! `secure-secret-web`: serves the reveal flow and nothing else.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    reveal_web::main().await
}
