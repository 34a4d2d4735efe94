//! The broker's many queues as people think of them: one for each reader, with its retries and its dead.

use std::collections::HashMap;

use contracts::topology::{FEEDS, QUEUES};

use crate::clients::broker::{Queue, Rates, Standing};

/// A queue that this version knows.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) events: Vec<&'static str>,
    pub(super) reader: &'static str,
}

/// All of them, by name.
pub(super) fn known() -> Vec<Known> {
    let queues = QUEUES.iter().map(|queue| Known {
        name: queue.name(),
        events: vec![queue.event],
        reader: queue.consumer,
    });
    let feeds = FEEDS.iter().map(|feed| Known {
        name: feed.name.to_owned(),
        events: feed.events.to_vec(),
        reader: feed.consumer,
    });
    let mut all: Vec<Known> = queues.chain(feeds).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// What stands at the broker for one reader.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) events: Vec<&'static str>,
    pub(super) reader: &'static str,
    pub(super) ready: i64,
    pub(super) unanswered: i64,
    /// In the queues for later tries.
    pub(super) later: i64,
    pub(super) dead: i64,
    pub(super) rates: Rates,
    pub(super) readers: i64,
    /// What is wrong with it.
    pub(super) trouble: Option<&'static str>,
}

impl Row {
    pub(super) fn into(&self) -> String {
        pace(self.rates.arriving())
    }

    pub(super) fn done(&self) -> String {
        pace(self.rates.done())
    }
}

/// Those with something in them first, and those that belong to nobody.
pub(super) fn arrange(standing: &Standing) -> (Vec<Row>, Vec<&Queue>) {
    let mut by_name: HashMap<&str, &Queue> = standing
        .queues
        .iter()
        .map(|queue| (queue.name.as_str(), queue))
        .collect();
    let mut rows: Vec<Row> = known()
        .into_iter()
        .map(|known| {
            let main = by_name.remove(known.name.as_str());
            let dead = by_name.remove(format!("{}.dead", known.name).as_str());
            let retry = format!("{}.retry.", known.name);
            let mut later = 0;
            by_name.retain(|name, queue| {
                let is_retry = name.starts_with(&retry);
                if is_retry {
                    later += queue.messages;
                }
                !is_retry
            });
            Row {
                ready: main.map_or(0, |queue| queue.ready),
                unanswered: main.map_or(0, |queue| queue.unanswered),
                later,
                dead: dead.map_or(0, |queue| queue.messages),
                rates: main.map(|queue| queue.rates).unwrap_or_default(),
                readers: main.map_or(0, |queue| queue.consumers),
                trouble: trouble(main),
                name: known.name,
                events: known.events,
                reader: known.reader,
            }
        })
        .collect();
    rows.sort_by_key(|row| {
        let busy = row.ready + row.unanswered + row.later + row.dead > 0;
        !(busy || row.trouble.is_some())
    });
    let mut others: Vec<&Queue> = by_name.into_values().collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    (rows, others)
}

fn trouble(queue: Option<&Queue>) -> Option<&'static str> {
    let queue = queue.ok_or("missing").map_err(Some);
    match queue {
        Err(missing) => missing,
        Ok(queue) if queue.consumers == 0 => Some("nobody reads"),
        Ok(queue)
            if queue
                .state
                .as_deref()
                .is_some_and(|state| state != "running" && state != "idle") =>
        {
            Some("not running")
        }
        Ok(_) => None,
    }
}

/// Messages a second, short.
pub(super) fn pace(rate: f64) -> String {
    if rate <= 0.0 {
        "0".to_owned()
    } else if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(queues: &str) -> Standing {
        Standing {
            version: String::new(),
            nodes: vec![],
            exchanges: vec![],
            queues: serde_json::from_str(queues).unwrap(),
            consumers: vec![],
        }
    }

    #[test]
    fn retries_and_the_dead_stand_beside_their_queue() {
        let standing = standing(
            r#"[{"name": "order.created.admin", "messages": 5, "messages_ready": 4, "messages_unacknowledged": 1, "consumers": 2, "state": "running"},
                {"name": "order.created.admin.retry.5s", "messages": 1}, {"name": "order.created.admin.retry.1m", "messages": 2},
                {"name": "order.created.admin.dead", "messages": 3}, {"name": "amq.gen-1", "messages": 0}]"#,
        );
        let (rows, others) = arrange(&standing);
        assert_eq!(rows.len(), QUEUES.len() + FEEDS.len());
        let row = rows
            .iter()
            .find(|row| row.name == "order.created.admin")
            .unwrap();
        assert_eq!(
            (
                row.ready,
                row.unanswered,
                row.later,
                row.dead,
                row.readers,
                row.trouble
            ),
            (4, 1, 3, 3, 2, None)
        );
        assert_eq!(
            others.iter().map(|queue| &*queue.name).collect::<Vec<_>>(),
            ["amq.gen-1"]
        );
        assert!(
            rows.iter()
                .all(|row| row.name == "order.created.admin" || row.trouble == Some("missing"))
        );
    }

    #[test]
    fn paces_are_short() {
        assert_eq!([pace(0.0), pace(0.44), pace(12.6)], ["0", "0.4", "13"]);
    }
}
