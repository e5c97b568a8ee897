//! Random faults under load, for a short while; `cargo xtask soak` does it for longer.

use std::time::Duration;

use e2e::{on_each_engine, soak};

/// Any number does; this one makes every run the same.
const SEED: u64 = 20_261_124;
const LENGTH: Duration = Duration::from_secs(30);

on_each_engine! {
    async fn nothing_is_lost_whatever_breaks(engine) {
        let counts = Box::pin(soak::run(engine, SEED, LENGTH)).await;
        for what in ["submission accepted", "secret stored", "secret opened", "message posted"] {
            assert!(counts.contains_key(what), "{what} in {counts:?}");
        }
    }
}
