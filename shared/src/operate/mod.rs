//! How the programs are run: settings, logging, start and end, and what operators can ask.

pub mod core_dumps;
pub mod doctor;
pub mod health;
pub mod lifecycle;
pub mod logging;
pub mod settings;
pub mod standing;
