//! No core file of a process that holds keys and secrets, and no look into its memory by others of
//! its user.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// The system refused it.
#[derive(Debug, thiserror::Error)]
#[error(
    "core dumps can't be switched off ({0}): what confines the process (seccomp) must let it lower its \
     limits and make itself undumpable"
)]
pub struct StillDumpable(#[from] io::Error);

/// Switches core dumps off, for good. To be called before anything secret is read.
///
/// The limit alone would not do: Linux has none for dumps that it hands to a program
/// (`core_pattern` with a `|`), and the attribute also keeps debuggers of the same user and
/// `/proc/PID/mem` out. Source: <https://man7.org/linux/man-pages/man5/core.5.html>,
/// <https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html>.
pub fn forbid() -> Result<(), StillDumpable> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, nothing).map_err(io::Error::from)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(io::Error::from)?;
    }
    Ok(())
}
