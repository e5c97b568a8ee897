//! How the statements are planned that the programs say, in a database that has grown.

use super::Row;
use crate::{Engine, plans};

/// MySQL's: SQLite plans by the indexes alone, as the end of every test sees.
#[expect(clippy::cast_precision_loss, reason = "counts")]
pub(super) async fn measure(engine: Engine, secrets: u64) -> Vec<Row> {
    if engine == Engine::Sqlite {
        return Vec::new();
    }
    let explained = plans::explain(secrets).await;
    let named = |what: &str| format!("{}, at {secrets} secrets: {what}", engine.name());
    let count = |what: &str, count: usize| Row::new(named(what), "", vec![count as f64]);
    let mut rows = vec![
        count("statements explained", explained.statements),
        count("that read too much", explained.faults.len()).at_most(0.0),
        count("of doors, never run", explained.unseen.len()).at_most(0.0),
    ];
    let faults = explained.faults.iter().chain(&explained.unseen);
    rows.extend(faults.map(|fault| Row::new(fault, "", vec![1.0]).at_most(0.0)));
    rows
}
