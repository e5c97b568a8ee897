//! Which installation this is: what all its bots share, and no other installation has.
//!
//! Two of them can come to share one Slack app, such as a test environment with production's
//! tokens. Slack then sends what somebody does in a dialog to either.

use std::fmt;

use sea_orm::{ConnectionTrait as _, Statement};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Database, StoreError};
use crate::domain::{base_url::PublicBaseUrl, ids::InstallationId};

/// What the fingerprint is of.
const LABEL: &[u8] = b"secure-secret installation v1\0";

/// Size in bytes of the fingerprint.
const FINGERPRINT: usize = 8;

/// What tells a dialog of this installation from another one's. Not secret: it stands in dialogs.
///
/// It is made of the database's identity and of `PUBLIC_BASE_URL`: a database that was restored
/// elsewhere has the same identity as the one that it was copied from, but its links lead
/// elsewhere. Keys are no part of it, as they are rotated while dialogs are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation(String);

impl Installation {
    /// The one with this database and this address.
    #[must_use]
    pub fn of(database: InstallationId, public_base_url: &PublicBaseUrl) -> Self {
        let mut hash = Sha256::new();
        hash.update(LABEL);
        hash.update(database.as_bytes());
        hash.update(public_base_url.join(""));
        let hash = hash.finalize();
        let hex = |byte: &u8| format!("{byte:02x}");
        Self(hash[..FINGERPRINT].iter().map(hex).collect())
    }

    /// As dialogs carry it: 16 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The database's identity, which the migration made.
pub async fn id(database: &Database) -> Result<InstallationId, StoreError> {
    let connection = database.connection();
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT id FROM installation WHERE one = 1",
    );
    let row = connection.query_one_raw(statement).await?;
    let row = row.ok_or(StoreError::Unreadable {
        column: "installation.id",
    })?;
    let id: Uuid = row.try_get_by_index(0)?;
    Ok(InstallationId::from_uuid(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_and_address_make_it() {
        let url = |text| PublicBaseUrl::parse(text).unwrap();
        let (one, other) = (InstallationId::generate(), InstallationId::generate());
        let here = url("https://secrets.example.org");
        let mark = Installation::of(one, &here);
        assert_eq!(
            mark,
            Installation::of(one, &url("https://secrets.example.org/"))
        );
        assert_eq!(mark.as_str().len(), 16);
        assert_ne!(mark, Installation::of(other, &here));
        // A copy of the database elsewhere.
        assert_ne!(
            mark,
            Installation::of(one, &url("https://secrets.test.example.org"))
        );
    }
}
