//! Link tokens: what is taken is written in just one way.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reveal_web::fuzzing::token(data));
