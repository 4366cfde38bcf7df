#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| groupmembers_fuzz::run("access_token", data));
