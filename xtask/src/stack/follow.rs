//! Follows log files, one colour for each.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use devstack::process;

const COLOURS: [&str; 8] = ["36", "33", "35", "32", "34", "96", "95", "93"];

/// Prints what is appended to a set of log files.
pub(crate) struct Follower {
    files: Vec<Followed>,
    width: usize,
    colourful: bool,
}

struct Followed {
    name: String,
    path: PathBuf,
    offset: u64,
    /// The begin of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl Follower {
    /// Follows these logs (name and file) from their ends on.
    pub(crate) fn new(logs: impl IntoIterator<Item = (String, PathBuf)>) -> Self {
        let files: Vec<Followed> = logs
            .into_iter()
            .map(|(name, path)| {
                let offset = std::fs::metadata(&path).map_or(0, |meta| meta.len());
                Followed {
                    name,
                    path,
                    offset,
                    rest: Vec::new(),
                }
            })
            .collect();
        let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
        let colourful = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            files,
            width,
            colourful,
        }
    }

    /// Prints the last lines that are there already.
    pub(crate) fn print_last(&self, count: usize) {
        for (index, file) in self.files.iter().enumerate() {
            for line in process::last_lines(&file.path, count).lines() {
                self.print(index, line.strip_prefix("  | ").unwrap_or(line));
            }
        }
    }

    /// Prints what is new.
    pub(crate) fn poll(&mut self) {
        for index in 0..self.files.len() {
            for line in self.files[index].read() {
                self.print(index, &line);
            }
        }
    }

    fn print(&self, index: usize, line: &str) {
        let name = &self.files[index].name;
        let width = self.width;
        // A closed pipe (`logs | head`) is no reason to panic.
        let mut out = std::io::stdout().lock();
        let _ = if self.colourful {
            let colour = COLOURS[index % COLOURS.len()];
            writeln!(out, "\x1b[{colour}m{name:<width$} |\x1b[0m {line}")
        } else {
            writeln!(out, "{name:<width$} | {line}")
        };
    }
}

impl Followed {
    fn read(&mut self) -> Vec<String> {
        let Ok(mut file) = File::open(&self.path) else {
            return Vec::new();
        };
        let length = file.metadata().map_or(0, |meta| meta.len());
        if length < self.offset {
            // Begun anew.
            self.offset = 0;
            self.rest.clear();
        }
        if length == self.offset || file.seek(SeekFrom::Start(self.offset)).is_err() {
            return Vec::new();
        }
        let mut bytes = Vec::new();
        let Ok(count) = file.take(1 << 20).read_to_end(&mut bytes) else {
            return Vec::new();
        };
        self.offset += count as u64;
        self.rest.extend_from_slice(&bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let lines: Vec<u8> = self.rest.drain(..=end).collect();
        String::from_utf8_lossy(&lines)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_given_and_a_log_may_begin_anew() {
        let path = std::env::temp_dir().join(format!("xtask-follow-{}", std::process::id()));
        let mut followed = Followed {
            name: "x".into(),
            path: path.clone(),
            offset: 0,
            rest: Vec::new(),
        };
        assert!(followed.read().is_empty());
        std::fs::write(&path, "one\ntw").unwrap();
        assert_eq!(followed.read(), ["one"]);
        std::fs::write(&path, "one\ntwo\n").unwrap();
        assert_eq!(followed.read(), ["two"]);
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(followed.read(), ["new"]);
        std::fs::remove_file(&path).unwrap();
    }
}
