//! Some seeds of each vendor, so that the workspace's tests cover the simulation, and tests of the oracle itself.

use groupmembers_simulate::VENDORS;

#[test]
fn some_seeds_of_each_vendor_pass() {
    for (name, run) in VENDORS {
        for seed in 0..50 {
            let run = run(seed, false);
            assert!(
                run.violations.is_empty(),
                "cargo xtask simulate --vendor {name} --seeds 1 --from {seed}   {:?}",
                run.violations
            );
        }
    }
}
