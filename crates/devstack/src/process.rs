//! A server as a child process: its own process group, its output in a log file, and an end that cannot be forgotten.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::user::RunAs;

/// How a server is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM.
    Term,
    /// SIGINT: PostgreSQL's fast shutdown.
    Int,
    /// SIGQUIT: nginx finishes the requests it has.
    Quit,
}

impl Stop {
    fn signal(self) -> Signal {
        match self {
            Self::Term => Signal::TERM,
            Self::Int => Signal::INT,
            Self::Quit => Signal::QUIT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Quit => "QUIT",
        }
    }
}

/// What to run and how.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The name for people.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables on top of the caller's.
    pub env: Vec<(String, OsString)>,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// The file that gets its output; appended to.
    pub log: PathBuf,
    /// Who it runs as.
    pub run_as: RunAs,
    /// How it is asked to stop.
    pub stop: Stop,
    /// How long it may take to stop before it is killed.
    pub patience: Duration,
}

impl Spec {
    /// A program that stops on SIGTERM within 30 s.
    pub fn new(
        name: &str,
        program: impl Into<PathBuf>,
        run_as: &RunAs,
        folder: &Path,
        log: &Path,
    ) -> Self {
        Self {
            name: name.to_owned(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: folder.to_owned(),
            log: log.to_owned(),
            run_as: run_as.clone(),
            stop: Stop::Term,
            patience: Duration::from_secs(30),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// The command that becomes the right user and runs the program; it dies with the process that starts it.
    fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        command
            .arg("--pdeathsig")
            .arg(self.stop.name())
            .args(self.run_as.setpriv_args());
        command
            .arg(&self.program)
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs to the end, for set-up commands. The output is part of the error.
    pub fn run(&self) -> Result<String> {
        let output = self
            .command()
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        anyhow::ensure!(
            output.status.success(),
            "{} failed ({})\n{}{}",
            self.name,
            output.status,
            text,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    spec: Spec,
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts it.
    pub fn start(spec: Spec) -> Result<Self> {
        if let Some(folder) = spec.log.parent() {
            fs::create_dir_all(folder)?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&spec.log)
            .with_context(|| format!("cannot write {}", spec.log.display()))?;
        let mut command = spec.command();
        command.stdout(log.try_clone()?).stderr(log);
        // A group of its own: the terminal's Ctrl-C reaches only the caller, who stops the servers in order.
        command.process_group(0);
        let child = spawn(command)
            .with_context(|| format!("cannot start {} ({})", spec.name, spec.program.display()))?;
        Ok(Self {
            spec,
            child,
            status: None,
        })
    }

    /// The name for people.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The file with its output.
    pub fn log(&self) -> &Path {
        &self.spec.log
    }

    /// How it was started.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Whether it has ended, and how.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
        }
        Ok(self.status)
    }

    /// Asks it to stop, without waiting.
    pub fn ask_to_stop(&mut self) -> Result<()> {
        if self.exited()?.is_none() {
            let _ = kill_process(self.raw(), self.spec.stop.signal());
        }
        Ok(())
    }

    /// Stops it: softly, and the hard way when it takes too long.
    pub fn stop(&mut self) -> Result<()> {
        self.ask_to_stop()?;
        let asked = Instant::now();
        while self.exited()?.is_none() {
            if asked.elapsed() > self.spec.patience {
                return self.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // What it has left behind, like PostgreSQL's workers after a crash.
        let _ = kill_process_group(self.raw(), Signal::KILL);
        Ok(())
    }

    /// Kills it and everything it started, like a power cut.
    pub fn kill(&mut self) -> Result<()> {
        let _ = kill_process_group(self.raw(), Signal::KILL);
        if self.exited()?.is_none() {
            self.status = Some(self.child.wait()?);
        }
        Ok(())
    }

    /// Stops it and starts it again the same way.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        let spec = self.spec.clone();
        *self = Self::start(spec)?;
        Ok(())
    }

    /// The last lines of its log.
    pub fn last_lines(&self, count: usize) -> String {
        last_lines(&self.spec.log, count)
    }

    fn raw(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// The last lines of a file, indented; empty when there is no such file.
pub fn last_lines(path: &Path, count: usize) -> String {
    let tail = || -> std::io::Result<String> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(64 * 1024)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = tail().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(count);
    lines[start..]
        .iter()
        .map(|line| format!("  | {line}\n"))
        .collect()
}

/// The memory that a process holds, in MiB.
pub fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024)
}

/// Whether a process itself listens on a port of loopback, and not another one that shares the port with it.
pub fn listens(pid: u32, port: u16) -> bool {
    let Ok(table) = fs::read_to_string("/proc/net/tcp") else {
        return false;
    };
    let sockets = listening_sockets(&table, port);
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|target| {
            sockets
                .iter()
                .any(|socket| target.as_os_str() == socket.as_str())
        })
}

/// The sockets that listen on a port, as `/proc/…/fd` names them.
fn listening_sockets(table: &str, port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let listening = fields.get(1)?.ends_with(&port) && *fields.get(3)? == "0A";
            listening.then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
        })
        .collect()
}

/// Sends a signal to a process by id: SIGTERM, or SIGKILL to its whole group.
pub fn signal(pid: u32, hard: bool) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    if hard {
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
    } else {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// When a process started, in clock ticks since boot; nothing when there is no such process. With the id it names a process for ever.
pub fn start_time(pid: u32) -> Option<u64> {
    parse_start_time(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_start_time(stat: &str) -> Option<u64> {
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    if fields.next() == Some("Z") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

type Job = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Children are started by one thread that lives as long as this process: the kernel sends the parent-death signal when the *thread*
/// that started a child ends, and callers may well be short-lived threads of a pool.
fn spawn(command: Command) -> std::io::Result<Child> {
    static SPAWNER: LazyLock<Mutex<mpsc::Sender<Job>>> = LazyLock::new(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for (mut command, answer) in jobs {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(sender)
    });
    let (sender, answer) = mpsc::channel();
    let gone = || std::io::Error::other("the thread that starts processes is gone");
    SPAWNER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, sender))
        .map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_by_the_port_it_listens_on() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(listens(std::process::id(), port));
        assert!(!listens(1, port));
        drop(listener);
        assert!(!listens(std::process::id(), port));
    }

    #[test]
    fn the_start_time_is_found_behind_any_program_name() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200";
        assert_eq!(parse_start_time(stat), Some(98765));
        assert_eq!(
            parse_start_time(
                "42 (gone) Z 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200"
            ),
            None
        );
    }
}
