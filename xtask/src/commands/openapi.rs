//! `cargo xtask openapi`: the services' documents are committed, and so is the merged one that people read under `/docs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::stack::plan::SERVICES;
use crate::{build, project};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail when a committed document is not what the code says.
    #[arg(long)]
    check: bool,
    /// Use the programs that are there.
    #[arg(long)]
    no_build: bool,
}

/// The services with a REST API: `notification` answers nobody.
const WITH_API: [&str; 4] = ["auth", "product", "order", "admin"];

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let root = project::root()?;
    if !args.no_build {
        build::programs(&root, build::Profile::Debug)?;
    }
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut documents = Vec::new();
    for service in SERVICES
        .iter()
        .filter(|service| WITH_API.contains(&service.name))
    {
        let text = print(&root, service.name)?;
        documents.push((
            service.name,
            serde_json::from_str(&text)
                .with_context(|| format!("the document of {} is not JSON", service.name))?,
        ));
        files.push((
            root.join("services")
                .join(service.name)
                .join("openapi.json"),
            text,
        ));
    }
    files.push((
        root.join("docs/openapi.json"),
        serde_json::to_string_pretty(&merge(documents)?)? + "\n",
    ));

    let mut drifted = false;
    for (path, text) in files {
        if fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        let shown = path.strip_prefix(&root).unwrap_or(&path).display();
        if args.check {
            drifted = true;
            say!("{shown}: is not what the code says; run `cargo xtask openapi`");
        } else {
            fs::write(&path, text).with_context(|| format!("cannot write {shown}"))?;
            say!("{shown}: written");
        }
    }
    Ok(if drifted {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(root: &Path, service: &str) -> Result<String> {
    let output = Command::new(build::program(root, service, build::Profile::Debug)?)
        .arg("openapi")
        .output()?;
    ensure!(
        output.status.success(),
        "`{service} openapi` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).context("not UTF-8")?;
    Ok(text.trim_end().to_owned() + "\n")
}

/// One document of all. Two services may share a component only when it is the same in both; otherwise the later one's gets the
/// service's name in front.
fn merge(documents: Vec<(&str, Value)>) -> Result<Value> {
    let mut paths = BTreeMap::new();
    let mut components: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    let mut tags: Vec<Value> = Vec::new();
    let mut version = Value::Null;
    for (service, mut document) in documents {
        rename_clashes(service, &mut document, &components);
        if let Some(found) = document.pointer("/info/version") {
            version = found.clone();
        }
        for (path, item) in objects(&document, "/paths") {
            if paths.insert(path.clone(), sorted(item)).is_some() {
                bail!("two services answer {path}");
            }
        }
        for (kind, _) in objects(&document, "/components") {
            for (name, component) in objects(&document, &format!("/components/{kind}")) {
                components
                    .entry(kind.clone())
                    .or_default()
                    .insert(name.clone(), sorted(component));
            }
        }
        for tag in document
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
    }
    Ok(sorted(&json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mercato",
            "description": "The public API of all services, as nginx routes it.",
            "version": version,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": components,
    })))
}

fn objects<'a>(
    document: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    document
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn rename_clashes(
    service: &str,
    document: &mut Value,
    merged: &BTreeMap<String, BTreeMap<String, Value>>,
) {
    let mut renames = Vec::new();
    for (kind, known) in merged {
        for (name, component) in objects(document, &format!("/components/{kind}")) {
            if known
                .get(name)
                .is_some_and(|other| *other != sorted(component))
            {
                let mut prefixed = service.to_owned();
                prefixed[..1].make_ascii_uppercase();
                renames.push((kind.clone(), name.clone(), prefixed + name));
            }
        }
    }
    for (kind, old, new) in renames {
        if let Some(components) = document
            .pointer_mut(&format!("/components/{kind}"))
            .and_then(Value::as_object_mut)
            && let Some(component) = components.remove(&old)
        {
            components.insert(new.clone(), component);
        }
        redirect(
            document,
            &format!("#/components/{kind}/{old}"),
            &format!("#/components/{kind}/{new}"),
        );
    }
}

fn redirect(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, from, to)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| redirect(field, from, to)),
        _ => {}
    }
}

/// The same value with its keys in alphabetical order, whatever order this build's `serde_json` keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let ordered: BTreeMap<&String, &Value> = fields.iter().collect();
            Value::Object(
                ordered
                    .into_iter()
                    .map(|(name, field)| (name.clone(), sorted(field)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_components_stay_and_clashing_ones_get_the_services_name() {
        let document = |path: &str, note: &str| {
            json!({
                "info": {"version": "1"},
                "paths": {path: {"get": {"schema": {"$ref": "#/components/schemas/Note"}}}},
                "components": {"schemas": {"Note": {"description": note}, "Money": {"type": "object"}}},
            })
        };
        let merged = merge(vec![
            ("auth", document("/a", "one")),
            ("order", document("/b", "two")),
        ])
        .unwrap();
        let schemas: Vec<&String> = objects(&merged, "/components/schemas")
            .map(|(name, _)| name)
            .collect();
        assert_eq!(schemas, ["Money", "Note", "OrderNote"]);
        assert_eq!(
            merged["paths"]["/b"]["get"]["schema"]["$ref"],
            "#/components/schemas/OrderNote"
        );
        assert!(
            merge(vec![
                ("auth", document("/a", "")),
                ("order", document("/a", ""))
            ])
            .is_err()
        );
    }
}
