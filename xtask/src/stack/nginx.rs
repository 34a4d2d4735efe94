//! Renders `nginx/templates` the way the official image does: `${NAME}` is replaced, nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Renders every template below `from` into `to`, which keeps the folders and loses the ending `.template`.
pub(crate) fn render(from: &Path, to: &Path, variables: &BTreeMap<&str, String>) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)
        .with_context(|| format!("cannot read nginx's templates in {}", from.display()))?
    {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_dir() {
            render(&path, &to.join(name), variables)?;
        } else if let Some(name) = name.strip_suffix(".template") {
            let text = substitute(&fs::read_to_string(&path)?, variables)
                .with_context(|| path.display().to_string())?;
            fs::write(to.join(name), text)?;
        }
    }
    Ok(())
}

/// Copies a folder, so that nginx's user can read it wherever the project lies.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    if !from.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn substitute(text: &str, variables: &BTreeMap<&str, String>) -> Result<String> {
    let mut out = text.to_owned();
    for (name, value) in variables {
        out = out.replace(&format!("${{{name}}}"), value);
    }
    let unknown = out
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .find(|line| line.contains("${NGINX_"));
    ensure!(
        unknown.is_none(),
        "nothing is known for the placeholder in `{}`",
        unknown.unwrap_or_default().trim()
    );
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_placeholders_are_replaced_and_unknown_ones_are_an_error() {
        let variables = BTreeMap::from([("NGINX_PORT", "80".to_owned())]);
        assert_eq!(
            substitute("listen ${NGINX_PORT}; return $uri ${other};", &variables).unwrap(),
            "listen 80; return $uri ${other};"
        );
        assert!(substitute("listen ${NGINX_X};", &variables).is_err());
        assert!(substitute("# Replaces ${NGINX_…} only", &variables).is_ok());
    }
}
