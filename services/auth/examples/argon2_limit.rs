//! How many passwords this machine can check at all: `cargo run --release --example argon2_limit`.
//!
//! Bare Argon2id with the parameters of `src/passwords.rs`, on one thread and on all: no sign-in can be faster.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

const MEASURED: Duration = Duration::from_secs(5);

fn main() -> anyhow::Result<()> {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(failed)?;
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    println!("Argon2id, 19 MiB, two passes, one lane");
    for threads in [1, all] {
        let started = Instant::now();
        let hashes = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| hash_for(&params, MEASURED)))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or(Ok(0)))
                .sum::<anyhow::Result<u32>>()
        })?;
        let rate = f64::from(hashes) / started.elapsed().as_secs_f64();
        println!("{threads:>3} threads {rate:>8.1} hashes a second");
        if all == 1 {
            break;
        }
    }
    Ok(())
}

/// How many hashes are done in that time.
fn hash_for(params: &Params, time: Duration) -> anyhow::Result<u32> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let (mut memory, mut out) = (vec![Block::default(); params.block_count()], [0; 32]);
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < time {
        argon2
            .hash_password_into_with_memory(
                b"correct horse battery",
                &[7; 16],
                &mut out,
                &mut memory,
            )
            .map_err(failed)?;
        done += 1;
    }
    Ok(done)
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("cannot hash: {error}")
}
