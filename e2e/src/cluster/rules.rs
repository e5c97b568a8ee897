//! What has to hold on each server of a group.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait as _, Statement};
use shared::store::{Database, database_url::DatabaseUrl, doors, grants};

use super::group::{Group, MEMBERS};
use crate::{Account, World, connect, invariants};

/// Doors and rights of the programs' accounts, on each server.
pub async fn of_accounts(group: &Group, world: &World) -> Vec<String> {
    let mut broken = Vec::new();
    for at in 0..MEMBERS {
        for account in [Account::Bot, Account::Web] {
            let url = world.database.url_at(account, &group.ports[at..=at]);
            let url = DatabaseUrl::parse(&url).unwrap();
            let program = account.program();
            let store = Database::connect(&url, program).await.unwrap();
            let doors = doors::wrong(&store, program).await.unwrap();
            let rights = grants::differences(&store, program).await.unwrap();
            let is_right = doors == doors::Wrong::default()
                && rights.missing.is_empty()
                && rights.excessive.is_empty();
            if !is_right {
                broken.push(format!("server {at}, {account:?}: {doors:?}"));
            }
        }
    }
    broken
}

/// The rules that always hold, on each server; and that all of them have the same rows.
pub async fn of_rows(group: &Group, world: &World) -> Vec<String> {
    group.whole().await;
    let mut broken = Vec::new();
    let first = ends_at(group, world, 0).await;
    for at in 0..MEMBERS {
        let session = connect(
            &world
                .database
                .url_at(Account::Migrate, &group.ports[at..=at]),
        )
        .await;
        let rules = invariants::broken(&session, None).await;
        session.close().await.unwrap();
        broken.extend(rules.iter().map(|rule| format!("server {at}: {rule}")));
        if ends_at(group, world, at).await != first {
            broken.push(format!("server {at} has other ends than the first"));
        }
    }
    broken
}

/// How each secret ended, by its id; `lives` where it did not.
pub async fn ends(group: &Group, world: &World) -> HashMap<Vec<u8>, String> {
    ends_at(group, world, group.primary().await).await
}

async fn ends_at(group: &Group, world: &World, at: usize) -> HashMap<Vec<u8>, String> {
    let admin = connect(&group.servers[at].url()).await;
    let sql = format!(
        "SELECT id, COALESCE(destroy_reason, 'lives') FROM {}.secrets",
        world.database.name()
    );
    let statement = Statement::from_string(admin.get_database_backend(), sql);
    let rows = admin.query_all_raw(statement).await.unwrap();
    admin.close().await.unwrap();
    let end = |row: &sea_orm::QueryResult| {
        (
            row.try_get_by_index(0).unwrap(),
            row.try_get_by_index(1).unwrap(),
        )
    };
    rows.iter().map(end).collect()
}
