//! `<bucket>/<key>` and `<bucket>/<folder>/`, and the version ids of objects.

/// Longest key S3 takes, in bytes.
const LONGEST_KEY: usize = 1024;

/// What is wrong with the location of an S3 source.
pub(super) fn problem(location: &str) -> Option<String> {
    let Some((bucket, key)) = location.split_once('/') else {
        return Some(format!("S3 location {location:?} is not valid: expected <bucket>/<key> or <bucket>/<folder>/"));
    };
    if !is_bucket_name(bucket) {
        return Some(format!(
            "bucket {bucket:?} is not valid: 3 to 63 lower-case letters, digits, '.' and '-', beginning and ending with a \
             letter or digit"
        ));
    }
    let parts_are_plain = key.trim_end_matches('/').split('/').all(|part| !matches!(part, "" | "." | ".."));
    if key.is_empty() || key.len() > LONGEST_KEY || key.ends_with("//") || !parts_are_plain {
        return Some(format!("key {key:?} is not valid: 1 to 1024 bytes without empty parts, '.' and '..'"));
    }
    key.chars().any(char::is_control).then(|| format!("key {key:?} holds a control character"))
}

/// S3's rule for bucket names.
pub fn is_bucket_name(name: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(edge)
        && name.ends_with(edge)
        && name.chars().all(|c| edge(c) || c == '-' || c == '.')
        && !name.contains("..")
}

/// What is wrong with a version id: they are opaque, but printable and without spaces.
pub(super) fn version_problem(version: &str) -> Option<String> {
    let valid = version.len() <= LONGEST_KEY && version.chars().all(|c| c.is_ascii_graphic());
    (!valid).then(|| format!("object version {version:?} is not valid"))
}
