//! What no connection means, over real sockets of this machine.

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use groupmembers_http::reqwest_0_13::Reqwest;
use groupmembers_http::{Runtime as _, TransportError};

async fn fail(url: String) -> TransportError {
    let request = http::Request::post(format!("{url}/PLANTED?usersig=PLANTED")).body(Vec::new()).unwrap();
    // What a proxy says is not what the host says.
    let client = Reqwest::with_client(reqwest::Client::builder().no_proxy().build().unwrap());
    let Err(error) = client.send(request).await else { panic!("{url} answers") };
    let text = format!("{error} {error:?} {}", error.source().unwrap());
    assert!(!text.contains("PLANTED") && !text.contains("://"), "{text}");
    error
}

fn failure(error: &TransportError) -> String {
    format!("{:?}", error.failure())
}

#[tokio::test]
async fn a_port_nobody_listens_at_refuses() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = fail(format!("http://127.0.0.1:{port}")).await;
    assert_eq!((failure(&error), error.host()), ("Some(Refused)".to_owned(), Some("127.0.0.1")));
    assert!(error.source().unwrap().to_string().to_lowercase().contains("refused"), "the last cause is told");
}

#[tokio::test]
async fn a_name_that_cannot_be_is_not_resolved() {
    // RFC 6761 keeps `.invalid` from ever being one.
    let error = fail("https://host.invalid".to_owned()).await;
    assert_eq!((failure(&error), error.host()), ("Some(Dns)".to_owned(), Some("host.invalid")));
}

#[tokio::test]
async fn plain_text_is_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    assert_eq!(failure(&fail(format!("https://127.0.0.1:{port}")).await), "Some(Tls)");
}
