//! The client's signature over time: cached, renewed before it expires, made once however many ask; and the backup host.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use groupmembers_http::simulation::Simulation;
use groupmembers_http::{Runtime as _, TransportError, TransportErrorKind};
use http::Response;
use tim_rest::get_online_member_num::Request;
use tim_rest::usersig::Claims;
use tim_rest::{Client, ClientBuilder, Credentials, Region};

const START: u64 = 1_700_000_000;

/// How often each signature came, and how often each host was asked.
#[derive(Default)]
struct Seen {
    signatures: BTreeMap<String, u32>,
    hosts: BTreeMap<String, u32>,
}

/// A server that verifies every signature at the moment it arrives, and cannot be reached at some hosts.
fn world(unreachable: &'static [&'static str]) -> (Arc<Simulation>, ClientBuilder, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (noted, credentials) = (seen.clone(), Credentials::new(7, "admin@中文", "key").unwrap());
    let expected = credentials.clone();
    let latency = (Duration::from_millis(10), Duration::from_millis(30));
    let server = move |request: &http::Request<Vec<u8>>, now: groupmembers_http::Now| {
        let host = request.uri().host().unwrap();
        *noted.lock().unwrap().hosts.entry(host.to_owned()).or_default() += 1;
        if unreachable.contains(&host) {
            return Err(TransportError::new(TransportErrorKind::Connect));
        }
        let query = request.uri().query().unwrap();
        let signature = query.split('&').find_map(|pair| pair.strip_prefix("usersig=")).unwrap();
        let verified = Claims::decode(signature).unwrap().verify(&expected, now.unix.as_secs());
        if now.unix.as_secs() >= Claims::decode(signature).unwrap().expires_at() {
            assert!(verified.is_err());
            let body = br#"{"ActionStatus":"FAIL","ErrorCode":70001,"ErrorInfo":"usersig expired"}"#.to_vec();
            let date = http::HeaderValue::from_static("Tue, 14 Nov 2023 22:13:20 GMT");
            let mut response = Response::new(body);
            response.headers_mut().insert("date", date);
            return Ok(response);
        }
        verified.unwrap();
        *noted.lock().unwrap().signatures.entry(signature.to_owned()).or_default() += 1;
        Ok(Response::new(br#"{"ActionStatus":"OK","ErrorCode":0,"OnlineMemberNum":1}"#.to_vec()))
    };
    let simulation = Simulation::new(1, Duration::from_secs(START), latency, Box::new(server));
    let builder = Client::builder(credentials).runtime(simulation.clone());
    (simulation, builder, seen)
}

#[test]
fn a_signature_is_made_once_and_renewed_before_it_expires() {
    let (simulation, builder, seen) = world(&[]);
    let client = builder.signature_lifetime(Duration::from_secs(1_000)).build().unwrap();
    let request = Request::new("g");
    simulation.run(async {
        for outcome in join_all((0..100).map(|_| client.execute(&request))).await {
            outcome.unwrap();
        }
    });
    assert_eq!(seen.lock().unwrap().signatures.len(), 1, "a hundred at once make one");
    simulation.run(async {
        for _ in 0..1_000 {
            client.execute(&request).await.unwrap();
            simulation.sleep(Duration::from_secs(10)).await;
        }
    });
    // Renewed after 80 to 90 % of their life.
    let made = seen.lock().unwrap().signatures.len();
    assert!((11..=13).contains(&made), "{made} signatures in 10,000 seconds");
}

#[test]
fn the_backup_host_is_asked_when_the_usual_one_cannot_be_reached() {
    let (simulation, builder, seen) = world(&["adminapisgp.im.qcloud.com"]);
    let client = builder.region(Region::Singapore).build().unwrap();
    simulation.run(client.execute(&Request::new("g"))).unwrap();
    let hosts = &seen.lock().unwrap().hosts;
    assert_eq!(hosts["adminapisgp.im.qcloud.com"], 1);
    assert_eq!(hosts["adminapisgp.my-imcloud.com"], 1);
}

#[test]
fn every_region_has_two_hosts_and_a_name() {
    let table: Vec<String> = Region::ALL
        .into_iter()
        .map(|region| {
            assert_eq!(region.name().parse::<Region>().unwrap(), region);
            format!("{} {} {}", region.name(), region.base_url(), region.backup_url())
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"));
    assert!("atlantis".parse::<Region>().unwrap_err().to_string().contains("frankfurt"));
}

#[test]
fn a_clock_that_is_days_behind_is_set_right_by_the_first_refusal() {
    let (simulation, builder, seen) = world(&[]);
    simulation.set_wall_clock(Box::new(|elapsed| Duration::from_secs(START - 3 * 86_400) + elapsed));
    let client = builder.build().unwrap();
    simulation.run(async {
        for _ in 0..3 {
            client.execute(&Request::new("g")).await.unwrap();
        }
    });
    assert_eq!(seen.lock().unwrap().hosts.values().sum::<u32>(), 4, "one refusal, and none after it");
    assert_eq!(seen.lock().unwrap().signatures.len(), 1);
}
