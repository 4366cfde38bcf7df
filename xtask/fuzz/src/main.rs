//! Writes the corpus that the fuzzer starts from: `groupmembers-fuzz DIR` makes `DIR/<target>/<seed>`.

use std::path::PathBuf;
use std::{fs, io};

fn main() -> io::Result<()> {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("which folder?"));
    };
    let mut written = 0;
    for seed in groupmembers_fuzz::seeds() {
        let folder = dir.join(&seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(&seed.name), &seed.bytes)?;
        written += 1;
    }
    println!("{written} seeds in {}", dir.display());
    Ok(())
}
