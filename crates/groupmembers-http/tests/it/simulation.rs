//! The simulated world itself: what its network and its clocks do is what was asked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupmembers_http::simulation::{Arrival, Simulation, Trip};
use groupmembers_http::{Runtime as _, TransportErrorKind};
use http::{Request, Response};

const MS: Duration = Duration::from_millis(1);

/// When requests arrived, what the client heard, and the world.
type Sent = (Vec<(Duration, Arrival)>, Option<Result<(), TransportErrorKind>>, Arc<Simulation>);

/// Sends one request through this network; the arrivals at the server, with what it knows of each.
fn send(trip: Trip, patience: Duration) -> Sent {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&arrivals);
    let simulation = Simulation::new(
        1,
        Duration::from_secs(1_000),
        (MS, MS),
        Box::new(move |request, now| {
            log.lock().unwrap().push((now.elapsed, *request.extensions().get::<Arrival>().unwrap()));
            Ok(Response::new(Vec::new()))
        }),
    );
    simulation.set_network(Box::new(move |_, _| trip));
    let heard = simulation.run(async {
        let answer = simulation.send(Request::new(Vec::new()));
        let heard = futures_util::future::select(answer, simulation.sleep(patience)).await;
        let heard = match heard {
            futures_util::future::Either::Left((answer, _)) => Some(answer.map(drop).map_err(|error| error.kind())),
            futures_util::future::Either::Right(_) => None,
        };
        // What is still on its way arrives.
        simulation.sleep(Duration::from_secs(60)).await;
        heard
    });
    let arrivals = arrivals.lock().unwrap().clone();
    (arrivals, heard, simulation)
}

#[test]
fn requests_travel_as_their_network_says() {
    let usual = Trip { there: Some(10 * MS), again: None, back: Some(30 * MS), error: None };
    let (arrivals, heard, simulation) = send(usual, Duration::from_secs(1));
    let arrival = Arrival { sent: Duration::ZERO, again: false, heard: Some(40 * MS) };
    assert_eq!((arrivals, heard, simulation.most_in_flight()), (vec![(10 * MS, arrival)], Some(Ok(())), 1));

    let (arrivals, heard, _) = send(Trip { again: Some(5 * MS), ..usual }, Duration::from_secs(1));
    assert_eq!((arrivals.len(), arrivals[1].0, arrivals[1].1.again), (2, 15 * MS, true));
    assert_eq!(heard, Some(Ok(())), "the first answer is heard");

    let (arrivals, heard, _) = send(Trip { back: None, ..usual }, Duration::from_secs(1));
    assert_eq!((arrivals.len(), arrivals[0].1.heard, heard), (1, None, None), "it arrived, and nothing came back");

    let (arrivals, heard, _) = send(usual, 5 * MS);
    assert_eq!((arrivals.len(), heard), (1, None), "what is given up arrives all the same");

    let broken = Trip { error: Some(TransportErrorKind::Body), ..usual };
    let (arrivals, heard, _) = send(broken, Duration::from_secs(1));
    assert_eq!((arrivals[0].1.heard, heard), (None, Some(Err(TransportErrorKind::Body))));

    let (arrivals, heard, _) = send(Trip { there: None, ..usual }, Duration::from_secs(1));
    assert_eq!((arrivals.len(), heard), (0, Some(Err(TransportErrorKind::Connect))));
}

#[test]
fn the_client_s_wall_clock_may_be_wrong_and_the_server_s_is_not() {
    let seen = Arc::new(Mutex::new(Duration::ZERO));
    let server = Arc::clone(&seen);
    let simulation = Simulation::new(
        1,
        Duration::from_secs(1_000),
        (MS, MS),
        Box::new(move |_, now| {
            *server.lock().unwrap() = now.unix;
            Ok(Response::new(Vec::new()))
        }),
    );
    simulation.set_wall_clock(Box::new(|elapsed| Duration::from_secs(5) + elapsed));
    simulation.run(async { simulation.send(Request::new(Vec::new())).await.map(drop) }).unwrap();
    assert_eq!(simulation.now().unix, Duration::from_secs(5) + 2 * MS);
    assert_eq!(*seen.lock().unwrap(), Duration::from_secs(1_000) + MS);
}
