//! Members read and written, compared, and listed by every vendor's client.

mod diff;
mod reading;
#[cfg(all(
    feature = "agora",
    feature = "nim",
    feature = "tim",
    feature = "wkteam",
    feature = "yunshop",
    feature = "reqwest"
))]
mod sources;
mod timestamps;
