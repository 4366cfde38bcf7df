#![doc = include_str!("../README.md")]

pub mod agora;
pub mod faults;
mod log;
pub mod nim;
mod rng;
pub mod tim;
mod transport;
mod vendor;
mod wire;
pub mod wkteam;
pub mod yunshop;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

pub use crate::log::LogEntry;
use crate::{
    log::Log,
    wire::{Listener, Traffic},
};

/// What to start. `Config::default()` is a ready world on any free port.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Everything random (members, churn, cursors' owners) comes from this: the same seed and the same calls in the
    /// same order give the same answers.
    pub seed: u64,
    /// How long every answer waits before it is sent.
    pub latency: Duration,
    /// Agora Chat.
    pub agora: agora::Config,
    /// NetEase Yunxin (NIM).
    pub nim: nim::Config,
    /// Tencent IM.
    pub tim: tim::Config,
    /// wkteam.
    pub wkteam: wkteam::Config,
    /// Yunshop's WeCom plugin.
    pub yunshop: yunshop::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            latency: Duration::ZERO,
            agora: agora::Config::default(),
            nim: nim::Config::default(),
            tim: tim::Config::default(),
            wkteam: wkteam::Config::default(),
            yunshop: yunshop::Config::default(),
        }
    }
}

/// A running sandbox. Dropping it closes the port and every connection.
///
/// It runs on a thread and a runtime of its own, so it can be started from a plain test as well as from inside an
/// async one.
pub struct Sandbox {
    addr: SocketAddr,
    log: Arc<Log>,
    traffic: Arc<Traffic>,
    agora: agora::World,
    nim: nim::World,
    tim: tim::World,
    wkteam: wkteam::World,
    yunshop: yunshop::World,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sandbox {
    /// Binds the port and serves until the value is dropped.
    ///
    /// # Errors
    /// The port is taken, or the system refuses a socket or a thread.
    pub fn start(config: Config) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let log = Arc::new(Log::start());
        let traffic = Arc::default();
        let agora = agora::World::new(config.agora, config.seed);
        let nim = nim::World::new(config.nim, config.seed);
        let tim = tim::World::new(config.tim, config.seed);
        let wkteam = wkteam::World::new(config.wkteam, config.seed);
        let yunshop = yunshop::World::new(config.yunshop, config.seed);
        // The last vendor answers for every path that is nobody's.
        let vendors: Vec<Box<dyn vendor::Vendor>> = vec![
            Box::new(nim.clone()),
            Box::new(wkteam.clone()),
            Box::new(yunshop.clone()),
            Box::new(agora.clone()),
            Box::new(tim.clone()),
        ];
        let app = vendor::router(vendors, Arc::clone(&log), config.latency);

        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _inside = runtime.enter();
            Listener::new(listener, Arc::clone(&traffic))?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("groupmembers-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                let server = wire::serve(listener, app);
                match select(std::pin::pin!(server), stopped).await {
                    Either::Left(((), _)) | Either::Right((_, _)) => {}
                }
            });
        })?;
        Ok(Self { addr, log, traffic, agora, nim, tim, wkteam, yunshop, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Every request so far, in the order of the answers. Holds the last 100,000.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.log.entries()
    }

    /// How many requests were answered (or broken off on purpose).
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.log.calls()
    }

    /// How many of them were refused because a call frequency was exceeded.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.log.throttled()
    }

    /// How many bytes went out: to the system's buffers at least.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.traffic.sent.load(Ordering::Relaxed)
    }

    /// How many connections are open, those included on which nothing is asked for.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.traffic.open.load(Ordering::Relaxed)
    }

    /// Agora Chat's world: who really is in which group.
    #[must_use]
    pub fn agora(&self) -> &agora::World {
        &self.agora
    }

    /// NetEase Yunxin's world: who really is in which chat room and team.
    #[must_use]
    pub fn nim(&self) -> &nim::World {
        &self.nim
    }

    /// Tencent IM's world: who really is in which group.
    #[must_use]
    pub fn tim(&self) -> &tim::World {
        &self.tim
    }

    /// wkteam's world: the WeChat accounts, and who really is in which of their groups.
    #[must_use]
    pub fn wkteam(&self) -> &wkteam::World {
        &self.wkteam
    }

    /// Yunshop's world: who really is in which group, and what befalls sessions.
    #[must_use]
    pub fn yunshop(&self) -> &yunshop::World {
        &self.yunshop
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Dropping the sender wakes the server; the runtime goes with its thread, and every connection with it.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("addr", &self.addr).field("calls", &self.calls()).finish_non_exhaustive()
    }
}
