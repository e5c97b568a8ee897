//! What the documents say, held against what there is: links, commands, settings, messages,
//! quotations; and what the forge uses. Nothing has to run for it; commands are only asked for
//! their `--help`.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod commands;
mod configuration;
mod evidence;
mod faq;
mod generated;
mod help;
mod links;
mod markdown;
mod messages;
mod named_tests;
mod repository;
mod settings;
mod sources;
mod tokens;
mod trail;
mod widths;
mod workflows;
