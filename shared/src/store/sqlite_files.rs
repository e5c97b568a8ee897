//! Who may read an SQLite database: its file is made for its owner alone, and looser ones are told.
//!
//! SQLite gives what it puts beside the file (write-ahead log, shared memory, journal) the rights
//! of the file itself. Source: `findCreateFileMode` in
//! <https://sqlite.org/src/file?name=src/os_unix.c>.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::store::database_url::DatabaseUrl;

/// Read and write for the owner, nothing for anybody else.
const OWNER_ALONE: u32 = 0o600;

/// What group and others may do.
const GROUP_AND_OTHERS: u32 = 0o077;

/// What SQLite puts behind the database's name for its other files.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Makes the file of a database that is to be created. One that is there stays as it is: whoever
/// loosened its rights may have had a reason.
pub(super) fn create(url: &DatabaseUrl) -> io::Result<()> {
    let Some(missing) = url.file_to_create() else {
        return Ok(());
    };
    // An umask only takes rights away from these.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(OWNER_ALONE)
        .open(missing)
        .map(drop)
}

/// The files of a database that others than their owner may read or change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooseFiles(Vec<PathBuf>);

impl LooseFiles {
    /// Looks; `None` where there are none, and for other engines.
    #[must_use]
    pub fn of(url: &DatabaseUrl) -> Option<Self> {
        let file = url.file()?;
        let file = fs::canonicalize(&file).unwrap_or(file);
        let all = BESIDE.into_iter().map(|ending| {
            let mut name = OsString::from(&file);
            name.push(ending);
            PathBuf::from(name)
        });
        let loose: Vec<_> = all.filter(|path| is_loose(path)).collect();
        (!loose.is_empty()).then_some(Self(loose))
    }

    /// What is wrong and what to do, for a terminal. The log has the same, with the files in a
    /// field.
    #[must_use]
    pub fn warning(&self) -> String {
        format!(
            "others than their owner can read or change the database's files {self}: chmod 600 them, and run all \
             programs as that owner"
        )
    }
}

/// As `chmod` takes them.
impl fmt::Display for LooseFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", path.display())?;
        }
        Ok(())
    }
}

fn is_loose(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & GROUP_AND_OTHERS != 0)
}
