//! Lines of `X-Forwarded-For`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reveal_web::fuzzing::forwarded(data));
