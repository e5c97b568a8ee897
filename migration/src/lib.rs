//! The tables and stored procedures of Secure Secret, and the accounts that may touch them.
//!
//! One set of migrations serves MySQL 8 and SQLite. Instants are BIGINT milliseconds since the Unix
//! epoch, UTC, because they compare alike on both; row ids are UUIDv7 in 16 bytes.

pub mod accounts;
mod columns;
pub mod doors;
mod m20261123_000001_secrets;
mod m20261123_000002_deliveries;
mod m20261123_000003_audit_events;
mod m20261124_000004_message_updates;
mod m20261124_000005_reuse;
mod m20261125_000006_key_rings;
mod m20261125_000007_repeats;
mod m20261125_000008_answers;
mod m20261126_000009_losses;
mod m20261126_000010_organization;
mod m20261126_000011_installations;
mod m20261126_000012_view_checks;
mod m20261126_000013_sender_language;
mod m20261127_000014_trail;
mod m20261127_000015_conflicts;
mod m20261128_000016_disputes;
mod m20261128_000017_links;
mod m20261128_000018_alerts;
mod m20261128_000019_reminders;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// Every migration in order.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_secrets::Migration),
            Box::new(m20261123_000002_deliveries::Migration),
            Box::new(m20261123_000003_audit_events::Migration),
            Box::new(m20261124_000004_message_updates::Migration),
            Box::new(m20261124_000005_reuse::Migration),
            Box::new(m20261125_000006_key_rings::Migration),
            Box::new(m20261125_000007_repeats::Migration),
            Box::new(m20261125_000008_answers::Migration),
            Box::new(m20261126_000009_losses::Migration),
            Box::new(m20261126_000010_organization::Migration),
            Box::new(m20261126_000011_installations::Migration),
            Box::new(m20261126_000012_view_checks::Migration),
            Box::new(m20261126_000013_sender_language::Migration),
            Box::new(m20261127_000014_trail::Migration),
            Box::new(m20261127_000015_conflicts::Migration),
            Box::new(m20261128_000016_disputes::Migration),
            Box::new(m20261128_000017_links::Migration),
            Box::new(m20261128_000018_alerts::Migration),
            Box::new(m20261128_000019_reminders::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_ask_for_the_last_migration() {
        let names: Vec<_> = Migrator::migrations()
            .iter()
            .map(|migration| migration.name().to_owned())
            .collect();
        assert_eq!(
            names.last().map(String::as_str),
            Some(shared::store::REQUIRED_MIGRATION)
        );
        assert!(names.is_sorted());
    }
}
