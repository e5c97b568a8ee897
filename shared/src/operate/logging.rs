//! The log: what a program says on standard error, and what it never says.
//!
//! Other libraries' lines can quote what passes through them (a frame with a secret, a URL with a
//! ticket, a statement's values). So directives reach our own crates only; all others are capped,
//! and the worst are silent, whatever `RUST_LOG` says. Lines written through the `log` facade go
//! nowhere at all.

use std::{io, panic, thread, time::Instant};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    Layer, filter::FilterFn, fmt, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::operate::settings::{
    Directives, LogFormat, Problem, Reader,
    definitions::{LOG_FORMAT, RUST_LOG},
};

/// The crates whose lines follow the directives.
const OWN: [&str; 8] = [
    "bot",
    "migration",
    "panic",
    "reveal_web",
    "secure_secret_bot",
    "secure_secret_migrate",
    "secure_secret_web",
    "shared",
];

/// The crates that stay silent: they are known to print message bodies or addresses with tickets
/// even at their error level.
const SILENT: [&str; 3] = ["slack_morphism", "tokio_tungstenite", "tungstenite"];

/// What other crates may say at most.
const CAP: Level = Level::WARN;

/// How and what to log.
pub struct LogSettings {
    /// How lines are written.
    pub format: LogFormat,
    /// Which of our own lines are written.
    pub directives: Directives,
    /// Names that may be slips of settings, to be told as soon as there is a log.
    pub suspected: Vec<Problem>,
}

impl LogSettings {
    /// Reads `LOG_FORMAT` and `RUST_LOG`; `None` when the reader noted a mistake.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let format = reader.required(&LOG_FORMAT);
        let directives = reader.required(&RUST_LOG);
        Some(Self {
            format: format?,
            directives: directives?,
            suspected: reader.suspected().to_vec(),
        })
    }
}

/// Starts logging to standard error, and makes panics part of it.
pub fn init(settings: LogSettings) -> Result<(), AlreadyInitialized> {
    tracing_subscriber::registry()
        .with(lines(settings.format, settings.directives, io::stderr))
        .try_init()
        .map_err(|_| AlreadyInitialized)?;
    install_panic_hook();
    for name in settings.suspected {
        tracing::warn!(%name, "a name that looks like a setting's is passed over");
    }
    Ok(())
}

/// Logging was started before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("logging was started before")]
pub struct AlreadyInitialized;

/// A field's value: whole milliseconds since then.
#[must_use]
pub fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A panic's message can hold what the program held; only the place is logged.
fn install_panic_hook() {
    panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let thread = thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        tracing::error!(target: "panic", %place, thread, "a bug: the program panicked");
    }));
}

fn lines<S, W>(
    format: LogFormat,
    directives: Directives,
    writer: W,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    // A line that can't be written, to a full disk for example, is lost; told on standard error, as
    // is the default, it would be a panic when that is where it could not be written.
    let layer = fmt::layer().with_writer(writer).log_internal_errors(false);
    let layer = match format {
        LogFormat::Text => layer.with_ansi(false).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    layer
        .with_filter(FilterFn::new(may_be_written))
        .with_filter(directives.into_filter())
        .boxed()
}

fn may_be_written(metadata: &Metadata<'_>) -> bool {
    let crate_name = metadata.target().split("::").next().unwrap_or_default();
    if SILENT.contains(&crate_name) {
        return false;
    }
    OWN.contains(&crate_name) || *metadata.level() <= CAP
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(directives: &str, say: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let directives = Directives::parse(directives).unwrap();
        let layer = lines(LogFormat::Json, directives, move || writer.clone());
        with_default(tracing_subscriber::registry().with(layer), say);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    macro_rules! say_everything {
        ($($target:literal),*) => {$(
            tracing::trace!(target: $target, "trace-{}", $target);
            tracing::debug!(target: $target, "debug-{}", $target);
            tracing::info!(target: $target, "info-{}", $target);
            tracing::warn!(target: $target, "warn-{}", $target);
            tracing::error!(target: $target, "error-{}", $target);
        )*};
    }

    #[test]
    fn our_own_lines_follow_the_directives() {
        let text = written("info,shared::store=trace", || {
            say_everything!("shared::store", "shared::crypto");
        });
        assert!(text.contains("trace-shared::store"), "{text}");
        assert!(text.contains("info-shared::crypto"), "{text}");
        assert!(!text.contains("debug-shared::crypto"), "{text}");
    }

    #[test]
    fn no_directive_lifts_the_cap_on_others() {
        let text = written(
            "trace,hyper=trace,slack_morphism=trace,tungstenite=trace",
            || {
                say_everything!("hyper::proto", "sqlx::query", "some_future_crate", "poem");
                say_everything!(
                    "slack_morphism",
                    "tungstenite::protocol",
                    "tokio_tungstenite"
                );
            },
        );
        for level in [
            "trace-",
            "debug-",
            "info-",
            "error-slack",
            "error-tung",
            "error-tokio_t",
        ] {
            assert!(!text.contains(level), "{level} in {text}");
        }
        assert!(text.contains("warn-hyper::proto"), "{text}");
        assert!(text.contains("error-sqlx::query"), "{text}");
    }
}
