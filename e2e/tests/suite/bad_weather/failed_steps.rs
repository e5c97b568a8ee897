//! The courier's steps after a try that failed: given back, or given up.

use std::time::Duration;

use e2e::{Account, mysql_proxy::Watch};
use shared::store::{
    Database, FailureReason, StoreError,
    later::{self, Later, Refused},
    settle,
};

use super::{Weather, steps::Lane};

/// Receipts that are to go out now, and not only if nothing else happens.
const DUE_RECEIPTS: &str = "deliveries WHERE kind = 'sender_receipt' AND settled_at IS NULL \
     AND next_attempt_at <= CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

impl Lane {
    /// What was refused is given back with what is to be told of it, or is still leased.
    pub(super) async fn gives_back(&self, weather: &Weather, case: &str) -> Watch {
        self.create().await;
        let job = self.claim(&self.calm).await.unwrap().unwrap();
        let held = Later {
            after: Some(Duration::ZERO),
            refusal: Refused::With {
                code: "code_of_tests".to_owned(),
                held: true,
            },
            ..Later::default()
        };
        let watch = self.watch(weather);
        let given = later::give_back(&self.stormy, &job, &held).await;
        watch.is_at_rest().await;
        let back = self.count("deliveries WHERE held_since IS NOT NULL AND leased_until IS NULL");
        let (back, told) = (back.await, self.count(DUE_RECEIPTS).await);
        assert_eq!(back, told, "{case}");
        match given {
            Ok(()) => assert_eq!(back, 1, "{case}"),
            Err(StoreError::CommitUnknown) => {}
            Err(error) => assert!(back == 0 && error.is_passing(), "{case}: {error}"),
        }
        let passes = "UPDATE deliveries SET leased_until = 0 WHERE leased_until IS NOT NULL";
        self.database.run(Account::Migrate, passes).await.unwrap();
        while let Some(job) = self.claim(&self.calm).await.unwrap() {
            self.settle(&self.calm, &job).await.unwrap();
        }
        watch
    }

    /// What can never go out ends with its secret, and is told; or nothing of that.
    pub(super) async fn fails(&self, weather: &Weather, case: &str) -> Watch {
        let id = self.create().await.as_uuid().simple();
        let job = self.claim(&self.calm).await.unwrap().unwrap();
        let fail = async |store: &Database| {
            settle::failed(
                store,
                &job,
                FailureReason::UserNotFound,
                Some("user_not_found"),
            )
            .await
        };
        let watch = self.watch(weather);
        let failed = fail(&self.stormy).await;
        watch.is_at_rest().await;
        let ended = format!("secrets WHERE id = X'{id}' AND ciphertext IS NULL");
        let logged = format!("audit_events WHERE secret_id = X'{id}' AND event = 'dm_failed'");
        let settled = format!("deliveries WHERE secret_id = X'{id}' AND settled_at IS NOT NULL");
        let due = format!("{DUE_RECEIPTS} AND secret_id = X'{id}'");
        let mut done = Vec::new();
        for what in [&ended, &logged, &settled, &due] {
            done.push(self.count(what).await);
        }
        let is_done = done == [1; 4];
        assert!(is_done || done == [0; 4], "{case}: {done:?}");
        match failed {
            Ok(()) => assert!(is_done, "{case}"),
            Err(StoreError::CommitUnknown) => {}
            Err(error) => assert!(!is_done && error.is_passing(), "{case}: {error}"),
        }
        let again = fail(&self.calm).await;
        let expected = if is_done {
            Err(StoreError::Stale)
        } else {
            Ok(())
        };
        assert_eq!(again, expected, "{case}");
        self.clears(None, case).await;
        watch
    }
}
