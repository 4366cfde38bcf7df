//! The reader of recorded exchanges, and answers' headers.

use groupmembers_http::replay::{parse_request, parse_response};
use groupmembers_http::{retry_after, server_time};

/// What is read as a message holds the body as it came.
pub(crate) fn reader(data: &[u8]) {
    if let Ok(request) = parse_request(data) {
        assert!(data.ends_with(request.body()));
        let _ = format!("{request:?}");
    }
    if let Ok(response) = parse_response(data) {
        assert!(data.ends_with(response.body()));
        if let Some(wish) = retry_after(response.headers()) {
            let _ = std::time::Instant::now() + wish + wish;
        }
        let _ = server_time(response.headers());
    }
}
