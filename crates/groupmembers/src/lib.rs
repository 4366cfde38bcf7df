#![cfg_attr(all(feature = "full", feature = "unified", feature = "rustls"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "full", feature = "unified", feature = "rustls")),
    doc = "Who is in this group? The clients of five Chinese IM vendors under one name, each behind a feature."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "agora")]
pub use agora_chat_rest as agora;
#[cfg(feature = "client")]
pub use groupmembers_http as http;
#[cfg(feature = "client")]
pub use groupmembers_http::{Completeness, Gap, Report};
#[cfg(feature = "unified")]
pub use groupmembers_unified as unified;
#[cfg(feature = "nim")]
pub use nim_server as nim;
#[cfg(feature = "tim")]
pub use tim_rest as tim;
#[cfg(feature = "wkteam")]
pub use wkteam_api as wkteam;
#[cfg(feature = "yunshop")]
pub use yunshop_wecom as yunshop;
