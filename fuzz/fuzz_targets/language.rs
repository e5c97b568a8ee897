//! `Accept-Language` headers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reveal_web::fuzzing::language(data));
