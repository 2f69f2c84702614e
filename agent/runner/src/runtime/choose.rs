//! Which recipes a buildspec's wishes come to.

use super::file::{Catalog, Recipe};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A recipe to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// For the log.
    pub(crate) line: String,
    pub(crate) commands: Vec<String>,
}

/// The entry that knows how to get a version that is not listed; it reads the variable `VERSION`.
const ANY_VERSION: &str = "default";

/// Chooses the recipes for the wishes (runtime → version as written, `$NAME` taken from `variable`), and for runtimes
/// that they need. An error is the message of a `YAML_FILE_ERROR`.
pub(crate) fn choose(
    catalog: &Catalog,
    wishes: &[(String, String)],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Chosen>, String> {
    let mut in_force: BTreeMap<String, String> = BTreeMap::new();
    let mut chosen = Vec::new();
    for (name, wish) in wishes {
        let wish = expanded(wish, variable);
        let (version, recipe) = find(catalog, name, &wish)?;
        in_force.insert(name.clone(), version.clone());
        chosen.push((name.clone(), wish, version, recipe, "manual selections"));
    }
    let mut at = 0;
    while let Some((name, _, version, recipe, _)) = chosen.get(at).cloned() {
        for (needed, versions) in recipe.requires {
            match (in_force.get(&needed), versions.first()) {
                (Some(there), Some(_)) if !versions.contains(there) => {
                    return Err(format!(
                        "Runtime {name} version {version} needs {needed} version {}, but {there} is selected",
                        versions.join(" or ")
                    ));
                }
                (None, Some(first)) => {
                    let (version, recipe) = find(catalog, &needed, first)?;
                    in_force.insert(needed.clone(), version.clone());
                    chosen.push((needed, first.clone(), version, recipe, "runtime dependencies"));
                }
                _ => {}
            }
        }
        at += 1;
    }
    Ok(chosen
        .into_iter()
        .map(|(name, wish, version, recipe, why)| finished(&name, &wish, &version, recipe, why))
        .collect())
}

fn finished(name: &str, wish: &str, version: &str, recipe: Recipe, why: &str) -> Chosen {
    let mut commands = recipe.commands;
    let shown = if version == ANY_VERSION { wish } else { version };
    if version == ANY_VERSION {
        commands.insert(0, format!("export VERSION='{}'", wish.replace('\'', "'\\''")));
    }
    Chosen { line: format!("Selecting '{name}' runtime version '{shown}' based on {why}..."), commands }
}

fn find(catalog: &Catalog, name: &str, wish: &str) -> Result<(String, Recipe), String> {
    let Some(versions) = catalog.get(name) else {
        let known = catalog.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(format!("Unknown runtime named '{name}'. This build image has the following runtimes: {known}"));
    };
    let listed = || versions.keys().filter(|version| *version != ANY_VERSION);
    let found = if wish == "latest" {
        listed().max_by(|a, b| by_version(a, b)).cloned()
    } else if versions.contains_key(wish) && wish != ANY_VERSION {
        Some(wish.to_owned())
    } else if let Some(major) = wish.strip_suffix(".x").or_else(|| wish.strip_suffix(".*")) {
        let within = |version: &&String| {
            version.strip_prefix(major).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        listed().filter(within).max_by(|a, b| by_version(a, b)).cloned()
    } else {
        versions.contains_key(ANY_VERSION).then(|| ANY_VERSION.to_owned())
    };
    let entry = found.and_then(|version| versions.get(&version).map(|recipe| (version.clone(), recipe.clone())));
    entry.ok_or_else(|| {
        let mut known: Vec<&str> = listed().map(String::as_str).collect();
        known.sort_by(|a, b| by_version(a, b));
        let known = known.join(", ");
        format!(
            "Unknown runtime version named '{wish}' of {name}. This build image has the following versions: {known}"
        )
    })
}

/// `$NAME` and `${NAME}`; anything else is what it is.
fn expanded(wish: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let name =
        wish.strip_prefix('$').map(|name| name.strip_prefix('{').and_then(|n| n.strip_suffix('}')).unwrap_or(name));
    name.and_then(variable).unwrap_or_else(|| wish.to_owned())
}

/// Numbers within versions compare as numbers: 3.9 < 3.10, corretto8 < corretto17.
fn by_version(a: &str, b: &str) -> Ordering {
    parts(a).cmp(&parts(b))
}

fn parts(version: &str) -> Vec<(u64, String)> {
    let mut out: Vec<(u64, String)> = vec![(0, String::new())];
    let mut digits = false;
    for character in version.chars() {
        if character.is_ascii_digit() != digits {
            digits = !digits;
            out.push((0, String::new()));
        }
        if let Some((number, text)) = out.last_mut() {
            match character.to_digit(10) {
                Some(digit) => *number = number.saturating_mul(10).saturating_add(u64::from(digit)),
                None => text.push(character),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::parse;

    const FILE: &str = "
version: 0.1
runtimes:
  python:
    versions:
      3.9: {commands: [pyenv global $PYTHON_39_VERSION]}
      3.10: {commands: ['pyenv global $PYTHON_310_VERSION']}
      default:
        commands:
          - pyenv install $VERSION
  nodejs:
    versions:
      18: {commands: [n 18]}
      20: {commands: [n 20]}
  java:
    versions:
      corretto8: {commands: [java 8]}
      corretto17: {commands: [java 17]}
  android:
    versions:
      29:
        requires: {java: [corretto8]}
        commands: [android 29]
";

    fn chosen(wishes: &[(&str, &str)]) -> Result<Vec<Chosen>, String> {
        let wishes: Vec<_> = wishes.iter().map(|(name, wish)| ((*name).to_owned(), (*wish).to_owned())).collect();
        choose(&parse(FILE).unwrap(), &wishes, &|name| (name == "NODE").then(|| "18".to_owned()))
    }

    fn commands(wishes: &[(&str, &str)]) -> Vec<String> {
        chosen(wishes).unwrap().into_iter().flat_map(|chosen| chosen.commands).collect()
    }

    #[test]
    fn versions_are_texts_wildcards_variables_or_latest() {
        assert_eq!(commands(&[("python", "3.10")]), ["pyenv global $PYTHON_310_VERSION"]);
        assert_eq!(commands(&[("python", "3.x")]), ["pyenv global $PYTHON_310_VERSION"]);
        assert_eq!(commands(&[("nodejs", "18.x")]), ["n 18"]);
        assert_eq!(commands(&[("nodejs", "latest"), ("java", "latest")]), ["n 20", "java 17"]);
        assert_eq!(commands(&[("nodejs", "$NODE"), ("java", "corretto8")]), ["n 18", "java 8"]);
        let line = &chosen(&[("nodejs", "18.x")]).unwrap()[0].line;
        assert_eq!(line, "Selecting 'nodejs' runtime version '18' based on manual selections...");
    }

    #[test]
    fn an_unlisted_version_goes_to_the_default_recipe_or_fails() {
        assert_eq!(commands(&[("python", "3.13.1")]), ["export VERSION='3.13.1'", "pyenv install $VERSION"]);
        assert_eq!(
            chosen(&[("nodejs", "99")]).unwrap_err(),
            "Unknown runtime version named '99' of nodejs. This build image has the following versions: 18, 20"
        );
        assert!(chosen(&[("cobol", "1")]).unwrap_err().contains("android, java, nodejs, python"));
    }

    #[test]
    fn a_needed_runtime_is_added_and_a_wrong_one_refused() {
        assert_eq!(commands(&[("android", "29")]), ["android 29", "java 8"]);
        assert_eq!(commands(&[("android", "29"), ("java", "corretto8")]), ["android 29", "java 8"]);
        assert!(
            chosen(&[("android", "29"), ("java", "corretto17")]).unwrap_err().contains("needs java version corretto8")
        );
    }
}
