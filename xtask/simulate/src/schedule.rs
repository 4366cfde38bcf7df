//! What a seed decides that is the same for all vendors: the group's size, who comes and goes, what the network and the clocks do.

use std::time::Duration;

use crate::group::{Mix, Place};
use crate::random::Random;

/// 2023-11-14T22:13:20Z: when the wall clock starts.
pub const START: Duration = Duration::from_secs(1_700_000_000);

/// One run. A vendor may change what its API cannot have.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The seed it was drawn from.
    pub seed: u64,
    /// Members at the beginning.
    pub members: u32,
    /// At most so many of them joined at the same second. Where there are more members, some joined at different seconds.
    pub ties: u32,
    /// The least and the greatest one-way trip.
    pub latency: (Duration, Duration),
    /// Requests the client may have in flight.
    pub concurrency: usize,
    /// Attempts the client may make for one call.
    pub attempts: u32,
    /// How the group changes.
    pub churn: Churn,
    /// What the network does.
    pub network: Network,
    /// When the server refuses every call as one too many: other programs use the quota. From and until, on the simulation's clock.
    pub busy: Vec<(Duration, Duration)>,
    /// What the client's wall clock shows.
    pub clock: Clock,
    /// After so many rows the walk is saved, and taken up by a new client some time later.
    pub stops: Vec<(usize, Duration)>,
    /// So often a walk that ended in an error is taken up again.
    pub resumes: u32,
}

/// How a group changes while it is listed.
#[derive(Debug, Clone)]
pub struct Churn {
    /// Events in a thousand seconds of virtual time.
    pub per_kilosecond: u64,
    /// Events after each call, in hundredths.
    pub per_call: u64,
    /// So many events at once after the call with this number.
    pub bursts: Vec<(u64, u64)>,
    /// What the events are.
    pub mix: Mix,
}

impl Churn {
    /// Whether nothing happens.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.per_kilosecond == 0 && self.per_call == 0 && self.bursts.is_empty()
    }

    /// Nothing happens.
    pub fn stop(&mut self) {
        (self.per_kilosecond, self.per_call) = (0, 0);
        self.bursts.clear();
    }
}

/// What the network does: each happens to one request in so many; 0 is never.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// No connection: it never arrives, and the client knows.
    pub refused: u64,
    /// It never arrives, and the client hears nothing.
    pub swallowed: u64,
    /// It arrives, and the connection breaks before the answer.
    pub reset: u64,
    /// It arrives, and the answer breaks off in the middle.
    pub broken: u64,
    /// It arrives, and nothing comes back.
    pub lost: u64,
    /// It arrives twice.
    pub doubled: u64,
    /// It is slow: some seconds instead of some milliseconds.
    pub slow: u64,
}

impl Network {
    /// Whether it may lose something, so that a call may end in an error.
    #[must_use]
    pub fn loses(&self) -> bool {
        self.refused + self.swallowed + self.reset + self.broken + self.lost > 0
    }

    /// Whether it does nothing but carry.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        !self.loses() && self.doubled == 0 && self.slow == 0
    }
}

/// What the client's wall clock shows against the true time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Ahead by so many seconds.
    pub skew: i64,
    /// From this moment on, ahead by so many seconds more.
    pub jumps: Vec<(Duration, i64)>,
}

impl Clock {
    /// Whether it shows the true time.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.skew == 0 && self.jumps.is_empty()
    }

    /// How many seconds it is ahead at this moment.
    #[must_use]
    pub fn ahead(&self, elapsed: Duration) -> i64 {
        self.skew + self.jumps.iter().filter(|jump| jump.0 <= elapsed).map(|jump| jump.1).sum::<i64>()
    }

    /// What it shows at this moment.
    #[must_use]
    pub fn shows(&self, elapsed: Duration) -> Duration {
        let ahead = self.ahead(elapsed);
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { (START + elapsed).saturating_sub(by) } else { START + elapsed + by }
    }
}

impl Schedule {
    /// What this seed decides.
    #[must_use]
    pub fn draw(seed: u64, random: &mut Random) -> Self {
        let members = match random.below(40) {
            0 => random.range(1_000..3_001),
            1..4 => random.below(4),
            4..12 => random.below(40),
            _ => random.below(301),
        };
        let ties = random.pick(&[1, 1, 2, 3, 3, 8, 50]);
        let least = random.pick(&[0, 1, 5, 30]);
        let latency = (Duration::from_millis(least), Duration::from_millis(least + random.pick(&[0, 5, 60, 60, 300])));
        let concurrency = random.pick(&[1, 2, 4, 16, 16, 64]);
        // One in eight is quiet in everything.
        let quiet = random.one_in(8);
        let mut schedule = Self {
            seed,
            members: members as u32,
            ties,
            latency,
            concurrency,
            attempts: random.pick(&[5, 5, 5, 20]),
            churn: Churn { per_kilosecond: 0, per_call: 0, bursts: Vec::new(), mix: mix(random) },
            network: Network::default(),
            busy: Vec::new(),
            clock: Clock::default(),
            stops: Vec::new(),
            resumes: 0,
        };
        if random.percent(20) {
            schedule.stops = (0..random.range(1..4))
                .map(|_| (random.place(members as usize + 1), Duration::from_millis(random.below(90_000))))
                .collect();
            schedule.stops.sort_unstable();
        }
        if quiet {
            return schedule;
        }
        if random.percent(65) {
            schedule.churn.per_kilosecond = random.pick(&[0, 10, 300, 3_000, 30_000]);
            schedule.churn.per_call = random.pick(&[0, 0, 10, 60, 100, 300]);
            if random.percent(25) {
                schedule.churn.bursts =
                    (0..random.range(1..4)).map(|_| (random.below(20), random.range(1..60))).collect();
            }
        }
        if random.percent(30) {
            let often = random.pick(&[4, 9, 12, 30]);
            let network = &mut schedule.network;
            for fault in [
                &mut network.refused,
                &mut network.swallowed,
                &mut network.reset,
                &mut network.broken,
                &mut network.lost,
                &mut network.doubled,
                &mut network.slow,
            ] {
                if random.one_in(3) {
                    *fault = often * 2;
                }
            }
        }
        if random.percent(12) {
            let mut at = random.below(3_000);
            for _ in 0..random.range(1..5) {
                let lasts = random.pick(&[1, 200, 1_500, 6_000]);
                schedule.busy.push((Duration::from_millis(at), Duration::from_millis(at + lasts)));
                at += lasts + random.below(5_000);
            }
        }
        if random.percent(20) {
            let size = |random: &mut Random| {
                let seconds = random.pick(&[1, 5, 60, 250, 3_600, 90_000]);
                if random.one_in(2) { -seconds } else { seconds }
            };
            if random.one_in(2) {
                schedule.clock.skew = size(random);
            }
            if schedule.clock.skew == 0 || random.one_in(3) {
                schedule.clock.jumps = (0..random.range(1..4))
                    .map(|_| (Duration::from_millis(random.below(4_000)), size(random)))
                    .collect();
            }
        }
        if random.one_in(2) {
            schedule.resumes = random.range(1..9) as u32;
        }
        schedule
    }

    /// Whether anything is done to the calls that may end in an error.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        self.network.loses() || self.network.slow > 0 || !self.busy.is_empty() || !self.clock.is_true()
    }

    /// Whether nothing happens at all, the client's own stops aside.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.churn.is_none() && self.network.is_quiet() && !self.has_faults()
    }

    /// The names of what is in it, for the table of what was covered.
    #[must_use]
    pub fn behaviours(&self) -> Vec<&'static str> {
        let network = &self.network;
        let mix = &self.churn.mix;
        let churns = !self.churn.is_none();
        [
            (self.is_quiet(), "quiet schedule"),
            (self.members >= 1_000, "1,000 members and more"),
            (self.members == 0, "nobody"),
            (self.ties > 1, "join times that are the same"),
            (self.churn.per_kilosecond > 0, "churn with time"),
            (self.churn.per_call > 0, "churn with calls"),
            (!self.churn.bursts.is_empty(), "churn in bursts"),
            (churns && mix.place == Place::Start, "joins at the start"),
            (churns && mix.place == Place::Anywhere, "joins anywhere"),
            (churns && mix.keeps_time, "coming back with the old join time"),
            (network.refused > 0, "no connection"),
            (network.swallowed > 0, "requests that never arrive"),
            (network.reset > 0, "connections that break"),
            (network.broken > 0, "answers that break off"),
            (network.lost > 0, "lost answers"),
            (network.doubled > 0, "requests that arrive twice"),
            (network.slow > 0, "slow requests"),
            (!self.busy.is_empty(), "throttle windows"),
            (self.clock.skew != 0, "a clock that is wrong"),
            (!self.clock.jumps.is_empty(), "a clock that jumps"),
            (!self.stops.is_empty(), "stop and resume"),
            (self.resumes > 0 && self.has_faults(), "resume after an error"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

fn mix(random: &mut Random) -> Mix {
    let mut mix = Mix {
        leaves: 5,
        rejoins: 2,
        returns: 1,
        joins: 4,
        roles: 1,
        place: random.pick(&[Place::End, Place::End, Place::Start, Place::Anywhere]),
        keeps_time: false,
        rooted: 0,
    };
    match random.below(6) {
        0 => (mix.joins, mix.rejoins, mix.returns) = (0, 0, 0),
        1 => (mix.leaves, mix.rejoins) = (0, 0),
        2 => mix.rejoins = 20,
        3 => mix.leaves = mix.joins,
        _ => {}
    }
    mix
}
