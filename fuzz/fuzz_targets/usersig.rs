#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| groupmembers_fuzz::run("usersig", data));
