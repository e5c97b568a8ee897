//! Many submissions at once; `cargo xtask bench` measures a thousand.

use e2e::{World, load, on_each_engine};

const MANY: usize = 300;

on_each_engine! {
    async fn none_of_many_is_lost(engine) {
        let world = World::start(engine).await;
        world.slack().connections(2).await;
        load::burst(&world, MANY).await;
        let stored = world.database.count("SELECT COUNT(*) FROM secrets").await;
        assert_eq!(stored, i64::try_from(MANY).unwrap());
        world.finish().await;
    }
}
