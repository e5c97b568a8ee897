//! Bodies of the one form.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reveal_web::fuzzing::form(data));
