#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| groupmembers_fuzz::run("agora_from_http", data));
